#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what each target imports with what Package.swift lists for it, both ways; status 1 if they differ.

The compiler's own check finds an import without an arrow, but only once it is built, and never an arrow without an import.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

# What every Swift file can import.
TOOLCHAIN = {"Dispatch", "Foundation", "FoundationEssentials", "FoundationXML", "Glibc", "Synchronization", "Testing"}

# Arrows that no import shows, and why they are there.
EXCEPTIONS = {
    ("keybelld", "CWipingHeap"): "linked in alone: it takes the place of the C library's free",
    ("keybell", "CWipingHeap"): "linked in alone: it takes the place of the C library's free",
    ("git-credential-keybell", "CWipingHeap"): "linked in alone: it takes the place of the C library's free",
    ("DerivationProcessTests", "keybelld"): "the tests start the built program",
    ("EndToEndTests", "keybelld"): "the tests start the built program",
    ("EndToEndTests", "keybell"): "the tests start the built program",
    ("EndToEndTests", "git-credential-keybell"): "the tests start the built program",
}

IMPORT = re.compile(
    r"(?:^|;)[ \t]*(?:@\w+(?:\([^)\n]*\))?\s+)*(?:(?:package|public|internal|private|fileprivate)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)",
    re.MULTILINE,
)
# What only looks like code: strings, among them programs in other languages, which tests write into files, and comments.
STRING = r'(?P<hashes>#*)""".*?"""(?P=hashes)|(?P<raw>#+)".*?"(?P=raw)|"(?:\\.|[^"\\\n])*"'
TOKEN = re.compile(rf"{STRING}|//[^\n]*|(?P<block>/\*)|\*/", re.DOTALL)

# What is found in this text is compared with what it says; on each run, for this check has no tests of its own.
EXAMPLE = r'''
import One; @testable import Two
  @_spi(Some) package import struct Three.Part
#if os(Linux)
    import Four
#endif
// import None
/// import None
/* import None
/* import None */ import None
import None */ import Five
let url = "https://a.example/*", text = #"an \"# + "\" // "
import Six
let program = ##"""
import None
"""##
// A comment's /* opens nothing.
import Seven
'''


def code(text: str) -> str:
    """The text with a blank for each string and comment."""
    parts, start, depth = [], 0, 0
    position = 0
    while token := TOKEN.search(text, position):
        position = token.end()
        if depth == 0:
            parts.append(text[start : token.start()] + " ")
            start = position
        elif token["block"] is None and token[0] != "*/":
            # A quote or two slashes in a comment are nothing but that.
            position = token.start() + 1
        if token["block"] is not None:
            depth += 1
        elif token[0] == "*/" and depth > 0:
            depth -= 1
            start = position
    return "".join(parts) + (text[start:] if depth == 0 else "")


def imported_names(text: str) -> set[str]:
    return set(IMPORT.findall(code(text)))


def imports(folder: pathlib.Path) -> set[str]:
    return {name for file in folder.rglob("*.swift") for name in imported_names(file.read_text())} - TOOLCHAIN


def arrows(target: dict) -> set[str]:
    return {(dependency.get("byName") or dependency.get("product") or dependency["target"])[0]
            for dependency in target["dependencies"]}


def main() -> int:
    found = imported_names(EXAMPLE)
    assert found == {"One", "Two", "Three", "Four", "Five", "Six", "Seven"}, found
    root = pathlib.Path(__file__).resolve().parent.parent
    # With the targets that are there only when asked for.
    environment = {name: value for name, value in os.environ.items() if name != "KEYBELL_TESTS"}
    environment |= {"FUZZING": "1", "KEYBELL_BENCHMARKS": "1"}
    command = [os.environ.get("SWIFT", "swift"), "package", "--package-path", str(root), "dump-package"]
    package = json.loads(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout)
    wrong, unneeded = [], set(EXCEPTIONS)
    for target in package["targets"]:
        name, listed = target["name"], arrows(target)
        folder = root / (target.get("path") or f"{'Tests' if target['type'] == 'test' else 'Sources'}/{name}")
        imported = imports(folder)
        wrong += [f"{name} imports {other}, which Package.swift doesn't list for it" for other in imported - listed]
        for other in listed - imported:
            unneeded.discard((name, other))
            if (name, other) not in EXCEPTIONS:
                wrong.append(f"Package.swift lists {other} for {name}, which imports it nowhere")
    wrong += [f"check-imports.py excepts {other} for {name} without need" for name, other in unneeded]
    for line in sorted(wrong):
        print(line, file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())
