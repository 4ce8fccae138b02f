#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An agent for Keybell that uses just the bus: one question after the other in a terminal by fzf, or by rofi where
# there is a display and no terminal.
#
#   fzf-agent.sh [fzf|rofi]
#
# Choose with the arrow keys and Enter; what is typed or pasted chooses nothing. In fzf, Shift and the arrow keys move
# the question; where a small terminal hides some of its warnings, Allow shows those first. Like zenity-agent.sh this
# listens to the signals and doesn't register. Needs gdbus (libglib2.0-bin), busctl (systemd) and jq.
set -u

interface=(org.keybell.Keybell /org/keybell/Approval org.keybell.Approval1)
menu=${1:-$([ -t 0 ] && echo fzf || echo rofi)}
declare -A passed # codes to which the person has said "Not now"
code=""           # the question in the menu
chooser=""        # its process
again=""          # the question that is shown again
why=""            # what is said about that
from=1            # from which of its lines on it is shown
folder=$(mktemp -d)

call() { busctl --user --json=short call "${interface[@]}" "$@"; }

# The time since the boot, in hundredths of a second.
now() {
    local time
    read -r time _ </proc/uptime
    echo $((10#${time/./}))
}

# How long after its start, in hundredths of a second, a choice counts: 0.7 s that the person sees it, and what it
# takes to come up.
hasty() { [ "$menu" = fzf ] && echo 100 || echo 150; }

fzf_menu() {
    # Without --disabled a text that was meant for something else would pick a line. The question stands beside the
    # choices, not above them as a header, which would push them out of a terminal that is made smaller.
    SHELL=/bin/sh exec fzf --disabled --bind change:clear-query --layout=reverse --no-multi --no-info \
        --prompt="Your answer: " --preview "LC_ALL=C awk -f '$folder/preview.awk' '$folder/warnings' '$folder/question'" \
        --preview-window=up,50%,wrap,border-none
}

# Prints the question below a line that tells what of it there is no room for, and notes from which line on that is, if
# its title or a warning is among it. fzf runs it again when the terminal is resized. Bytes are counted: never too few.
cat >"$folder/preview.awk" <<'END'
FILENAME == ARGV[1] { warnings[++count] = $0; next }
{
    text[++lines] = $0
    used += length ? int((length - 1) / ENVIRON["FZF_PREVIEW_COLUMNS"]) + 1 : 1
    if (used + 1 <= ENVIRON["FZF_PREVIEW_LINES"]) next
    # A line that is alone on the screen counts as shown.
    if (lines > 1 && !first) first = lines
    if (first) for (i = 1; i <= count; i++) if (index($0, warnings[i])) below++
}
END {
    folder = ARGV[1]
    sub("/[^/]*$", "", folder)
    print (below ? first : 0) > (folder "/unread")
    # fzf writes over the end of the first line how much of it there is to see.
    print (below ? below " warning" (below == 1 ? "" : "s") " below: Shift-Down" : first ? "More: Shift-Down" : "")
    for (i = 1; i <= lines; i++) print text[i]
}
END

rofi_menu() {
    # Its message is markup, whatever one says. Without an entry it takes no text to look for.
    exec rofi -dmenu -no-custom -theme-str 'mainbox { children: [ message, listview ]; } listview { lines: 3; }' \
        -mesg "$(sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g' "$folder/question")"
}

# Asks about the oldest question that waits, if none is in the menu.
ask_next() {
    [ -z "$code" ] || return 0
    local waiting
    waiting=$(call ListRequests) || return 0
    for code in $(jq -r '.data[0] | to_entries | sort_by(.value.created.data) | .[].key' <<<"$waiting") ""; do
        [ -n "$code" ] && [ -n "${passed[$code]:-}" ] || break
    done
    if [ -z "$code" ]; then
        if [ "$(jq '.data[0] | length' <<<"$waiting")" = 0 ]; then
            echo "Nothing waits. Ctrl-C ends this."
        else
            echo "Nothing else waits; \`keybell requests\` lists what you have put off. Ctrl-C ends this."
        fi
        return
    fi
    [ "$again" = "$code" ] || why="" from=1
    {
        [ -z "$why" ] || echo "$why"
        jq -r --arg code "$code" '.data[0][$code] | "\(.title.data) (\($code))\n\(.body.data)"' <<<"$waiting" |
            tail -n "+$from"
    } >"$folder/question"
    jq -r --arg code "$code" '.data[0][$code].warnings.data // [] | .[]' <<<"$waiting" >"$folder/warnings"
    # Until the preview says more.
    [ "$menu" = fzf ] && echo 1 >"$folder/unread" || echo 0 >"$folder/unread"
    show &
    chooser=$!
}

# Shows the menu until something is chosen or the question is gone; its end is an event like any other.
show() {
    local pid="" start
    trap 'kill "$pid" 2>/dev/null' TERM
    # The first line is what Enter takes: no answer. Escape is none, either.
    printf '%s\n' "Not now" "Deny" "Allow" >"$folder/choices"
    start=$(now)
    "${menu}_menu" <"$folder/choices" >"$folder/choice" &
    pid=$!
    wait "$pid"
    # Whoever hadn't the time to read it has chosen something else.
    if [ -s "$folder/choice" ] && [ $(($(now) - start)) -lt "$(hasty)" ]; then echo Hasty >"$folder/choice"; fi
    echo Chosen >"$folder/events"
}

answer() {
    local choice unread
    choice=$(cat "$folder/choice")
    unread=$(cat "$folder/unread")
    [ "$choice" != Allow ] || [ "$unread" = 0 ] || choice=Unread
    [ -z "$why" ] || unread=$((unread - 1)) # it stands above the question
    again="" why=""
    case $choice in
        Allow) call Answer 'ssa{sv}' "$code" allow 0 >/dev/null ;;
        Deny) call Answer 'ssa{sv}' "$code" deny 0 >/dev/null ;;
        Hasty) again=$code why="Shown again: answered too fast." ;;
        Unread) again=$code from=$((from + unread - 1)) ;;
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
