#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An agent for Keybell that uses just the bus: one question after the other in a terminal by fzf, or by rofi where
# there is a display and no terminal.
#
#   fzf-agent.sh [fzf|rofi]
#
# Like zenity-agent.sh it listens to the signals and doesn't register. Needs gdbus (libglib2.0-bin), busctl (systemd)
# and jq.
set -u

interface=(org.keybell.Keybell /org/keybell/Approval org.keybell.Approval1)
menu=${1:-$([ -t 0 ] && echo fzf || echo rofi)}
declare -A passed # codes to which the person has said "Not now"
code=""           # the question in the menu
chooser=""        # its process
folder=$(mktemp -d)

call() { busctl --user --json=short call "${interface[@]}" "$@"; }

fzf_menu() {
    # Without --ansi its header is plain text; it cuts lines that are too long, and lets a long header push the
    # choices out of a small window: prompt, choices and a spare line come first.
    local room=$(($(tput lines 2>/dev/tty) - 5))
    exec fzf --layout=reverse --no-multi --no-info --prompt="Your answer: " \
        --header="$(fold -s -w $(($(tput cols 2>/dev/tty) - 4)) <<<"$1" | grep -v '^$' | head -n $((room > 1 ? room : 1)))"
}

rofi_menu() {
    # Its message is markup, whatever one says.
    exec rofi -dmenu -no-custom -i -p "Your answer" -theme-str 'listview { lines: 3; }' \
        -mesg "$(sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g' <<<"$1")"
}

# Asks about the oldest question that waits, if none is in the menu.
ask_next() {
    [ -z "$code" ] || return 0
    local waiting text
    waiting=$(call ListRequests) || return 0
    for code in $(jq -r '.data[0] | to_entries | sort_by(.value.created.data) | .[].key' <<<"$waiting") ""; do
        [ -n "$code" ] && [ -n "${passed[$code]:-}" ] || break
    done
    if [ -z "$code" ]; then
        echo "Nothing waits. Ctrl-C ends this."
        return
    fi
    text=$(jq -r --arg code "$code" '.data[0][$code] | "\(.title.data) (\($code))\n\n\(.body.data)\n"' <<<"$waiting")
    show "$text" &
    chooser=$!
}

# Shows the menu until something is chosen or the question is gone; its end is an event like any other.
show() {
    local pid=""
    trap 'kill "$pid" 2>/dev/null' TERM
    # The first line is what Enter takes: no answer. Escape is none, either.
    printf '%s\n' "Not now" "Deny" "Allow" >"$folder/choices"
    "${menu}_menu" "$1" <"$folder/choices" >"$folder/choice" &
    pid=$!
    wait "$pid"
    echo Chosen >"$folder/events"
}

answer() {
    case $(cat "$folder/choice") in
        Allow) call Answer 'ssa{sv}' "$code" allow 0 >/dev/null ;;
        Deny) call Answer 'ssa{sv}' "$code" deny 0 >/dev/null ;;
        *) passed[$code]=yes ;; # no answer: it can still be answered elsewhere
    esac
    code=""
}

finish() {
    trap - EXIT
    # The menu puts the terminal back before it ends.
    kill $(jobs -p) 2>/dev/null
    wait
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
        Gone) kill $chooser 2>/dev/null ;;
        RequestRemoved)
            unset "passed[$subject]"
            # The menu goes, and with it comes the next one.
            if [ "$subject" = "$code" ]; then kill "$chooser" 2>/dev/null; fi
            ;;
        Chosen)
            answer
            ask_next
            ;;
    esac
done
