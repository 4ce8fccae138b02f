#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make-deb.sh: the Debian package of the programs in .build/dist, as .build/deb/keybell_VERSION_ARCH.deb. Needs no root.
set -eu
cd "$(dirname "$0")/.."
umask 022
out=.build/deb
rm -rf "$out"
# A tree of its own: dpkg-buildpackage writes beside and into the one that it works in.
tree=$out/keybell
mkdir -p "$tree/.build/dist"
cp -r Makefile CHANGELOG.md dbus packaging systemd "$tree/"
mv "$tree/packaging/debian" "$tree/debian"
cp -rp .build/dist/* "$tree/.build/dist/"
# `make deb` has seen to what it needs; a toolchain needn't come from a package.
(cd "$tree" && dpkg-buildpackage --build=binary --no-check-builddeps --unsigned-changes --unsigned-buildinfo)
rm -rf "$tree"
ls "$out"/*.deb
