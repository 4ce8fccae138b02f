#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what a request costs the released daemon with .ci/costs.json; status 1 if a cost has grown by more than 10 %.

Instructions, system calls and allocations depend neither on the machine nor on what else it does. A cost that is 10 %
below what is written there is told as well: then `check-costs.py --write` notes the new ones.
"""

import functools
import json
import os
import pathlib
import shutil
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Benchmarks"))

import costs  # noqa: E402
from session import Daemon, Tools, enter_namespace, session  # noqa: E402

EXPECTED = ROOT / ".ci/costs.json"
PROGRAMS = pathlib.Path(os.environ.get("KEYBELL_PROGRAMS", ROOT / ".build/dist"))
VAULT = ROOT / "Benchmarks/ten.kdbx"
ROOM = 0.1
# Context switches depend on who runs when.
STEADY = ["instructions", "system calls", "allocations"]


def measured() -> dict:
    with tempfile.TemporaryDirectory(prefix="keybell-costs-") as name:
        folder = pathlib.Path(name)
        tools = Tools(folder)
        vault = pathlib.Path(shutil.copy(VAULT, folder))
        with session(PROGRAMS, logins=1, vault=vault) as opened:
            return costs.per_request(
                functools.partial(Daemon, opened), lambda: opened.client(tools.load, costs.GRANTED), tools, costs.REQUESTS
            )


def main() -> int:
    found = {
        name: {unit: {age: round(value, 1) for age, value in ages.items()} for unit, ages in units.items() if unit in STEADY}
        for name, units in measured().items()
    }
    if "--write" in sys.argv:
        EXPECTED.write_text(json.dumps(found, indent=4) + "\n")
        return 0
    status = 0
    expected = json.loads(EXPECTED.read_text())
    for name, units in found.items():
        for unit, ages in units.items():
            for age, value in ages.items():
                right = expected[name][unit][age]
                line = f"{name}, {unit} per request, {age}: {value:,} (expected {right:,})"
                if value > right * (1 + ROOM):
                    print(f"too many: {line}", file=sys.stderr)
                    status = 1
                elif value < right * (1 - ROOM):
                    print(f"fewer by now, see --write: {line}")
    return status


for tool in [os.environ.get("CC", "clang"), "strace", "valgrind", "vgdb", "gnome-keyring-daemon", "dbus-daemon"]:
    if shutil.which(tool) is None:
        sys.exit(f"check-costs.py needs {tool}")
enter_namespace()
sys.exit(main())
