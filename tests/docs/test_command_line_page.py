"""The page of the command line names every command and every flag that there is, and no other."""

from __future__ import annotations

import argparse
import re

import pytest
from docs.documents import text_of

from cosfast.cli.commands import NAMES, build_parser

SHARED = "Flags of many"
_FLAG = re.compile(r"`(-{1,2}[A-Za-z][A-Za-z-]*)(?: [A-Z_]+)?`")


def sections():
    """Return the lines of tables of each section, by every name in its heading."""
    found = {}
    for section in text_of("docs/command-line.md").split("\n## ")[1:]:
        heading, _, text = section.partition("\n")
        rows = [line for line in text.splitlines() if line.startswith("| `")]
        for name in [heading] if heading == SHARED else heading.split(", "):
            found[name] = rows
    return found


def told(name):
    """Return the flags that the page gives a command."""
    parts = sections()
    flags = {flag for row in parts[name] for flag in _FLAG.findall(row.split("|")[1])}
    for row in parts[SHARED]:
        _, flag, commands, *_ = row.split("|")
        flags.update(_FLAG.findall(flag) if f"`{name}`" in commands else [])
    return flags


def commands():
    """Return the parser of each command."""
    actions = build_parser(NAMES)._actions
    return next(action for action in actions if isinstance(action, argparse._SubParsersAction))


def test_every_command_has_a_section():
    assert set(sections()) == {"Cron jobs", "Files that exist", "Wildcards", SHARED, *NAMES}


def flags_of(parser):
    """Yield the flags of a command, and of the actions that it is divided into."""
    for action in parser._actions:
        if action.help == argparse.SUPPRESS:
            continue
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from flags_of(inner)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_flag_is_told_and_no_other(name):
    parser = commands().choices[name]
    taken = set(flags_of(parser))
    assert told(name) == taken - {"-h", "--help"}
