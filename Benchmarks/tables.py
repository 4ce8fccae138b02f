# SPDX-License-Identifier: Apache-2.0
"""The results of measure.py as tables in Markdown, and their place in docs/performance.md."""

import datetime
import os
import pathlib
import platform
import re

import costs

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs/performance.md"
BEGIN, END = "<!-- measured -->", "<!-- end -->"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def number(value: float, unit: str = "") -> str:
    return f"{value:,.0f}" if unit == "instructions" or value >= 100 else f"{value:.1f}"


def of(results: dict) -> str:
    text = ""
    if "costs" in results:
        found = results["costs"]
        head = ["per request, at first → after 5,000", *found]
        rows = [
            [unit, *(" → ".join(number(found[name][unit][age], unit) for age in costs.AGES) for name in found)]
            for unit in costs.UNITS
        ]
        text += table(head, rows) + "\n"
    if "serving" in results:
        rows, states = [], []
        for vault, found in results["serving"].items():
            for row in found["rates"]:
                rows.append([
                    vault, str(row["connections"]), row["request"], number(row["rate"]), f"{row['share']:.2f}",
                    *(number(row[key]) for key in ["p50", "p90", "p99"]),
                ])
            times = [f"{found[key] * 1000:.0f}" for key in ["start", "first"]]
            states.append([vault, *times, *(f"{memory:.1f}" for memory in found["memory"])])
        text += table(["vault", "connections", "request", "per second", "share of bare", "50 % within µs", "90 %", "99 %"],
                      rows) + "\n"
        text += table(["vault", "start, ms", "to the first login", "private dirty MB: idle", "after load", "12 s later"], states) + "\n"
    if "bulk" in results:
        text += table(["what else", "ms or MB"], [[what, f"{value:.1f}"] for what, value in results["bulk"].items()])
    return text.rstrip() + "\n"


def machine() -> str:
    model = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())
    return (f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores, {int(memory[1]) / 2**20:.0f} GiB, "
            f"Linux {platform.release()}, {datetime.date.today()}")


def write(text: str) -> None:
    """Puts the tables and the machine's description between the marks in docs/performance.md."""
    page = PAGE.read_text()
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{machine()}:\n\n{text}{END}{after}")
