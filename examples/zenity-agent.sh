#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An agent for Keybell that uses just the bus: one dialog after the other, by zenity or, where there is none, kdialog.
#
#   zenity-agent.sh [zenity|kdialog]
#
# A shell can't keep a connection to the bus, so this doesn't register as an agent: it listens to the signals, and
# Keybell's own notifier shows the questions, too, unless config.toml says `[approval] notifier = false`.
# Needs gdbus (libglib2.0-bin), busctl (systemd) and jq.
set -u

interface=(org.keybell.Keybell /org/keybell/Approval org.keybell.Approval1)
dialog=${1:-$(command -v zenity >/dev/null && echo zenity || echo kdialog)}
# An Allow counts once its dialog has stood for 0.7 s: a click that comes sooner was meant for something else. Nobody
# tells a shell when a dialog comes up, so this is from its program's start on, in hundredths of a second.
hasty=200
declare -A passed # codes to which the person has said "Not now"
code=""           # the question in the dialog
asker=""          # the process that shows it
again=""          # whether it is shown again
folder=$(mktemp -d)

call() { busctl --user --json=short call "${interface[@]}" "$@"; }

# The time since the boot, in hundredths of a second.
now() {
    local time
    read -r time _ </proc/uptime
    echo $((10#${time/./}))
}

# Enter is Deny, the first button; Escape, closing the window and "Not now" are no answer. Prints what was pressed.
zenity_dialog() {
    # What a client says is text: without this, zenity takes it for markup, and \n in it for the end of a line.
    exec zenity --question --no-markup --title=Keybell --icon-name=dialog-password --text="$1" \
        --ok-label=_Deny --cancel-label="_Not now" --extra-button=_Allow
}

kdialog_dialog() {
    # It takes what looks like HTML for HTML and has no way to turn that off.
    local text=${1//\\/∖}
    exec kdialog --title Keybell --warningyesnocancel "${text//</‹}" --yes-label Deny --no-label Allow \
        --cancel-label "Not now"
}

# Asks about the oldest question that waits, if none is in the dialog: two dialogs side by side would let the second
# click of a double click allow what it wasn't meant for.
ask_next() {
    [ -z "$code" ] || return 0
    local waiting text note=""
    waiting=$(call ListRequests) || return 0
    for code in $(jq -r '.data[0] | to_entries | sort_by(.value.created.data) | .[].key' <<<"$waiting") ""; do
        [ -n "$code" ] && [ -n "${passed[$code]:-}" ] || break
    done
    [ -n "$code" ] || return 0
    [ "$again" != "$code" ] || note=$'\n\nShown again: Allow was pressed right when it appeared.'
    text=$(jq -r --arg code "$code" '.data[0][$code] | "\(.title.data) (\($code))\n\n\(.body.data)"' <<<"$waiting")
    show "$text$note" "${note:+1}" &
    asker=$!
}

# Shows the dialog until something is pressed or the question is gone; its end is an event like any other.
show() {
    local window="" gone="" pressed="" start choice=""
    trap 'gone=yes; kill "$window" 2>/dev/null' TERM
    # Not under the click that was too early.
    sleep "${2:-0}"
    if [ -z "$gone" ]; then
        start=$(now)
        exec 4< <("${dialog}_dialog" "$1")
        window=$!
        read -r -u 4 pressed # a button beside the two usual ones, or the end
        wait "$window"
        case $dialog,$?,$pressed in
            zenity,0,* | kdialog,0,*) choice=deny ;;
            zenity,*,_Allow | kdialog,1,*) [ $(($(now) - start)) -lt $hasty ] && choice=hasty || choice=allow ;;
        esac
    fi
    echo "$choice" >"$folder/choice"
    echo Pressed >"$folder/events"
}

answer() {
    local choice
    choice=$(cat "$folder/choice")
    again=""
    case $choice in
        allow | deny) call Answer 'ssa{sv}' "$code" "$choice" 0 >/dev/null ;;
        hasty) again=$code ;;
        *) passed[$code]=yes ;; # no answer: it can still be answered elsewhere
    esac
    code=""
}

finish() {
    trap - EXIT
    kill $(jobs -p) 2>/dev/null
    # The dialog goes with who shows it.
    wait $asker
    rm -rf "$folder"
    exit
}

mkfifo "$folder/events"
exec 3<>"$folder/events"
trap finish EXIT INT TERM HUP
# In short lines, so that two writers don't get into each other's: `RequestAdded 7F2A`.
gdbus monitor --session --dest "${interface[0]}" --object-path "${interface[1]}" | sed -un \
    -e 's/^The name .* is owned by.*/Here/p' -e 's/^The name .* does not have an owner.*/Gone/p' \
    -e "s/.*\.\(RequestAdded\|RequestRemoved\) ('\([0-9A-Z]*\)'.*/\1 \2/p" >"$folder/events" &
while read -r -u 3 event subject; do
    case $event in
        Here) ask_next ;;
        RequestAdded)
            unset "passed[$subject]" # it may have been asked again
            ask_next
            ;;
        Gone) kill $asker 2>/dev/null ;;
        RequestRemoved)
            unset "passed[$subject]"
            # The dialog goes, and with it comes the next one.
            if [ "$subject" = "$code" ]; then kill "$asker" 2>/dev/null; fi
            ;;
        Pressed)
            answer
            ask_next
            ;;
    esac
done
