#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks whether what the documents name is in the tree; status 1 if not.

In the pages of PAGES: every path that begins with a folder of the repository, every Swift file and type in backticks,
and every link within the repository. In comments of Swift files: every docs/PAGE.md and the section that is named after
it (docs/PAGE.md, "Section"). In Swift files of Sources: every `try?` that has no comment beside it that says why its error
doesn't matter: on its line, above its statement or behind one of the two lines that follow; and every comment of a Swift
file that says no more than "as above", which holds only until something comes in between; and every `nonisolated(unsafe)`
and `@unchecked Sendable`, which the compiler takes on trust. In Sources: every module, and
every import of one, that the table of layers in docs/architecture.md doesn't have.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = [
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / name for name in ["README.md", "CONTRIBUTING.md", "SECURITY.md", "examples/README.md"]),
]
FOLDERS = "Sources|Tests|Benchmarks|Fuzz|dbus|systemd|examples|packaging|docs|\\.ci"

# What is written like a type and belongs to another program, library or language.
OTHERS = set("""
    Application ContinuousClock GCancellable GetConnectionCredentials Host InvariantCultureIgnoreCase KP2A_URL_1
    Regular ServiceGroup SortSelection Simple String Task Type+topic
""".split())

# Ends of file names, which aren't members.
FILES = (".swift", ".md", ".service", ".socket", ".xml")

TYPE = re.compile(r"\b(?:struct|class|enum|protocol|actor|typealias|extension)\s+(?:\w+\.)*(\w+)")
SPAN = re.compile(r"`([^`\n]+)`")
NAME = re.compile(r"[A-Z]+[a-z0-9]\w*|[A-Z]{2,}[A-Z0-9]*[a-z]\w*")
PATH = re.compile(rf"(?<![\w/.-])(?:{FOLDERS})/[\w.+*/-]*[\w*/]")
LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)]*))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TRY = re.compile(r"\btry\?(?!\w)")
# A comment behind code, and the ends of lines whose statement goes on below.
TRAILING = re.compile(r"\S  ?// ")
CONTINUED = (",", "guard", "=", "(", "if")
AS_ABOVE = re.compile(r"//+ *(?:the )?(?:same )?as above\b", re.IGNORECASE)
UNCHECKED = re.compile(r"nonisolated\(unsafe\)|@unchecked\s+Sendable")
CITED = re.compile(r"docs/(\w+\.md)(?:, \"([^\"]+)\")?")


def swift_files() -> list[pathlib.Path]:
    folders = ["Sources", "Tests", "Benchmarks", "Fuzz"]
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.swift"))]


def known_names(texts: dict[pathlib.Path, str]) -> set[str]:
    names = {name for text in texts.values() for name in TYPE.findall(text)}
    names |= set(re.findall(r'"(\w+)"', (ROOT / "Package.swift").read_text()))
    names |= {file.stem for file in texts}
    # Words of the wire, of the bus and of files: whatever is a whole string in the sources.
    names |= {word for file, text in texts.items() if "Sources" in file.parts for word in re.findall(r'"(\w+)"', text)}
    names |= {word for file in (ROOT / "dbus").glob("*.xml") for word in re.findall(r'name="(\w+)"', file.read_text())}
    return names


def without_blocks(text: str) -> str:
    """The page without its indented and fenced code, line by line, so that line numbers stay."""
    text = re.sub(r"^```.*?^```", lambda match: "\n" * match.group().count("\n"), text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"^    .*$", "", text, flags=re.MULTILINE)


def slugs(page: pathlib.Path) -> set[str]:
    """The names by which a page's headings are linked."""
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(page.read_text())}


def missing_in(page: pathlib.Path, names: set[str]) -> list[str]:
    wrong = []
    text = page.read_text()
    for number, line in enumerate(text.splitlines(), 1):
        for path in PATH.findall(line):
            if not any(ROOT.glob(path.rstrip("/"))):
                wrong.append(f"{page.relative_to(ROOT)}:{number}: there is no {path}")
        for target, section in LINK.findall(line):
            linked = page.parent / target if target else page
            if "://" not in target and not (linked.exists() and (not section or section in slugs(linked))):
                wrong.append(f"{page.relative_to(ROOT)}:{number}: the link leads nowhere: {target} {section}")
    for number, line in enumerate(without_blocks(text).splitlines(), 1):
        for span in SPAN.findall(line):
            if re.fullmatch(r"[\w+]+\.swift", span) and pathlib.Path(span).stem not in names | OTHERS:
                wrong.append(f"{page.relative_to(ROOT)}:{number}: there is no {span}")
            # A type, or a member of one.
            name = re.match(r"([A-Za-z]\w*)(?:\.\w+(?:\(.*\))?)?$", span)
            if not name or span.endswith(FILES) or not NAME.fullmatch(name[1]) or name[1] in names | OTHERS:
                continue
            wrong.append(f"{page.relative_to(ROOT)}:{number}: there is no type {name[1]}")
    return wrong


def wrong_citations(file: pathlib.Path, text: str) -> list[str]:
    wrong = []
    for page, section in CITED.findall(re.sub(r"\n\s*///? ?", " ", text)):
        cited = ROOT / "docs" / page
        if not cited.exists():
            wrong.append(f"{file.relative_to(ROOT)}: there is no docs/{page}")
        elif section and not re.search(rf"^#+ {re.escape(section)}$", cited.read_text(), re.MULTILINE):
            wrong.append(f"{file.relative_to(ROOT)}: docs/{page} has no section \"{section}\"")
    return wrong


def tries_without_reason(file: pathlib.Path, text: str) -> list[str]:
    wrong = []
    lines = text.splitlines()
    for index, line in enumerate(lines):
        if line.lstrip().startswith("//") or not TRY.search(line):
            continue
        first = index
        while first and lines[first - 1].endswith(CONTINUED):
            first -= 1
        above = lines[max(first - 1, 0)].lstrip()
        beside = lines[max(index - 1, 0):index + 3]
        if above.startswith("// ") or any(TRAILING.search(other) for other in beside):
            continue
        wrong.append(f"{file.relative_to(ROOT)}:{index + 1}: a try? without its reason")
    return wrong


def unchecked_promises(file: pathlib.Path, text: str) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}: what may cross threads is left to the compiler to check"
        for number, line in enumerate(text.splitlines(), 1)
        if UNCHECKED.search(line)
    ]


def bare_references(file: pathlib.Path, text: str) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}: \"as above\" says nothing here"
        for number, line in enumerate(text.splitlines(), 1)
        if AS_ABOVE.search(line)
    ]


def wrong_layers() -> list[str]:
    """What the table of layers leaves out: a module, or what one may import."""
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in (ROOT / "docs" / "architecture.md").read_text().splitlines()
        if line.startswith("| ") and line.count("|") == 5
    ]
    folders = [folder for folder in (ROOT / "Sources").glob("*/*") if folder.is_dir()]
    layers = {folder.parent.name: {f.name for f in folders if f.parent == folder.parent} for folder in folders}
    modules = {folder.name for folder in folders}
    imports: dict[str, set[str]] = {}
    wrong = []
    layer = ""
    for first, names, _, allowed in rows:
        layer = re.sub(r"`Sources/(\w+)`", r"\1", first) or layer
        may = layers["Libraries"] | (set() if layer in ("Libraries", "Primitives") else layers["Primitives"])
        given, _, but = allowed.partition("but for")
        may |= set(re.findall(r"`(\w+)`", given)) | (modules if "everything" in given else set())
        may |= {name for word in re.findall(r"\w+", given) if word in layers for name in layers[word]}
        # After "and" something is given again.
        may |= {name for word in re.findall(r"and (\w+)", but) if word in layers for name in layers[word]}
        may -= set(re.findall(r"`(\w+)`", but))
        for name in re.findall(r"`([\w-]+)`", names):
            imports[name] = may
    for folder in folders:
        if folder.name not in imports:
            wrong.append(f"docs/architecture.md: its table of layers doesn't name {folder.name}")
            continue
        found = {
            name
            for file in folder.rglob("*.swift")
            for name in re.findall(r"^(?:@testable |package |public |internal |private )?import (\w+)", file.read_text(), re.MULTILINE)
        }
        for name in sorted(found & modules - imports[folder.name] - {folder.name}):
            wrong.append(f"docs/architecture.md: its table of layers doesn't let {folder.name} import {name}")
    return wrong


def main() -> int:
    texts = {file: file.read_text() for file in [*swift_files(), ROOT / "Package.swift"]}
    names = known_names(texts)
    wrong = [line for page in PAGES for line in missing_in(page, names)]
    wrong += [line for file, text in texts.items() for line in wrong_citations(file, text)]
    for file, text in texts.items():
        wrong += bare_references(file, text) + unchecked_promises(file, text)
        if "Sources" in file.parts:
            wrong += tries_without_reason(file, text)
    wrong += wrong_layers()
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())
