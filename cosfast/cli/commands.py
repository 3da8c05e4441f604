"""Every command by name, and the parser; a command's module is imported when it is called."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from cosfast import __version__
from cosfast.cli.output import escape
from cosfast.cli.streams import print_line

if TYPE_CHECKING:
    from collections.abc import Collection


class Command(NamedTuple):
    """A command: its name, its module in this package, and what it does in a few words.

    The module has `add_arguments(parser)` and `run(options)`, which returns the exit code; it
    sets ``options.resumes`` where what is interrupted is gone on with by the same command.
    """

    name: str
    module: str
    help: str


COMMANDS = (
    Command("ls", "ls", "list what is in a bucket"),
    Command("stat", "stat", "tell what the server knows of a file or a folder"),
    Command("get", "get", "download files"),
    Command("put", "upload", "upload files (also called upload)"),
    Command("upload", "upload", "upload files (also called put)"),
    Command("sync", "sync", "make a bucket's folder like a local one, or the reverse"),
    Command("cp", "cp", "copy files within a bucket"),
    Command("mv", "mv", "move files within a bucket"),
    Command("rm", "rm", "remove files and folders"),
    Command("mkdir", "mkdir", "make folders"),
    Command("sign", "sign", "print a URL that downloads a file, or a signature"),
    Command("parts", "parts", "print a file's parts list"),
    Command("verify", "verify", "compare a file with a parts list"),
    Command("emulator", "emulator", "run a local COS v4 server"),
    Command("demo", "demo", "upload a file to a local server and back"),
    Command("completion", "completion", "print what makes a shell complete these words"),
)


class _Parser(argparse.ArgumentParser):
    """A parser that escapes the words that its errors repeat, and notices lost output."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and `message`, and leave with 2."""
        super().error(escape(message))

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help or the version so that a failure is one; argparse would ignore it."""
        if file is sys.stdout:
            print_line(message.rstrip("\n"))
        else:
            super()._print_message(message, file)


NAMES = frozenset(command.name for command in COMMANDS)


def chosen_command(words: list[str]) -> str:
    """Return the command that these words call; empty where there is none."""
    word = next((word for word in words if not word.startswith("-")), "")
    return word if word in NAMES else ""


def build_parser(filled: Collection[str]) -> argparse.ArgumentParser:
    """Return the parser of the command line.

    Args:
        filled: the commands whose own words it is to know; their modules are imported.
    """
    parser = _Parser(
        prog="cosfast",
        description="Files in COS v4 buckets: uploads, downloads, sync, and the SHA-1 states and "
        "parts lists that they need.",
        epilog="cosfast COMMAND --help explains each, with examples.",
    )
    parser.add_argument("--version", action="version", version=f"cosfast {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        added = commands.add_parser(
            command.name, help=command.help, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if command.name in filled:
            module = import_module(f"cosfast.cli.{command.module}")
            module.add_arguments(added)
            added.set_defaults(run=module.run)
    return parser
