#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what a request costs the released daemon with .ci/costs.json; status 1 if one of them has grown.

Instructions and allocations depend neither on the machine nor on what else it does; 10 % is room enough. System calls
need more of it, since threads that wait for each other make some. A cost that is as far below what is written there is
told as well: then `check-costs.py --write` notes the new ones.
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
from session import Daemon, Tools, enter_namespace, is_in_namespace, session  # noqa: E402

EXPECTED = ROOT / ".ci/costs.json"
PROGRAMS = pathlib.Path(os.environ.get("KEYBELL_PROGRAMS", ROOT / ".build/dist"))
VAULT = ROOT / "Benchmarks/ten.kdbx"
# Without context switches, which depend on who runs when.
ROOM = {"instructions": 0.1, "system calls": 0.25, "allocations": 0.1}


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
        name: {unit: {age: round(value, 1) for age, value in ages.items()} for unit, ages in units.items() if unit in ROOM}
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
                if value > right * (1 + ROOM[unit]):
                    print(f"too many: {line}", file=sys.stderr)
                    status = 1
                elif value < right * (1 - ROOM[unit]):
                    print(f"fewer by now, see --write: {line}")
    return status


enter_namespace()
if not is_in_namespace():
    print("check-costs.py compares nothing: it may not make a namespace of processes, or trace them")
    sys.exit(0)
sys.exit(main())
