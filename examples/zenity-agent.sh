#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An agent for Keybell that uses just the bus: a dialog for each question, by zenity or, where there is none, kdialog.
#
#   zenity-agent.sh [zenity|kdialog]
#
# A shell can't keep a connection to the bus, so this doesn't register as an agent: it listens to the signals, and
# Keybell's own notifier shows the questions, too, unless config.toml says `[approval] notifier = false`.
# Needs gdbus (libglib2.0-bin), busctl (systemd) and jq.
set -u

interface=(org.keybell.Keybell /org/keybell/Approval org.keybell.Approval1)
dialog=${1:-$(command -v zenity >/dev/null && echo zenity || echo kdialog)}
declare -A shown # code → the process that shows it

call() { busctl --user --json=short call "${interface[@]}" "$@"; }

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

# Shows one question until it is answered or gone; runs beside the others.
ask() {
    local code=$1 text window="" pressed=""
    trap 'kill "$window" 2>/dev/null; exit' TERM
    text=$(call ListRequests | jq -r --arg code "$code" \
        '.data[0][$code] // empty | "\(.title.data) (\($code))\n\n\(.body.data)"')
    [ -n "$text" ] || return 0 # gone again
    exec 4< <("${dialog}_dialog" "$text")
    window=$!
    read -r -u 4 pressed # a button beside the two usual ones, or the end
    wait "$window"
    case $dialog,$?,$pressed in
        zenity,0,* | kdialog,0,*) call Answer 'ssa{sv}' "$code" deny 0 ;;
        zenity,*,_Allow | kdialog,1,*) call Answer 'ssa{sv}' "$code" allow 0 ;;
        *) ;; # no answer: it can still be answered elsewhere
    esac >/dev/null
}

show() {
    # One that was closed comes back when the program asks again.
    [ -z "${shown[$1]:-}" ] || ! kill -0 "${shown[$1]}" 2>/dev/null || return 0
    ask "$1" &
    shown[$1]=$!
}

close_all() {
    [ ${#shown[@]} = 0 ] || kill "${shown[@]}" 2>/dev/null
    shown=()
}

exec 3< <(exec gdbus monitor --session --dest "${interface[0]}" --object-path "${interface[1]}")
monitor=$!
trap 'close_all; kill "$monitor"; exit' TERM INT HUP
while read -r -u 3 line; do
    code=${line#*"('"}
    code=${code%%"'"*}
    case $line in
        "The name "*" is owned by "*)
            for code in $(call ListRequests | jq -r '.data[0] | keys[]'); do show "$code"; done
            ;;
        "The name "*" does not have an owner"*) close_all ;;
        *".RequestAdded ("*) show "$code" ;;
        *".RequestRemoved ("*)
            [ -z "${shown[$code]:-}" ] || kill "${shown[$code]}" 2>/dev/null
            unset "shown[$code]"
            ;;
    esac
done
