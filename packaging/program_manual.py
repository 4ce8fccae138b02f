#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""program_manual.py PROGRAM PAGE: a manual page, whose lines `.\\" COMMANDS` and `.\\" OPTIONS` give way to what the program's own
help says, so that the page has each of its commands and options.

PAGE is mdoc(7); what comes out is, too. Backquotes in help texts become what is to be typed.
"""

import json
import pathlib
import re
import subprocess
import sys
import textwrap

# What every command has is said once.
EVERYWHERE = {"version", "help"}


def text(words: str) -> str:
    """Help text as mdoc: a line never begins with what roff would take for a request."""
    words = words.replace("\\", "\\e")
    words = words.replace("“", "\\(lq").replace("”", "\\(rq").replace("…", "...")
    words = re.sub(r"`([^`]+)`", lambda match: rf"\fB{match[1]}\fP", words)
    paragraphs = re.split(r"\n\s*\n", words.strip())
    lines = "\n.Pp\n".join(re.sub(r"\s+", " ", paragraph) for paragraph in paragraphs)
    # A sentence ends a line (mdoc(7), "Sentence Spacing").
    lines = re.sub(r"([.:;!?]) (?=[A-Z\[])", r"\1\n", lines)
    wrapped = (part for line in lines.split("\n") for part in textwrap.wrap(line, 78, break_on_hyphens=False) or [""])
    return "\n".join("\\&" + line if line[:1] in ".'" and line != ".Pp" else line for line in wrapped)


def flags(argument: dict) -> list[str]:
    return [("" if name["kind"] == "short" else "-") + name["name"] for name in argument.get("names", [])]


def is_own(argument: dict) -> bool:
    return argument["shouldDisplay"] and argument["valueName"] not in EVERYWHERE


def usage(argument: dict) -> str:
    """An argument as it stands in the usage."""
    repeated = " ..." if argument["isRepeating"] else ""
    if argument["kind"] == "positional":
        word = f"Ar {argument['valueName']}{repeated}"
    else:
        word = f"Fl {flags(argument)[-1]}" + (f" Ar {argument['valueName']}" if argument["kind"] == "option" else "") + repeated
    return f"Op {word}" if argument["isOptional"] else word


def described(argument: dict) -> list[str]:
    """An argument as it stands in a list."""
    value = f" Ar {argument['valueName']}" if argument["kind"] == "option" else ""
    if argument["kind"] == "positional":
        head = f".It Ar {argument['valueName']}"
    else:
        head = ".It " + " , ".join(f"Fl {flag}" for flag in flags(argument)) + value
    words = [word for word in (argument.get("abstract"), argument.get("discussion")) if word]
    lines = [head, text("\n\n".join(words)) if words else ""]
    if default := argument.get("defaultValue"):
        lines.append(f"The default is {text(default)}.")
    return lines


def options(command: dict) -> list[str]:
    own = [argument for argument in command.get("arguments", []) if is_own(argument)]
    if not own:
        return []
    return [".Bl -tag -width Ds", *(line for argument in own for line in described(argument)), ".El"]


def entry(command: dict, name: str) -> list[str]:
    """A command as it stands in a list."""
    own = [usage(argument) for argument in command.get("arguments", []) if is_own(argument)]
    head = [f".It Cm {name} Xo", *(f".{word}" for word in own), ".Xc"] if own else [f".It Cm {name}"]
    words = "\n\n".join(word for word in (command.get("abstract"), command.get("discussion")) if word)
    listed = options(command)
    return [*head, text(words), *listed]


def commands(command: dict, path: str = "") -> list[str]:
    """Its commands in a list, and behind that those that have commands of their own, each with a heading."""
    children = [child for child in command.get("subcommands", []) if child["commandName"] != "help"]
    leaves = [child for child in children if not child.get("subcommands")]
    lines = [".Bl -tag -width Ds"]
    for child in leaves:
        lines += entry(child, path + child["commandName"])
    lines.append(".El")
    for child in children:
        if child not in leaves:
            name = path + child["commandName"]
            words = "\n\n".join(word for word in (child["abstract"], child.get("discussion")) if word)
            lines += [f".Ss {command['commandName']} {name}", text(words), *commands(child, name + " ")]
    return lines


def main() -> int:
    program, page = sys.argv[1:]
    dump = subprocess.run([program, "--experimental-dump-help"], check=True, capture_output=True, text=True, timeout=60)
    command = json.loads(dump.stdout)["command"]
    for line in pathlib.Path(page).read_text().splitlines():
        if line == r'.\" COMMANDS':
            print("\n".join(commands(command)))
        elif line == r'.\" OPTIONS':
            print("\n".join(options(command)))
        else:
            print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
