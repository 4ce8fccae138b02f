#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the released programs beside the bare server, and prints tables: `make benchmark`.

    measure.py PROGRAMS [--json] [--write] [--only costs|serving|bulk] [--profiles FOLDER]

PROGRAMS has keybelld, keybell, BareServer and KeybellBenchmarks. --write puts the tables, with what machine they are
from, into docs/performance.md. --profiles keeps what callgrind and strace tell by function.
"""

import argparse
import contextlib
import functools
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import costs
import counters
import tables
from session import Bare, Daemon, Load, Tools, enter_namespace, free_port, is_in_namespace, session

ENTRIES = [10, 1000, 100_000]
LOGINS = [100, 1000]
CONNECTIONS = [1, 16]
ROUNDS = 5
SECONDS = 1.0  # of each round of each server
REST = 12  # seconds


class Measurement:
    def __init__(self, arguments: argparse.Namespace, folder: pathlib.Path):
        self.programs, self.profiles = arguments.programs, arguments.profiles
        self.tools = Tools(folder)
        self.port = free_port()

    def vault(self, entries: int) -> pathlib.Path:
        file = self.tools.folder / f"{entries}.kdbx"
        if not file.exists():
            subprocess.run([self.programs / "KeybellBenchmarks", str(entries), file], check=True)
        return file

    def bare(self, *how, **more) -> Bare:
        return Bare(self.programs / "BareServer", self.port, self.tools.folder, *how, **more)

    def costs(self) -> dict:
        found = costs.per_request(self.bare, lambda: Load(self.tools.load, self.port), self.tools,
                                  {"bare": ["test-associate"]}, self.profiles)
        with session(self.programs, logins=1, vault=self.vault(1000)) as opened:
            return found | costs.per_request(
                functools.partial(Daemon, opened), lambda: opened.client(self.tools.load, costs.GRANTED), self.tools,
                costs.REQUESTS, self.profiles,
            )

    def rates(self, busy: Load) -> list[dict]:
        """In turn with the bare server, so that all have the same of what else the machine does."""
        rows = []
        with self.bare(), Load(self.tools.load, self.port) as idle:
            contestants = {"bare": (idle, costs.REQUESTS["get-logins"])}
            contestants |= {name: (busy, request) for name, request in costs.REQUESTS.items()}
            for connections in CONNECTIONS:
                outcomes = {name: [] for name in contestants}
                counts = {}
                idle.connect(connections)
                busy.connect(connections)
                for name, (load, request) in contestants.items():
                    counts[name] = max(500, int(load.run(1000, *request)["rate"] * SECONDS))
                for _ in range(ROUNDS):
                    for name, (load, request) in contestants.items():
                        outcomes[name].append(load.run(counts[name], *request))
                medians = {
                    name: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
                    for name, runs in outcomes.items()
                }
                for name, median in medians.items():
                    share = median["rate"] / medians["bare"]["rate"]
                    rows.append({"request": name, "connections": connections, "share": share, **median})
        return rows

    def serving(self, logins: int, vault: pathlib.Path | None) -> dict:
        """Start, memory and rates with one vault."""
        with session(self.programs, logins=logins, vault=vault) as opened, contextlib.ExitStack() as stack:
            with Daemon(opened):
                load = stack.enter_context(opened.client(self.tools.load, costs.GRANTED))
            starts, firsts = [], []
            for _ in range(ROUNDS):
                with Daemon(opened) as daemon:
                    load.connect(1)
                    load.run(1, *costs.GRANTED)
                    starts.append(daemon.started)
                    firsts.append(time.monotonic() - daemon.begun)
            with Daemon(opened) as daemon:
                time.sleep(1)
                memory = [counters.dirty(daemon.pid)]
                rates = self.rates(load)
                memory.append(counters.dirty(daemon.pid))
                time.sleep(REST)
                memory.append(counters.dirty(daemon.pid))
        return {"start": statistics.median(starts), "first": statistics.median(firsts), "memory": memory, "rates": rates}

    def bulk(self) -> dict:
        """Replies with a whole vault, and what others wait meanwhile, in ms; and memory afterwards."""
        whole, found = ["get-all-logins"], {}
        allowing = '[access]\nask_bulk = "never"\n'
        with session(self.programs, 1, self.vault(1000), allowing) as opened, Daemon(opened):
            with opened.client(self.tools.load, costs.GRANTED) as load:
                found["get-all-logins of 1,000, median"] = load.run(50, *whole)["p50"] / 1000
        with session(self.programs, 1, self.vault(10_000), allowing) as opened, Daemon(opened) as daemon:
            known = functools.partial(opened.client, self.tools.load, costs.GRANTED)
            with known() as load, known() as other:
                load.begin("run", 20, *whole)
                waits = []
                while not load.has_answered():
                    waits.append(other.run(50, *costs.REQUESTS["test-associate"])["max"] / 1000)
                found["get-all-logins of 10,000, median"] = load.answer()["p50"] / 1000
                found["test-associate of another client meanwhile, longest of 50"] = statistics.median(waits)
            time.sleep(REST)
            found[f"private dirty MB {REST} s later"] = counters.dirty(daemon.pid)
        return found

    def connecting(self) -> dict:
        """The first login on a new connection, in ms, beside as many processes as a desktop has."""
        with session(self.programs, 1, self.vault(1000)) as opened, Daemon(opened), contextlib.ExitStack() as stack:
            load = stack.enter_context(opened.client(self.tools.load, costs.GRANTED))
            for _ in range(250):
                sleeper = subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL)
                stack.callback(sleeper.wait)
                stack.callback(sleeper.terminate)
            found = []
            for _ in range(50):
                load.connect(1)
                found.append(load.run(1, *costs.GRANTED)["p50"] / 1000)
        return {"first get-logins of a connection beside 250 processes, median": statistics.median(found)}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", choices=["costs", "serving", "bulk"])
    parser.add_argument("--profiles", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.profiles:
        arguments.profiles.mkdir(parents=True, exist_ok=True)
    results = {}
    with tempfile.TemporaryDirectory(prefix="keybell-benchmark-") as folder:
        measurement = Measurement(arguments, pathlib.Path(folder))
        if arguments.only in (None, "costs"):
            results["costs"] = measurement.costs()
        if arguments.only in (None, "serving"):
            results["serving"] = {
                f"file of {entries:,}": measurement.serving(1, measurement.vault(entries)) for entries in ENTRIES
            } | {f"keyring of {logins:,}": measurement.serving(logins, None) for logins in LOGINS}
        if arguments.only in (None, "bulk"):
            results["bulk"] = measurement.bulk() | measurement.connecting()
    text = tables.of(results)
    print(json.dumps(results, indent=1) if arguments.json else text)
    if arguments.write:
        tables.write(text)
    return 0


enter_namespace()
sys.exit(main() if is_in_namespace() else "measure.py may not make a namespace of processes, or trace them")
