# SPDX-License-Identifier: Apache-2.0
"""A throwaway session with a keyring, the daemon in it, and a client: for measure.py and .ci/check-costs.py."""

import contextlib
import itertools
import json
import os
import pathlib
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

LOAD = pathlib.Path(__file__).resolve().parent / "Load"
NAMESPACE = "KEYBELL_NAMESPACE"
DEADLINE = 120  # seconds for whatever is waited for; valgrind takes its time


class Tools:
    """What is in Load, compiled into a folder."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.load = self.made("load", "load.c", "requests.c", "-lcrypto")
        self.allocations = self.made("allocations.so", "-shared", "-fPIC", "allocations.c")
        self.under_valgrind = self.made("under_valgrind.so", "-shared", "-fPIC", "under_valgrind.c")

    def made(self, name: str, *arguments: str) -> pathlib.Path:
        options = [os.environ.get("CC", "clang"), "-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-o", self.folder / name]
        subprocess.run([*options, *arguments], cwd=LOAD, check=True)
        return self.folder / name


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what, holds) -> None:
    end = time.monotonic() + DEADLINE
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.001)


def end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Load:
    """A client with a key of its own, on one connection unless told otherwise."""

    names = itertools.count(1)

    def __init__(self, program: pathlib.Path, port: int):
        self.process = subprocess.Popen([program, str(port), f"client{next(self.names)}"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.connect(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        end(self.process)

    def begin(self, *words) -> None:
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the client has ended")
        return json.loads(line)

    def has_answered(self) -> bool:
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def command(self, *words) -> dict:
        self.begin(*words)
        return self.answer()

    def connect(self, connections: int) -> None:
        self.command("connect", connections)

    def run(self, count: int, *request: str) -> dict:
        outcome = self.command("run", count, *request)
        if outcome["wrong"]:
            raise RuntimeError(f"{outcome['wrong']} of {count} requests failed: {' '.join(request)}")
        return outcome


class Session:
    """A bus, a gnome-keyring with so many logins, and a configuration file; `folder` is removed by the caller."""

    def __init__(self, programs: pathlib.Path, folder: pathlib.Path, logins: int, vault: pathlib.Path | None = None,
                 configuration: str = ""):
        self.programs, self.folder, self.port = programs, folder, free_port()
        self.vault = vault
        self.environment = {
            "HOME": str(folder), "PATH": os.environ["PATH"], "DBUS_SESSION_BUS_ADDRESS": f"unix:path={folder}/runtime/bus",
        }
        for variable, name in [
            ("XDG_RUNTIME_DIR", "runtime"), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"),
            ("XDG_STATE_HOME", "state"), ("XDG_CACHE_HOME", "cache"),
        ]:
            (folder / name).mkdir(mode=0o700)
            self.environment[variable] = str(folder / name)
        self.configuration = folder / "config/keybell/config.toml"
        self.configuration.parent.mkdir(mode=0o700)
        text = f"[http]\nport = {self.port}\n[approval]\nnotifier = false\n{configuration}"
        if vault:
            text += f'[[vault]]\nkind = "kdbx"\nname = "main"\npath = "{vault}"\n'
            text += 'password_command = ["printf", "demopass"]\n'
        self.configuration.write_text(text)
        self.write_keyring(logins)
        self.processes = [
            self.start(["dbus-daemon", "--session", "--nofork", "--nopidfile",
                        f"--address={self.environment['DBUS_SESSION_BUS_ADDRESS']}"])
        ]
        wait_until("the bus", (folder / "runtime/bus").exists)
        self.processes.append(self.start(["gnome-keyring-daemon", "--components=secrets", "--foreground"]))
        wait_until("the keyring", lambda: self.keyring("Unlock", "array:objpath:/org/freedesktop/secrets/aliases/default"))

    def start(self, command: list) -> subprocess.Popen:
        return subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def keyring(self, member: str, argument: str) -> bool:
        command = ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets",
                   f"org.freedesktop.Secret.Service.{member}", argument]
        return subprocess.run(command, env=self.environment, capture_output=True, timeout=DEADLINE).returncode == 0

    def write_keyring(self, logins: int) -> None:
        """As a file without a password; to have gnome-keyring make as many items takes minutes."""
        lines = ["[keyring]", "display-name=big", "ctime=0", "mtime=0", "lock-on-idle=false", "lock-after=false"]
        for number in range(1, logins + 1):
            lines += ["", f"[{number}]", "item-type=0", f"display-name=Login {number}", f"secret=password {number}",
                      f"mtime={1_700_000_000 + number}", f"ctime={1_700_000_000 + number}"]
            attributes = {
                "xdg:schema": "org.keybell.Login", "uuid": f"{number:032x}", "title": f"Login {number}",
                "username": f"user{number}", "url": f"https://host{number}.example.org/",
            }
            for index, (name, value) in enumerate(attributes.items()):
                lines += ["", f"[{number}:attribute{index}]", f"name={name}", "type=string", f"value={value}"]
        keyrings = self.folder / "data/keyrings"
        keyrings.mkdir(mode=0o700)
        (keyrings / "big.keyring").write_text("\n".join(lines) + "\n")
        (keyrings / "default").write_text("big")

    def keybell(self, *arguments: str) -> str:
        return subprocess.run([self.programs / "keybell", *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=DEADLINE).stdout

    def allow(self, scope: list[str]) -> None:
        """Allows the next question."""
        waiting = []
        wait_until("a question", lambda: waiting.extend(json.loads(self.keybell("requests", "--json") or "[]")) or waiting)
        self.keybell("allow", waiting[0]["code"], *scope)

    @contextlib.contextmanager
    def client(self, program: pathlib.Path, granted: list[str]):
        """A client whose key is known and that has a grant for a request."""
        with Load(program, self.port) as load:
            load.begin("ask", "associate", "Key")
            self.allow([])
            if not load.answer()["Success"]:
                raise RuntimeError("the client was not associated")
            load.begin("ask", *granted)
            self.allow(["--scope", "always"])
            if load.answer()["Count"] != 1:
                raise RuntimeError("the login was not handed out")
            yield load

    def close(self) -> None:
        for process in reversed(self.processes):
            end(process)


def enter_namespace() -> None:
    """Starts this program anew among processes of its own: keybelld looks for who asks among all that it sees.

    Returns where that can't be had, or no process may be traced; and in the program that was started.
    """
    if is_in_namespace():
        return
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", *user, "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*command, "strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0:
        os.environ[NAMESPACE] = "1"
        os.execvp(command[0], [*command, sys.executable, *sys.argv])


def is_in_namespace() -> bool:
    return os.environ.get(NAMESPACE) == "1"


@contextlib.contextmanager
def session(programs: pathlib.Path, logins: int = 10, vault: pathlib.Path | None = None, configuration: str = ""):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="keybell-costs-"))
    opened = None
    try:
        opened = Session(programs, folder, logins, vault, configuration)
        yield opened
    finally:
        if opened:
            opened.close()
        shutil.rmtree(folder, ignore_errors=True)


class Server:
    """A program that serves, maybe inside of another one, and ends with the block; `started` is its time until then."""

    def __init__(self, command: list, environment: dict, log: pathlib.Path, is_up):
        start = time.monotonic()
        with open(log, "w") as output:
            self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.pid = self.process.pid

        def has_come() -> bool:
            if self.process.poll() is not None:
                raise RuntimeError(log.read_text())
            return is_up()

        try:
            wait_until(command[0], has_come)
        except BaseException:
            end(self.process)
            raise
        self.begun, self.started = start, time.monotonic() - start

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)


class Bare(Server):
    """Benchmarks/BareServer, up when its port is."""

    def __init__(self, program: pathlib.Path, port: int, folder: pathlib.Path, wrapper: list = [], environment: dict = {}):
        def is_up() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        super().__init__([*wrapper, program, str(port)], os.environ | environment, folder / "bare.log", is_up)


class Daemon(Server):
    """keybelld, up when it says so to the service manager: it has its ports and its name by then. Its file is opened."""

    def __init__(self, session: Session, wrapper: list = [], environment: dict = {}):
        notices, program = session.folder / "notices", session.programs / "keybelld"
        notices.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            notified.bind(str(notices))
            notified.settimeout(0.001)

            def is_up() -> bool:
                with contextlib.suppress(TimeoutError):
                    return b"READY=1" in notified.recv(4096)
                return False

            super().__init__(
                [*wrapper, program, "--config", session.configuration],
                session.environment | {"NOTIFY_SOCKET": str(notices), "KEYBELL_PROGRAM": str(program)} | environment,
                session.folder / "log", is_up,
            )
        if session.vault:
            session.keybell("unlock", "main")
