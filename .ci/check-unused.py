#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reports what is declared in Sources and used nowhere there, and what of Tests nothing uses; status 1 if there is any.

It reads the index that a debug build with tests leaves in .build/debug/index/store. A use by tests alone is none, nor
is one by the declaration itself or by what is unused, and a property that is only written is unused. Fuzz and
Benchmarks, which that build leaves out, are read as words.
"""

import collections
import ctypes
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What is used in a way that the index doesn't show, or kept for a reason: "Type.member" or "name", and the reason.
EXCEPTIONS = {
    "BusConnection.uniqueName": "by it a connection is addressed, which our programs only do by well-known names",
    "ChildProgram.pid": "tests look whether that process is gone",
    "ClientRegistry.doubles()": "tests wait until the keyring tells of both items",
    "FairQueue.waitingCount": "tests wait for who waits",
    "FairWorkQueue.waitingCount": "tests wait for who waits",
    "IncomingReply.hash": "what a reply has, of which the command line needs less",
    "IncomingReply.version": "what a reply has, of which the command line needs less",
    "KDBXFileWatch.watch": "ends when it is let go of",
    "KeyTerminal.cleanup": "ends when it is let go of",
    "ProcessReadQueue.waiters": "tests wait for who waits",
    "ReplyBudget.taken": "tests look whether all is given back",
    "SaveResults.joiningCount": "tests wait for who waits",
    "SearchQueue.waitingCount": "tests wait for who waits",
    "SessionGuard.alarms": "end when they are let go of",
    "State.alarm": "ends when it is let go of",
    "State.source": "ends when it is let go of",
    "State.watch": "ends when it is let go of",
    "WipedBytes.init(copying:)": "so tests make the body of a request",
}

# Roles of an occurrence and of its relations, and kinds of symbols: indexstore/indexstore.h of the toolchain.
DEFINITION, REFERENCE, READ, WRITE, IMPLICIT = 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 8
CHILD_OF, BASE_OF, OVERRIDE_OF, CALLED_BY = 1 << 9, 1 << 10, 1 << 11, 1 << 13
EXTENDED_BY, ACCESSOR_OF, CONTAINED_BY = 1 << 14, 1 << 15, 1 << 16
KINDS = {
    5: "enum", 6: "struct", 7: "class", 8: "protocol", 11: "type alias", 12: "function", 13: "variable",
    15: "case", 16: "method", 17: "method", 18: "static method", 19: "property", 20: "property",
    21: "static property", 22: "initializer",
}
VARIABLES = {13, 19, 20, 21}
# Cases of enums with these are made from values, and properties of types with these are read by what is synthesized.
FROM_VALUES = {"String", "Int", "UInt8", "UInt16", "UInt32", "Int32", "CaseIterable"}
SYNTHESIZED = {"Hashable", "Equatable", "Codable", "Encodable", "Decodable"}
# Attributes by which something else calls what they stand at.
CALLED_FROM_OUTSIDE = re.compile(r"@(main|_cdecl|Option|Flag|Argument|OptionGroup)\b")


class Text(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    def __str__(self) -> str:
        return ctypes.string_at(self.data, self.length).decode() if self.length else ""


Handle = ctypes.c_void_p
Visitor = ctypes.CFUNCTYPE(ctypes.c_bool, Handle, Handle)
NameVisitor = ctypes.CFUNCTYPE(ctypes.c_bool, Handle, Text)


class Index:
    """The toolchain's library for index stores, as far as it is needed here."""

    SIGNATURES = {
        "store_create": (Handle, ctypes.c_char_p, Handle),
        "store_units_apply_f": (ctypes.c_bool, Handle, ctypes.c_uint, Handle, NameVisitor),
        "unit_reader_create": (Handle, Handle, ctypes.c_char_p, Handle),
        "unit_reader_dispose": (None, Handle),
        "unit_reader_get_main_file": (Text, Handle),
        "unit_reader_get_working_dir": (Text, Handle),
        "unit_reader_get_modification_time": (
            None, Handle, ctypes.POINTER(ctypes.c_int64), ctypes.POINTER(ctypes.c_int64)
        ),
        "unit_reader_dependencies_apply_f": (ctypes.c_bool, Handle, Handle, Visitor),
        "unit_dependency_get_kind": (ctypes.c_int, Handle),
        "unit_dependency_get_name": (Text, Handle),
        "unit_dependency_get_filepath": (Text, Handle),
        "record_reader_create": (Handle, Handle, ctypes.c_char_p, Handle),
        "record_reader_dispose": (None, Handle),
        "record_reader_occurrences_apply_f": (ctypes.c_bool, Handle, Handle, Visitor),
        "occurrence_get_symbol": (Handle, Handle),
        "occurrence_get_roles": (ctypes.c_uint64, Handle),
        "occurrence_get_line_col": (
            None, Handle, ctypes.POINTER(ctypes.c_uint), ctypes.POINTER(ctypes.c_uint)
        ),
        "occurrence_relations_apply_f": (ctypes.c_bool, Handle, Handle, Visitor),
        "symbol_relation_get_roles": (ctypes.c_uint64, Handle),
        "symbol_relation_get_symbol": (Handle, Handle),
        "symbol_get_kind": (ctypes.c_int, Handle),
        "symbol_get_name": (Text, Handle),
        "symbol_get_usr": (Text, Handle),
    }
    RECORD = 2

    def __init__(self, library: pathlib.Path, store: pathlib.Path):
        loaded = ctypes.CDLL(str(library))
        for name, (result, *arguments) in self.SIGNATURES.items():
            function = getattr(loaded, "indexstore_" + name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)
        self.store = self.store_create(str(store).encode(), None)
        if not self.store:
            sys.exit(f"{store} is no index store")

    def records(self) -> dict[str, tuple[int, str]]:
        """Every Swift file of Sources and Tests that is still there: when it was indexed last, and its record."""
        names: list[str] = []
        self.store_units_apply_f(self.store, 0, None, NameVisitor(lambda _, name: names.append(str(name)) or True))
        found: dict[str, tuple[int, str]] = {}
        for name in names:
            unit = self.unit_reader_create(self.store, name.encode(), None)
            if not unit:
                continue
            folder = str(self.unit_reader_get_working_dir(unit))
            path = str(self.unit_reader_get_main_file(unit)).removeprefix(folder + "/")
            if path.startswith(("Sources/", "Tests/")) and path.endswith(".swift") and (ROOT / path).exists():
                seconds, nanoseconds = ctypes.c_int64(), ctypes.c_int64()
                self.unit_reader_get_modification_time(unit, ctypes.byref(seconds), ctypes.byref(nanoseconds))
                record: list[str] = []

                def note(_, dependency):
                    if self.unit_dependency_get_kind(dependency) == self.RECORD:
                        if str(self.unit_dependency_get_filepath(dependency)).endswith(path):
                            record.append(str(self.unit_dependency_get_name(dependency)))
                    return True

                self.unit_reader_dependencies_apply_f(unit, None, Visitor(note))
                if record:
                    found[path] = max(found.get(path, (0, "")), (seconds.value, record[0]))
            self.unit_reader_dispose(unit)
        return found

    def occurrences(self, record: str):
        """Per occurrence: its symbol's kind, name and USR, its roles, its line, and its relations as (roles, USR)."""
        reader = self.record_reader_create(self.store, record.encode(), None)
        if not reader:
            return []
        found = []
        line, column = ctypes.c_uint(), ctypes.c_uint()
        symbols: dict[int, tuple[int, str, str]] = {}

        def symbol(handle):
            if handle not in symbols:
                symbols[handle] = (
                    self.symbol_get_kind(handle), str(self.symbol_get_name(handle)), str(self.symbol_get_usr(handle))
                )
            return symbols[handle]

        relations: list = []

        def relate(_, relation):
            _kind, _name, usr = symbol(self.symbol_relation_get_symbol(relation))
            relations.append((self.symbol_relation_get_roles(relation), usr))
            return True

        relating = Visitor(relate)

        def note(_, occurrence):
            nonlocal relations
            relations = []
            self.occurrence_relations_apply_f(occurrence, None, relating)
            self.occurrence_get_line_col(occurrence, ctypes.byref(line), ctypes.byref(column))
            roles = self.occurrence_get_roles(occurrence)
            found.append((*symbol(self.occurrence_get_symbol(occurrence)), roles, line.value, relations))
            return True

        self.record_reader_occurrences_apply_f(reader, None, Visitor(note))
        self.record_reader_dispose(reader)
        return found


class Declarations:
    """What is declared, where, within what, and who uses it; symbols by their USR."""

    def __init__(self) -> None:
        self.declared: dict[str, tuple[str, int, int, str]] = {}
        self.computed: set[str] = set()
        self.parents: dict[str, str] = {}
        # By the user; what stands at the top of a file is used by that file.
        self.uses: dict[str, set[str]] = collections.defaultdict(set)
        self.written: dict[str, set[str]] = collections.defaultdict(set)
        self.overridden: dict[str, set[str]] = collections.defaultdict(set)
        self.bases: dict[str, set[str]] = collections.defaultdict(set)

    def read(self, path: str, occurrences: list) -> None:
        for kind, name, usr, roles, line, relations in occurrences:
            for role, other in relations:
                if role & (CHILD_OF | ACCESSOR_OF) and roles & DEFINITION:
                    self.parents[usr] = other
                if role & ACCESSOR_OF and not roles & IMPLICIT:
                    self.computed.add(other)
                if role & OVERRIDE_OF:
                    self.overridden[usr].add(other)
                if role & EXTENDED_BY:
                    self.parents[other] = usr
                if role & BASE_OF:
                    self.bases[other].add(name)
            # "getter:name"; where one is called, its property stands, too.
            accessor = ":" in name.split("(")[0]
            if roles & DEFINITION and not roles & IMPLICIT and kind in KINDS and not accessor:
                self.declared[usr] = (path, line, kind, name)
            if roles & REFERENCE and not accessor and not any(role & EXTENDED_BY for role, _ in relations):
                users = {other for role, other in relations if role & (CALLED_BY | CONTAINED_BY | BASE_OF)} or {path}
                only_written = kind in VARIABLES and roles & WRITE and not roles & READ
                for user in users:
                    (self.written if only_written else self.uses)[user].add(usr)

    def owner(self, usr: str) -> str:
        """The declared type or function around it, if any."""
        usr = self.parents.get(usr, "")
        while usr and usr not in self.declared:
            usr = self.parents.get(usr, "")
        return usr

    def comes_with_parent(self, usr: str) -> bool:
        """Whether it has no name to be called by, or is called by somebody else's code."""
        if usr not in self.declared or any(other not in self.declared for other in self.overridden.get(usr, ())):
            return True
        kind, bases = self.declared[usr][2], self.bases[self.owner(usr)]
        if KINDS[kind] == "property":
            return usr not in self.computed and bool(bases & SYNTHESIZED)
        return KINDS[kind] == "case" and bool(bases & FROM_VALUES)

    def reached(self, roots: set[str]) -> set[str]:
        followers = collections.defaultdict(set)
        for child, parent in self.parents.items():
            if self.comes_with_parent(child):
                followers[parent].add(child)
        for witness, requirements in self.overridden.items():
            for requirement in requirements & self.declared.keys():
                followers[requirement].add(witness)
        found: set[str] = set()
        waiting = list(roots)
        while waiting:
            usr = waiting.pop()
            if usr not in found:
                found.add(usr)
                waiting += [*self.uses.get(usr, ()), *followers[usr]]
                waiting += [self.parents[usr]] if usr in self.parents else []
        return found


class Elsewhere:
    """What Fuzz and Benchmarks name: a member after a dot, an initializer by its type and its first label."""

    def __init__(self) -> None:
        files = (file for folder in ("Fuzz", "Benchmarks") for file in (ROOT / folder).rglob("*.swift"))
        text = "\n".join(file.read_text() for file in files)
        self.words = set(re.findall(r"\w+", text))
        self.members = set(re.findall(r"\.(\w+)", text))
        self.labels = set(re.findall(r"(\w+):", text)) | {"_", ")"}

    def names(self, kind: str, name: str, owner: str) -> bool:
        plain, _, rest = name.partition("(")
        if kind == "initializer":
            return (not owner or owner in self.words) and rest.split(":")[0] in self.labels
        return plain in (self.members if owner else self.words)


def roots(symbols: Declarations, lines: dict[str, list[str]]) -> tuple[set[str], set[str]]:
    """Where uses begin: in Sources, Fuzz and Benchmarks, and in Tests."""
    elsewhere = Elsewhere()
    sources = {path for path in lines if path.startswith("Sources/")}
    tests = set(lines) - sources
    for usr, (path, line, kind, name) in symbols.declared.items():
        is_operator = not re.match(r"\w", name)
        if path.startswith("Tests/"):
            # The names of tests are sentences.
            if " " in name.split("(")[0] or is_operator:
                tests.add(usr)
        elif is_operator or CALLED_FROM_OUTSIDE.search("\n".join(lines[path][max(0, line - 3):line])):
            sources.add(usr)
        else:
            owner = symbols.owner(usr)
            if elsewhere.names(KINDS[kind], name, symbols.declared[owner][3] if owner else ""):
                sources.add(usr)
    return sources, tests


def unused(symbols: Declarations, lines: dict[str, list[str]]) -> list[str]:
    sources, tests = roots(symbols, lines)
    alive, tested = symbols.reached(sources), symbols.reached(sources | tests)
    written = set().union(*symbols.written.values())
    found, unneeded = [], set(EXCEPTIONS)
    for usr, (path, line, kind, name) in symbols.declared.items():
        owner, in_tests = symbols.owner(usr), path.startswith("Tests/")
        used = tested if in_tests else alive
        # Of what is unused as a whole, nothing more; and tests may hold what ends when it is let go of.
        if usr in used or owner and owner not in used or in_tests and usr in written:
            continue
        name = f"{symbols.declared[owner][3]}.{name}" if owner else name
        unneeded.discard(name)
        if name not in EXCEPTIONS:
            how = "only tests use it" if usr in tested else "only written" if usr in written else "nothing uses it"
            found.append(f"{path}:{line}: {KINDS[kind]} {name}: {how}")
    return found + [f"check-unused.py excepts {name} without need" for name in unneeded]


def main() -> int:
    command = [os.environ.get("SWIFT", "swift"), "-print-target-info"]
    information = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    library = pathlib.Path(information["paths"]["runtimeResourcePath"]).parent / "libIndexStore.so"
    index = Index(library, ROOT / ".build/debug/index/store")
    records = index.records()
    missing = {str(file.relative_to(ROOT)) for file in (ROOT / "Sources").rglob("*.swift")} - records.keys()
    if missing:
        sys.exit(f"The index lacks {min(missing)} and {len(missing) - 1} more: run `swift build --build-tests` first.")
    symbols = Declarations()
    for path, (_, record) in records.items():
        symbols.read(path, index.occurrences(record))
    found = unused(symbols, {path: (ROOT / path).read_text().splitlines() for path in records})
    for line in sorted(found):
        print(line, file=sys.stderr)
    return 1 if found else 0


sys.exit(main())
