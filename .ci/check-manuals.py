#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check-manuals.py FOLDER: whether the manual pages in FOLDER are sound, and keybell.toml(5) has each key of the
configuration and no other; status 1 if not. What the other pages have is made from what they are about.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
READING = re.compile(r'table\.(?:bool|integer|seconds|text|texts|name|choice|choices)\(\s*"(\w+)"')
TABLE = re.compile(r'document\.tables?\("(\w+)"')


def keys_in_code() -> set[str]:
    files = (ROOT / "Sources/Interfaces/Settings").glob("*.swift")
    text = "\n".join(file.read_text() for file in files)
    parts = re.search(r"enum RulePart[^{]*\{(.*?)\}", text, re.DOTALL)[1]
    return set(READING.findall(text)) | set(TABLE.findall(text)) | set(re.findall(r"case `?(\w+)`?", parts))


def keys_in_page(page: str) -> set[str]:
    items = re.findall(r"^\.It Ic (.*?) No =", page, re.MULTILINE)
    return {key for item in items for key in item.split(" , ")} | set(re.findall(r"^\.Ss Table (\w+)", page, re.MULTILINE))


def faults(pages: list[pathlib.Path]) -> list[str]:
    """What mandoc has to say, but that pages of other programs and those not yet installed aren't found."""
    with tempfile.TemporaryDirectory() as empty:
        said = subprocess.run(["mandoc", "-T", "lint", *map(str, pages)], capture_output=True, text=True, timeout=60,
                              env={"MANPATH": empty, "PATH": "/usr/bin:/bin"}).stdout
    return [line for line in said.splitlines() if "referenced manual not found" not in line]


def main() -> int:
    folder = pathlib.Path(sys.argv[1])
    found = faults(sorted(folder.iterdir()))
    code, page = keys_in_code(), keys_in_page((folder / "keybell.toml.5").read_text())
    found += [f"keybell.toml(5) lacks {key}" for key in sorted(code - page)]
    found += [f"keybell.toml(5) has {key}, which nothing reads" for key in sorted(page - code)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


sys.exit(main())
