#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether Keybell's version is the same wherever it is written, for it is set in Sources; status 1 if not."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def found(path: str, pattern: str) -> str:
    match = re.search(pattern, (ROOT / path).read_text(), re.MULTILINE)
    return match[1] if match else "none"


def main() -> int:
    version = found("Sources/Interfaces/BusInterface/KeybellVersion.swift", r'text = "([^"]+)"')
    copies = {
        "packaging/debian/changelog": r"^keybell \((.+)-\d+\)",
        "packaging/org.keybell.Keybell.metainfo.xml": r'<release version="([^"]+)"',
        "CHANGELOG.md": r"(?:call themselves |^## \[)(\d+(?:\.\w+)*)",
    }
    wrong = {path: other for path, pattern in copies.items() if (other := found(path, pattern)) != version}
    for path, other in wrong.items():
        print(f"{path} has version {other}; Sources has {version}")
    return 1 if wrong else 0


sys.exit(main())
