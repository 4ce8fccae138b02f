#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reports types at the top of files that share a name, and Swift files that do; status 1 if there are any.

All modules and their tests count: whoever reads a name, or looks for one, finds one thing.
"""

import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ["Sources", "Tests", "Fuzz", "Benchmarks"]

TYPE = re.compile(
    r"^(?:@\w+(?:\([^\n]*?\))?\s+)*(?:(?:package|public|internal|private|fileprivate|final|indirect|nonisolated)\s+)*"
    r"(?:struct|class|enum|actor|protocol|typealias)\s+(\w+)",
    re.MULTILINE,
)
# Programs in other languages, which tests write into files.
LONG_STRING = re.compile(r'(#*)""".*?"""\1', re.DOTALL)


def main() -> int:
    types, files = collections.defaultdict(set), collections.defaultdict(set)
    for file in (file for folder in FOLDERS for file in (ROOT / folder).rglob("*.swift")):
        path = str(file.relative_to(ROOT))
        # Every program has one.
        if file.name != "main.swift":
            files[file.name].add(path)
        for name in TYPE.findall(LONG_STRING.sub("", file.read_text())):
            types[name].add(path)
    wrong = [f"type {name}: {', '.join(sorted(paths))}" for name, paths in types.items() if len(paths) > 1]
    wrong += [f"file {name}: {', '.join(sorted(paths))}" for name, paths in files.items() if len(paths) > 1]
    for line in sorted(wrong):
        print(f"two of one name, {line}", file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())
