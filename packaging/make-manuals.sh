#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make-manuals.sh FOLDER INTERFACE…: the manual pages into FOLDER/man, by the help of the programs that are in FOLDER and
# the introspection data of the interfaces.
set -eu
dist=$1
shift
here=$(dirname "$0")
mkdir -p "$dist/man"
rm -f "$dist/man"/*
for page in keybell.1 git-credential-keybell.1; do
    "$here/program_manual.py" "$dist/${page%.1}" "$here/../man/$page" >"$dist/man/$page"
done
cp "$here/../man/keybell.toml.5" "$here/../man/keybelld.8" "$dist/man/"
for interface in "$@"; do
    "$here/interface_manual.py" "$here/../dbus/$interface.xml" >"$dist/man/$interface.7"
done
