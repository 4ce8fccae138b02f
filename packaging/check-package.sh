#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# check-package.sh PACKAGE: whether the package does its work on a Debian 12 that has nothing else, no Swift among it: it is
# installed by apt, an ordinary user is asked and answers and gets a login, it is upgraded while the daemon serves, and
# removed. As root, since it makes a system in a folder; nothing outside that folder is touched.
set -euo pipefail
package=$(realpath "$1")
folder=$(mktemp -d /tmp/keybell-package.XXXXXX)
root=$folder/root
ended() {
    rm -rf "$folder"
    find /sys/fs/cgroup/{,systemd/,unified/}keybell-package -depth -type d -exec rmdir {} \; 2>/dev/null || true
}
trap ended EXIT

echo "A Debian 12 of its own ..."
debootstrap --variant=minbase bookworm "$root" >"$folder/log" 2>&1 || { tail "$folder/log"; exit 1; }
cp "$package" "$root/root/keybell.deb"
# The same as the next version.
dpkg-deb -R "$package" "$folder/next"
sed -i 's/^Version: .*/&+next/' "$folder/next/DEBIAN/control"
dpkg-deb --root-owner-group -Zgzip -z1 --build "$folder/next" "$root/root/next.deb" >/dev/null
rm -r "$folder/next"
cp "$(dirname "$0")/check-package-user.sh" "$root/usr/local/bin/"

# What is started there ends with the namespace of processes.
unshare --mount --pid --fork --kill-child bash -euo pipefail -s "$root" <<'OUTSIDE'
root=$1
# As any system has it: its root is where a file system is mounted, or Keybell couldn't say what is on that.
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
cp /etc/resolv.conf "$root/etc/resolv.conf"
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    bash -euo pipefail <<'INSIDE'
installed() { apt-get install -y -qq --no-install-recommends "$@" >/tmp/apt.log 2>&1 || { cat /tmp/apt.log; exit 1; }; }
apt-get update -qq
echo "Installing ..."
installed /root/keybell.deb
# What a desktop would have.
installed gnome-keyring libsecret-tools systemd python3
test ! -e /usr/bin/swift
! ldd /usr/bin/keybelld /usr/bin/keybell | grep -E 'not found|libswift'
# For every user, from the next login on.
test -e /etc/systemd/user/sockets.target.wants/keybell.socket
useradd --create-home tester
install -d -o tester -m700 /run/user/1000
mkdir -p /run/systemd/system
# A greeter's user takes no port.
conditions() {
    local folder; folder=$(mktemp -d) && chown "$1" "$folder"
    setpriv --reuid "$1" --regid "$1" --clear-groups env XDG_RUNTIME_DIR="$folder" \
        systemd-analyze --user condition --unit=keybell.socket 2>&1 | tail -n 1
}
test "$(conditions tester)" = "Conditions succeeded."
test "$(conditions games)" = "Conditions failed."

# systemd's manager of a user needs a control group that is the user's.
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    test -e $hierarchy/cgroup.procs || continue
    mkdir -p $hierarchy/keybell-package
    echo 0 >$hierarchy/keybell-package/cgroup.procs
    chown -R tester $hierarchy/keybell-package
done

echo "As an ordinary user ..."
setpriv --reuid tester --regid tester --init-groups env HOME=/home/tester XDG_RUNTIME_DIR=/run/user/1000 USER=tester \
    /usr/local/bin/check-package-user.sh &
user=$!
for _ in $(seq 1200); do test -e /home/tester/served && break; kill -0 $user 2>/dev/null || break; sleep 0.1; done
test -e /home/tester/served
echo "Upgrading ..."
installed /root/next.deb
touch /home/tester/upgraded
wait $user

echo "Removing ..."
apt-get purge -y -qq keybell >/tmp/apt.log 2>&1
test ! -e /usr/bin/keybelld && test ! -e /etc/systemd/user/sockets.target.wants/keybell.socket
# What is the user's stays.
test -s /home/tester/.config/keybell/config.toml && test -n "$(ls /home/tester/.local/share/keyrings)"
INSIDE
OUTSIDE
echo "The package does its work."
