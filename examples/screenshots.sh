#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Takes the pictures in examples/screenshots, run by `make screenshots`: BIN is the folder with the built programs.
# For each notification server: a session of its own on a screen that nobody sees, two real questions of a browser
# (curl under a browser's name: what counts is the executable), the picture, and the end of everything by its own
# process id.
set -euo pipefail

bin=$(realpath "${1:?usage: screenshots.sh BIN [NOTIFIER…]}")
shift
export PATH="$bin:$PATH" LANG=C.UTF-8
pictures=${PICTURES:-$(realpath "$(dirname "$0")")/screenshots}
libraries=/usr/lib/$(uname -m)-linux-gnu
browser=${BROWSER:-curl}
pids=()
folder=""

finish() {
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    pids=()
    if [ -n "$folder" ]; then rm -rf "$folder"; fi
    folder=""
}
trap finish EXIT
trap 'exit 130' INT TERM

# As a normal user: sway refuses root, and a program that its user can write is shown with its whole path.
if [ "$(id -u)" = 0 ]; then
    folder=$(mktemp -d)
    install -m 755 /usr/bin/curl "$folder/chromium"
    mkdir "$folder/pictures"
    chmod 755 "$folder"
    chown nobody "$folder/pictures"
    setpriv --reuid=nobody --regid=nogroup --clear-groups \
        env PICTURES="$folder/pictures" BROWSER="$folder/chromium" "$0" "$bin" "$@"
    mkdir -p "$pictures"
    cp --no-preserve=all "$folder"/pictures/*.png "$pictures"
    exit
fi

# Starts a program in the background, to be ended before those that were started earlier.
start() {
    "$@" >>"$folder/log" 2>&1 </dev/null &
    pids=("$!" "${pids[@]}")
}

# Tries a command until it succeeds, for 20 seconds at most.
until_ok() {
    for _ in $(seq 200); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    echo "never came: $*" >&2
    cat "$folder/log" >&2
    exit 1
}

owned() {
    dbus-send --session --print-reply --reply-timeout=5000 --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner "string:$1" |
        grep -q true
}

waiting() { [ "$(keybell requests --json | grep -c '"code"')" -ge "$1" ]; }

start_session() {
    folder=$(mktemp -d)
    mkdir -m 700 "$folder"/{run,config,data,state,cache}
    mkdir "$folder/config/keybell"
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    printf '[http]\nport = %s\n' "$port" >"$folder/config/keybell/config.toml"
    export HOME="$folder" XDG_RUNTIME_DIR="$folder/run" XDG_CONFIG_HOME="$folder/config"
    export XDG_DATA_HOME="$folder/data" XDG_STATE_HOME="$folder/state" XDG_CACHE_HOME="$folder/cache"
    export DBUS_SESSION_BUS_ADDRESS="unix:path=$folder/run/bus"
    # A bus that starts nothing by itself: only the server that was asked for may take the pictures' questions.
    cat >"$folder/bus.conf" <<BUS
<busconfig>
  <type>session</type>
  <listen>$DBUS_SESSION_BUS_ADDRESS</listen>
  <policy context="default"><allow send_destination="*"/><allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/><allow own="*"/></policy>
</busconfig>
BUS
    start dbus-daemon --nofork --nopidfile --nosyslog --config-file="$folder/bus.conf"
    until_ok test -S "$folder/run/bus"
    printf demopass | gnome-keyring-daemon --unlock --foreground --components=secrets >>"$folder/log" 2>&1 &
    pids=("$!" "${pids[@]}")
    until_ok owned org.freedesktop.secrets
}

start_x() {
    mkfifo "$folder/display"
    Xvfb -displayfd 1 -screen 0 1024x768x24 -nolisten tcp -noreset >"$folder/display" 2>>"$folder/log" &
    pids=("$!" "${pids[@]}")
    read -r number <"$folder/display"
    export DISPLAY=":$number"
    unset WAYLAND_DISPLAY
    start "${1:-openbox}"
}

# What desktops expect of the machine's logind, which a container has not.
start_logind() {
    export DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS
    start python3 -m dbusmock --system --template logind
    until_ok owned org.freedesktop.login1
}

# What a script in GNOME Shell comes to.
gnome_eval() {
    gdbus call --session --timeout 10 --dest org.gnome.Shell --object-path /org/gnome/Shell \
        --method org.gnome.Shell.Eval "$1"
}

gnome_is() { gnome_eval "$1" | grep -q "^(true, 'true'"; }

start_gnome() {
    start_logind
    export XDG_CURRENT_DESKTOP=GNOME XDG_SESSION_TYPE=wayland GSETTINGS_BACKEND=memory LIBGL_ALWAYS_SOFTWARE=1 NO_AT_BRIDGE=1
    start gnome-shell --headless --virtual-monitor 1024x768 --wayland --no-x11 --unsafe-mode --wayland-display keybell
    until_ok owned org.gnome.Shell
    until_ok gnome_is 'Main.layoutManager._startingUp === false'
    # It begins with all windows in view and a word about the missing screen lock.
    gnome_eval 'Main.overview.hide(); Main.messageTray.getSources().forEach(s => s.destroy())' >/dev/null
    until_ok gnome_is '!Main.overview.visible && !Main.messageTray._notification'
    # A program of its own takes the calls and hands them on.
    start gjs /usr/share/gnome-shell/org.gnome.Shell.Notifications
}

start_plasma() {
    start_logind
    export XDG_CURRENT_DESKTOP=KDE XDG_SESSION_TYPE=x11 KDE_FULL_SESSION=true KDE_SESSION_VERSION=5
    export QT_QUICK_BACKEND=software LIBGL_ALWAYS_SOFTWARE=1 KWIN_COMPOSE=N
    start_x kwin_x11
    until_ok owned org.kde.KWin
    start "$libraries/libexec/kactivitymanagerd"
    start kglobalaccel5
    until_ok owned org.kde.ActivityManager
}

start_sway() {
    echo 'output HEADLESS-1 resolution 1024x768' >"$folder/sway.conf"
    export WLR_BACKENDS=headless WLR_RENDERER=pixman WLR_LIBINPUT_NO_DEVICES=1
    start sway --config "$folder/sway.conf"
    until_ok sh -c "ls '$XDG_RUNTIME_DIR'/wayland-*[0-9]"
    WAYLAND_DISPLAY=$(ls "$XDG_RUNTIME_DIR"/wayland-*[0-9])
    export WAYLAND_DISPLAY
}

hex() { base64 -d | od -An -v -tx1 | tr -d ' \n'; }

# Asks as a browser's extension does: signed RequestType with encrypted Url, by curl.
ring() {
    local type=$1 key=$2 id=${3:-} url=${4:-} nonce body
    nonce=$(head -c 16 /dev/urandom | base64)
    seal() { printf %s "$1" | openssl enc -aes-256-cbc -K "$(printf %s "$key" | hex)" -iv "$(printf %s "$nonce" | hex)" -base64 -A; }
    body="{\"RequestType\":\"$type\",\"Nonce\":\"$nonce\",\"Verifier\":\"$(seal "$nonce")\""
    if [ "$type" = associate ]; then body="$body,\"Key\":\"$key\""; fi
    if [ -n "$id" ]; then body="$body,\"Id\":\"$id\""; fi
    if [ -n "$url" ]; then body="$body,\"Url\":\"$(seal "$url")\""; fi
    # KeePassHelper's id in the Chrome Web Store.
    start "$browser" -s -H 'Origin: chrome-extension://jgnfghanfbjmimbdmnjfofnbcgpkbegj' -A Mozilla/5.0 -d "$body}" "http://127.0.0.1:$port/"
}

# The two questions that everybody meets: a new client, and a login for a site.
ask() {
    start keybelld
    until_ok keybell status
    local key other
    key=$(head -c 32 /dev/urandom | base64)
    other=$(head -c 32 /dev/urandom | base64)
    printf geheim | secret-tool store --label=GitHub xdg:schema org.keybell.Login username octocat url https://github.com/
    ring associate "$key"
    until_ok waiting 1
    keybell allow "$(keybell requests --json | grep -o '"code" *: *"[0-9A-Z]*"' | grep -o '[0-9A-Z]\{4\}')" --id browser >/dev/null
    start "$@"
    until_ok owned org.freedesktop.Notifications
    ring get-logins "$key" browser https://github.com/login
    until_ok waiting 1
    sleep 0.5
    ring associate "$other"
    until_ok waiting 2
    # Drawn, and any fading in is over.
    sleep 2
}

picture() {
    local name=$1 raw="$folder/raw.png"
    case $name in
        mako) grim "$raw" ;;
        gnome) gnome_picture "$raw" ;;
        plasma)
            import -window root "$raw"
            # The corner above the panel, where its notifications are.
            convert "$raw" -gravity SouthEast -crop 420x420+0+40 +repage "$raw"
            ;;
        *) import -window root "$raw" ;;
    esac
    convert "$raw" -trim +repage -bordercolor black -border 8 +dither -colors 32 -strip "PNG8:$pictures/$name.png"
    echo "$pictures/$name.png ($(stat -c %s "$pictures/$name.png") bytes)"
}

# GNOME shows one question at a time: the first, then what comes after it.
gnome_picture() {
    local part
    for part in 1 2; do
        gnome_shows "$part"
        convert "$folder/$part.png" -gravity North -crop 560x260+0+32 +repage "$folder/$part.png"
        if [ "$part" = 1 ]; then keybell deny "$(keybell requests --json | jq -r '.[0].code')" >/dev/null; fi
    done
    convert "$folder/1.png" "$folder/2.png" -append "$1"
}

gnome_shows() {
    until_ok gnome_is 'Main.messageTray._notificationState === 2'
    sleep 1
    gdbus call --session --dest org.gnome.Shell --object-path /org/gnome/Shell/Screenshot \
        --method org.gnome.Shell.Screenshot.Screenshot false false "$folder/$1.png" >/dev/null
    # The next one comes after a pause.
    until_ok test -s "$folder/$1.png"
}

mkdir -p "$pictures"
notifiers=("$@")
if [ $# = 0 ]; then notifiers=(gnome plasma dunst lxqt mako mate notification-daemon xfce); fi
for name in "${notifiers[@]}"; do
    start_session
    case $name in
        gnome) start_gnome ;;
        plasma) start_plasma ;;
        mako) start_sway ;;
        *) start_x ;;
    esac
    case $name in
        # Its notifier is there already.
        gnome) ask true ;;
        plasma) ask plasmashell ;;
        dunst) ask dunst ;;
        lxqt) ask lxqt-notificationd ;;
        mako) ask mako ;;
        mate) ask /usr/lib/mate-notification-daemon/mate-notification-daemon ;;
        notification-daemon) ask /usr/lib/notification-daemon/notification-daemon ;;
        xfce) ask "$libraries/xfce4/notifyd/xfce4-notifyd" ;;
        *) echo "no such notifier: $name" >&2; exit 2 ;;
    esac
    picture "$name"
    finish
done
