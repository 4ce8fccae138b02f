# SPDX-License-Identifier: Apache-2.0
"""What a running process has used so far: each function gives how much more it is after `run` than before."""

import mmap
import pathlib
import re
import signal
import struct
import subprocess
import time


def switches(pid: int) -> int:
    """Context switches of all of its threads."""
    total = 0
    for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        total += sum(map(int, re.findall(r"ctxt_switches:\s+(\d+)", status.read_text())))
    return total


def dirty(pid: int) -> float:
    """Private dirty memory in MB."""
    return int(re.search(r"Private_Dirty:\s+(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text())[1]) / 1024


def system_calls(pid: int, folder: pathlib.Path, run) -> dict[str, int]:
    """The system calls of all threads by name, while `run` runs."""
    table = folder / "strace"
    strace = subprocess.Popen(["strace", "-c", "-f", "-U", "calls,name", "-o", table, "-p", str(pid)],
                              stderr=subprocess.DEVNULL)
    tasks = pathlib.Path(f"/proc/{pid}/task")
    while any("TracerPid:\t0\n" in status.read_text() for status in tasks.glob("*/status")):
        if strace.poll() is not None:
            raise RuntimeError("strace can't attach")
        time.sleep(0.05)
    run()
    strace.send_signal(signal.SIGINT)
    strace.wait()
    calls = {name: int(count) for count, name in re.findall(r"^\s*(\d+)\s+(\w+)$", table.read_text(), re.MULTILINE)}
    calls.pop("total", None)
    return calls


class Allocations:
    """Counted by Load/allocations.c, which is preloaded by `environment`."""

    def __init__(self, library: pathlib.Path, folder: pathlib.Path):
        file = folder / "allocations"
        file.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "KEYBELL_ALLOCATIONS": str(file)}
        with open(file, "r+b") as opened:
            self.memory = mmap.mmap(opened.fileno(), 8)

    def count(self) -> int:
        return struct.unpack("Q", self.memory[:8])[0]


class Callgrind:
    """User instructions, counted by valgrind's callgrind, which runs the program by `wrapper` and `environment`.

    `is_whole` has it follow all calls from the start: slow, and right as to which function called which.
    """

    def __init__(self, library: pathlib.Path, folder: pathlib.Path, is_whole: bool):
        self.folder, self.is_whole = folder, is_whole
        self.environment = {"LD_PRELOAD": str(library)}
        self.wrapper = ["valgrind", "--tool=callgrind", "--quiet", f"--instr-atstart={'yes' if is_whole else 'no'}",
                        f"--callgrind-out-file={folder}/callgrind"]

    def instructions(self, pid: int, run, count: int) -> int:
        for old in self.folder.glob("callgrind.*"):
            old.unlink()
        if not self.is_whole:
            self.tell(pid, "instrumentation on")
            # Code is translated anew, and what began before is over.
            run(20)
        self.tell(pid, "zero")
        run(count)
        self.tell(pid, "dump")
        if not self.is_whole:
            self.tell(pid, "instrumentation off")
        return int(re.search(r"^summary: (\d+)", self.profile().read_text(), re.MULTILINE)[1])

    def profile(self) -> pathlib.Path:
        """What the last dump has by function."""
        return next(self.folder.glob("callgrind.*"))

    @staticmethod
    def tell(pid: int, command: str) -> None:
        subprocess.run(["vgdb", f"--pid={pid}", *command.split()], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=120)
