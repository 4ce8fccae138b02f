#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""interface_manual.py XML: the manual page of a D-Bus interface, from the comments of its introspection data.

What stands before <node> becomes the description. In all comments a paragraph is flowing text, and lines whose block is
set in are a table: a name, perhaps a type and what it is for, and its meaning, two spaces apart; a line that
continues them stands under the column that it continues.
"""

import pathlib
import re
import sys
import textwrap
import xml.etree.ElementTree as ElementTree

# The date of all pages is that of this one.
DATED = pathlib.Path(__file__).resolve().parent.parent / "man/keybelld.8"


def words(text: str) -> list[str]:
    """Flowing text as mdoc."""
    text = re.sub(r"\s+", " ", text.strip()).replace("\\", "\\e")
    for pattern, mdoc in ((r"`([^`]+)`", r"\\fB\1\\fP"), (r"\*(\w+)\*", r"\\fI\1\\fP"), ("…", "..."), ("→", r"\\(->")):
        text = re.sub(pattern, mdoc, text)
    lines = [part for line in re.sub(r"([.:;!?]) (?=[A-Z\[])", "\\1\n", text).split("\n")
             for part in textwrap.wrap(line, 78, break_on_hyphens=False)]
    return ["\\&" + line if line[0] in ".'" else line for line in lines]


def table(lines: list[str]) -> list[str]:
    """The rows of a table as a list."""
    rows: list[tuple[list[tuple[int, str]], int]] = []
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    for line in lines:
        fields = [(match.start(), match[0]) for match in re.finditer(r"\S+(?: \S+)*", line)]
        if fields[0][0] <= margin:
            rows.append(fields)
            continue
        for start, text in fields:
            # Under the column that begins there or before.
            column = max((number for number, field in enumerate(rows[-1]) if field[0] <= start), default=0)
            rows[-1][column] = (rows[-1][column][0], f"{rows[-1][column][1]} {text}")
    result = [".Bl -tag -width Ds"]
    for row in rows:
        name, *about = [text for _, text in row]
        meaning = about.pop() if about else ""
        kinds = f" ({'; '.join(about)})" if about else ""
        result += [f".It Li {name}{kinds}".rstrip(), *words(meaning)]
    return [*result, ".El"]


def paragraphs(comment: str) -> list[str]:
    """A comment as mdoc."""
    lines = textwrap.dedent(comment.strip("\n")).rstrip().split("\n")
    result: list[str] = []
    for block in re.split(r"\n\s*\n", "\n".join(lines)):
        lines = block.split("\n")
        if all(line.startswith("  ") for line in lines):
            result += table(lines)
        else:
            result += [*([".Pp"] if result else []), *words(" ".join(lines))]
    return result


def member(element: ElementTree.Element) -> list[str]:
    """A method, signal or property with its arguments."""
    kind, name = element.tag, element.get("name")
    if kind == "property":
        return [f".Ss Property {name}", f"Type {element.get('type')}, {element.get('access')}."]
    lines = [f".Ss {kind.capitalize()} {name}"]
    for direction, label in (("in", "Takes"), ("out", "Returns")):
        arguments = [f"{each.get('name')} ({each.get('type')})" for each in element.iter("arg")
                     if each.get("direction", "out") == direction]
        if arguments:
            lines += words(f"{label if kind == 'method' else 'Carries'} {', '.join(arguments)}.")
    return lines


def main() -> int:
    tree = ElementTree.parse(sys.argv[1], ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True)))
    text = open(sys.argv[1]).read()
    interface = next(tree.getroot().iter("interface"))
    name = interface.get("name")
    head = [match for match in re.findall(r"<!--(.*?)-->", text.split("<node")[0], re.DOTALL) if "SPDX" not in match]
    description = re.sub(r"^\s*" + re.escape(name) + r"[^\n]*\n", "", head[-1])
    date = re.search(r"^\.Dd .*$", DATED.read_text(), re.MULTILINE)[0]
    lines = [
        '.\\" Made from its introspection data.', date, f".Dt {name.upper()} 7", ".Os", ".Sh NAME", f".Nm {name}",
        ".Nd D-Bus interface of keybelld", ".Sh DESCRIPTION",
        *words(f"On {tree.getroot().get('name')} of org.keybell.Keybell, on the session bus."), ".Pp",
        *paragraphs(description), ".Sh MEMBERS",
    ]
    comment = None
    for element in interface:
        if element.tag is ElementTree.Comment:
            comment = element.text
        elif element.tag in ("method", "signal", "property"):
            lines += member(element)
            if comment:
                lines += [*([".Pp"] if not lines[-1].startswith(".Ss") else []), *paragraphs(re.sub(r"^\s*\w+:\s*\n", "", comment))]
            comment = None
    print("\n".join([*lines, ".Sh SEE ALSO", ".Xr keybell 1 ,", ".Xr keybelld 8"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
