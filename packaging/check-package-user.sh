#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# check-package-user.sh: what check-package.sh has an ordinary user do in the clean system.
set -euo pipefail
cd
soon() { for _ in $(seq 300); do eval "$1" && return; sleep 0.1; done; echo "In vain: $1" >&2; return 1; }

/lib/systemd/systemd --user --log-target=console >systemd.log 2>&1 &
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
soon 'systemctl --user is-system-running 2>/dev/null | grep -qE "running|degraded"' || { cat systemd.log; exit 1; }
export DBUS_SESSION_BUS_ADDRESS="unix:path=$XDG_RUNTIME_DIR/bus"
printf secret | gnome-keyring-daemon --unlock --components=secrets --foreground >/dev/null 2>&1 &
soon 'busctl --user get-property org.freedesktop.secrets /org/freedesktop/secrets/aliases/default \
    org.freedesktop.Secret.Collection Locked 2>/dev/null | grep -q false'
printf 'the password' | secret-tool store --label=Example xdg:schema org.keybell.Login uuid 0123456789abcdef0123456789abcdef \
    title Example username alice url https://example.org/ group Root
mkdir -p .config/keybell
echo '# Mine.' >.config/keybell/config.toml

# The package has enabled the socket; the first connection starts the daemon.
systemctl --user is-active --quiet keybell.socket
code() { soon 'code=$(keybell requests --json | grep -o "\"code\" *: *\"[^\"]*" | head -1 | cut -d\" -f4); test -n "$code"'; echo "$code"; }
keybell client associate --id script >associated 2>&1 &
asking=$!
keybell allow "$(code)"
wait $asking || { cat associated; exit 1; }
keybell client logins https://example.org/ --field password >got &
asking=$!
keybell allow "$(code)" --scope always
wait $asking
test "$(cat got)" = "the password"
keybell doctor || true
touch served

soon 'test -e upgraded'
# The old daemon goes on serving, and the new one takes over.
test "$(keybell client logins https://example.org/ --field password)" = "the password"
systemctl --user daemon-reload
systemctl --user restart keybell.service
test "$(keybell client logins https://example.org/ --field password)" = "the password"
keybell log | grep -q "got 1 login"
systemctl --user stop keybell.socket keybell.service
