# SPDX-License-Identifier: Apache-2.0
"""What one request costs a server, whatever else the machine does: for measure.py and .ci/check-costs.py."""

import contextlib
import pathlib

import counters
from session import Tools

# Requests before the first count, so that everything has been made that is made once, and between it and the second.
WARM, LATER = 200, 5000
FEW, MANY = 300, 2000  # how many are counted, under valgrind and strace, which are slow, and without
REQUESTS = {
    "test-associate": ["test-associate"],
    "get-logins": ["get-logins", "Url=https://host7.example.org/login"],
}
GRANTED = REQUESTS["get-logins"]
AGES = ["fresh", "later"]
UNITS = ["instructions", "system calls", "context switches", "allocations"]


def per_request(start, client, tools: Tools, requests: dict, profiles: pathlib.Path | None = None) -> dict:
    """The costs by request, unit and age.

    `start(wrapper, environment)` starts the server, for a `with` block, and `client()` is a client that becomes known to
    it. `profiles` is a folder for what callgrind and strace have by function.
    """
    costs = {name: {unit: {} for unit in UNITS} for name in requests}
    with contextlib.ExitStack() as stack:
        # New ones for each count, for the daemon remembers what a client has sent; and known before, which is quicker.
        with start():
            clients = [{name: stack.enter_context(client()) for name in requests} for _ in range(3)]

        def each(count) -> None:
            for name, load in clients.pop().items():
                load.connect(1)
                for age, before in zip(AGES, [WARM, LATER]):
                    load.run(before, *requests[name])
                    count(name, age, lambda number: load.run(number, *requests[name]))

        counter = counters.Allocations(tools.allocations, tools.folder)
        with start(environment=counter.environment) as server:

            def count_cheaply(name, age, run) -> None:
                switched, allocated = counters.switches(server.pid), counter.count()
                run(MANY)
                costs[name]["context switches"][age] = (counters.switches(server.pid) - switched) / MANY
                costs[name]["allocations"][age] = (counter.count() - allocated) / MANY

            each(count_cheaply)
        with start() as server:

            def count_calls(name, age, run) -> None:
                # The fewest: when the machine is busy threads wait for each other more often, and that takes calls.
                tables = (counters.system_calls(server.pid, tools.folder, lambda: run(FEW // 3)) for _ in range(3))
                calls = {call: times * 3 / FEW for call, times in min(tables, key=lambda table: sum(table.values())).items()}
                costs[name]["system calls"][age] = sum(calls.values())
                if profiles:
                    lines = [f"{times:8.3f} {call}\n" for call, times in sorted(calls.items(), key=lambda item: -item[1])]
                    (profiles / f"{name}.{age}.calls").write_text("".join(lines))

            each(count_calls)
        callgrind = counters.Callgrind(tools.under_valgrind, tools.folder, is_whole=profiles is not None)
        with start(callgrind.wrapper, callgrind.environment) as server:

            def count_instructions(name, age, run) -> None:
                costs[name]["instructions"][age] = callgrind.instructions(server.pid, run, FEW) / FEW
                if profiles:
                    callgrind.profile().rename(profiles / f"{name}.{age}.callgrind")

            each(count_instructions)
    return costs
