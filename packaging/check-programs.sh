#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-programs.sh FILE…: whether programs are built as released ones are to be. Says what isn't so; status 1 then.
set -u
LC_ALL=C
export LC_ALL
command -v readelf >/dev/null || { echo "readelf is missing (Debian: binutils)" >&2; exit 2; }
status=0
for file in "$@"; do
    wrong() { echo "$file: $1" >&2; status=1; }
    header=$(readelf --wide --file-header --program-headers --section-headers "$file") || { wrong "isn't a program"; continue; }
    dynamic=$(readelf --wide --dynamic "$file")
    symbols=$(readelf --wide --dyn-syms "$file")
    # Loaded at a random address.
    echo "$header" | grep -q 'Type: *DYN' && echo "$dynamic" | grep -q 'Flags:.*PIE' || wrong "isn't position-independent (PIE)"
    # The table of functions is filled in at the start and read-only from then on.
    echo "$header" | grep -q GNU_RELRO || wrong "has no read-only relocations (-z relro)"
    echo "$dynamic" | grep -qE '\(BIND_NOW\)|Flags:.*NOW' || wrong "binds lazily (-z now)"
    echo "$header" | grep 'GNU_STACK' | grep -q 'RWE' && wrong "has an executable stack"
    echo "$header" | grep -qE 'LOAD .* RWE ' && wrong "has memory that is writable and executable"
    echo "$symbols" | grep -q __stack_chk_fail || wrong "doesn't guard its stack (-fstack-protector-strong)"
    echo "$header" | grep -qE '\.(symtab|debug_info)' && wrong "isn't stripped"
    # Whoever could write to such a folder could have other libraries loaded.
    echo "$dynamic" | grep -E '\((RPATH|RUNPATH)\)' && wrong "looks for libraries in folders of its own"
    # They come with a toolchain, which nobody has who just installs Keybell.
    echo "$dynamic" | grep -E 'NEEDED.*\[lib(swift|Foundation|_Foundation|dispatch|BlocksRuntime|XCTest|Testing)' && wrong "needs Swift's libraries"
done
exit $status
