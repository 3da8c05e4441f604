"""The table of commands, and the parser; a command's module is imported when it is called."""

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
    """A command.

    Attributes:
        name: Its name.
        module: The module of this package that has its two functions.
        help: What it does, in a few words.
        add_arguments: The function that adds its arguments to a parser.
        run: The function that takes the parsed arguments and returns the exit code. It sets
            ``options.resumes`` if the same command, run again, resumes what was interrupted.
    """

    name: str
    module: str
    help: str
    add_arguments: str = "add_arguments"
    run: str = "run"


COMMANDS = (
    Command("ls", "listing", "list files and folders", "add_ls_arguments", "run_ls"),
    Command(
        "stat",
        "listing",
        "print what the server knows of a file or a folder",
        "add_stat_arguments",
        "run_stat",
    ),
    Command("get", "get", "download files"),
    Command("put", "upload", "upload files (also called upload)"),
    Command("upload", "upload", "upload files (also called put)"),
    Command("sync", "sync", "make a bucket's folder equal to a local one, or the reverse"),
    Command("cp", "changes", "copy files within a bucket", "add_cp_arguments", "run_cp"),
    Command("mv", "changes", "move files within a bucket", "add_mv_arguments", "run_mv"),
    Command("rm", "changes", "remove files and folders", "add_rm_arguments", "run_rm"),
    Command("mkdir", "changes", "make folders", "add_mkdir_arguments", "run_mkdir"),
    Command("sign", "sign", "print a URL that downloads a file, or a signature"),
    Command("parts", "parts", "print a file's parts list", "add_parts_arguments", "run_parts"),
    Command(
        "verify", "parts", "compare a file with a parts list", "add_verify_arguments", "run_verify"
    ),
    Command("wedrive", "wedrive", "upload, list, download and remove files in WeCom's WeDrive"),
    Command("pds", "pds", "upload, list, download and remove files on a drive of PDS"),
    Command("emulator", "emulator", "run a local COS v4 server"),
    Command("demo", "demo", "upload a file to a local server and back"),
    Command("completion", "completion", "print the setup of shell completion"),
)


class _Parser(argparse.ArgumentParser):
    """A parser that escapes arguments in its errors, and reports output that was lost."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and `message`, and exit with 2."""
        super().error(escape(message))

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help or the version; raise if that fails, which argparse would ignore."""
        if file is sys.stdout:
            print_line(message.rstrip("\n"))
        else:
            super()._print_message(message, file)


NAMES = frozenset(command.name for command in COMMANDS)


def chosen_command(words: list[str]) -> str:
    """Return the name of the command in these arguments; empty if there is none."""
    word = next((word for word in words if not word.startswith("-")), "")
    return word if word in NAMES else ""


def build_parser(filled: Collection[str]) -> argparse.ArgumentParser:
    """Return the parser of the command line.

    Args:
        filled: The commands that get their arguments; their modules are imported.
    """
    parser = _Parser(
        prog="cosfast",
        description="Upload, download and synchronize files in COS v4 buckets, and compute the "
        "SHA-1 states and parts lists of their slices.",
        epilog="cosfast COMMAND --help explains each command, with examples.",
    )
    parser.add_argument("--version", action="version", version=f"cosfast {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        added = commands.add_parser(
            command.name, help=command.help, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if command.name in filled:
            module = import_module(f"cosfast.cli.{command.module}")
            getattr(module, command.add_arguments)(added)
            added.set_defaults(run=getattr(module, command.run))
    return parser
