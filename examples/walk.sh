#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A first walk with Keybell, run by `make run`: BIN is the folder with the built keybelld and keybell.
# Asks as a client would, shows the question, lets you answer it, saves a login and fetches it, tidies up, and
# leaves the daemon running until Ctrl-C. Without a session bus or a Secret Service it brings its own for the run.
set -euo pipefail

bin=$(cd "${1:?usage: walk.sh BIN}" && pwd)
export PATH="$bin:$PATH"
client=keybell-demo
site=https://demo.keybell.example/login
own=""       # the folder of a private bus and keyring, if this run needs them
pids=()      # what this script started, ended by its own process ids

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
note() { printf '  %s\n' "$*"; }

finish() {
    status=$?
    trap - EXIT INT TERM
    # One after the other: the daemon first, for it minds its bus going.
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    if [ -n "$own" ]; then rm -rf "$own"; fi
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Whether the session has a bus, and on it a Secret Service with a default collection.
session_is_complete() {
    timeout 5 dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId >/dev/null 2>&1 &&
        timeout 10 dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets \
            org.freedesktop.Secret.Service.ReadAlias string:default 2>/dev/null | grep -q 'object path "/org'
}

start_private_session() {
    own=$(mktemp -d)
    chmod 700 "$own"
    mkdir -m 700 "$own/runtime" "$own/data" "$own/state" "$own/config" "$own/cache"
    export XDG_RUNTIME_DIR="$own/runtime" XDG_DATA_HOME="$own/data" XDG_STATE_HOME="$own/state"
    export XDG_CONFIG_HOME="$own/config" XDG_CACHE_HOME="$own/cache"
    export DBUS_SESSION_BUS_ADDRESS="unix:path=$own/runtime/bus"
    dbus-daemon --session --nofork --nopidfile --address="$DBUS_SESSION_BUS_ADDRESS" 2>"$own/bus.log" &
    pids+=($!)
    until [ -S "$own/runtime/bus" ]; do
        kill -0 "${pids[-1]}" 2>/dev/null || { cat "$own/bus.log" >&2; exit 1; }
        sleep 0.1
    done
    head -c 24 /dev/urandom | base64 | tr -d '\n' |
        gnome-keyring-daemon --unlock --foreground --components=secrets >/dev/null 2>"$own/keyring.log" &
    pids+=($!)
    for _ in $(seq 100); do
        session_is_complete && return
        sleep 0.1
    done
    echo "gnome-keyring did not start:" >&2
    cat "$own/keyring.log" >&2
    exit 1
}

# Waits until one request is waiting, and prints its code.
waiting_code() {
    for _ in $(seq 100); do
        code=$(keybell requests --json 2>/dev/null | grep -o '"code" *: *"[0-9A-Z]*"' | head -n 1 | grep -o '[0-9A-Z]\{4\}') || true
        if [ -n "$code" ]; then printf '%s' "$code"; return; fi
        sleep 0.1
    done
    return 1
}

# Shows the question that waits and has it answered: by you, or without a terminal by this script.
answer() {
    local code
    code=$(waiting_code) || { note "No question came up."; return 1; }
    keybell requests | sed 's/^/  /'
    if [ -n "${CI:-}" ] || [ ! -t 0 ]; then
        note "There is no terminal to ask, so the walk answers by itself: keybell allow $code"
        keybell allow "$code" | sed 's/^/  /'
        return
    fi
    local word
    read -r -p "  Allow? [y/N] (a notification may show it, too) " word || word=n
    case $word in
        [yY]*) keybell allow "$code" | sed 's/^/  /' || note "It had been answered elsewhere." ;;
        *) keybell deny "$code" | sed 's/^/  /' || note "It had been answered elsewhere." ;;
    esac
}

tidy() {
    keybell revoke "$client" >/dev/null 2>&1 || true
    secret-tool clear xdg:schema org.keybell.OwnKey id "$client" 2>/dev/null || true
    secret-tool clear xdg:schema org.keybell.Login url "$site" 2>/dev/null || true
}

# What a second terminal needs to speak to this run's daemon: the programs' folder, and the bus and the folders if this run
# has its own.
second_terminal() {
    printf '      export PATH=%q:"$PATH"\n' "$bin"
    if [ -n "$own" ]; then
        for name in DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME; do
            printf '      export %s=%q\n' "$name" "${!name}"
        done
    elif [ -n "${DBUS_SESSION_BUS_ADDRESS:-}" ]; then
        printf '      export DBUS_SESSION_BUS_ADDRESS=%q\n' "$DBUS_SESSION_BUS_ADDRESS"
    fi
    printf '      keybell watch\n'
}

if session_is_complete; then
    note "Using the bus and the keyring of your session."
else
    say "This session has no bus or no Secret Service keyring: the walk starts its own."
    start_private_session
    note "A private bus and a real gnome-keyring, in a throwaway folder: $own"
fi

say "1. The daemon"
keybelld &
daemon=$!
pids=("$daemon" "${pids[@]}")
for _ in $(seq 100); do
    keybell status >/dev/null 2>&1 && break
    kill -0 "$daemon" 2>/dev/null || { wait "$daemon" || status=$?; exit "${status:-1}"; }
    sleep 0.1
done
keybell status | sed 's/^/  /'

walk() {
    tidy
    say "2. A client rings: keybell client associate --id $client"
    keybell client associate --id "$client" </dev/null &
    local ringing=$!
    answer || true
    if ! wait "$ringing"; then note "It was not allowed, so there is nothing more to show."; return; fi

    say "3. It saves a login: keybell client save $site --user alice"
    printf 'correct horse battery staple\n' | keybell client save "$site" --id "$client" --user alice &
    ringing=$!
    answer || true
    if ! wait "$ringing"; then note "The login was not saved."; return; fi

    say "4. It fetches it: keybell client logins $site"
    keybell client logins "$site" --id "$client" </dev/null &
    ringing=$!
    answer || true
    wait "$ringing" || note "It was not handed out."
}

walk
tidy
say "The demo client and its login are removed again. The daemon goes on serving; Ctrl-C ends it."
note "Connect a browser extension (README.md), then answer its questions in a second terminal, where these lines come first:"
printf '\n'
second_terminal
printf '\n'
wait "$daemon"
