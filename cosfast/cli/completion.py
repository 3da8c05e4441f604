"""`cosfast completion`, and the answers to the shells that it has been set up in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cosfast.cli.helptext import describe
from cosfast.cli.output import DONE, FAILED
from cosfast.cli.streams import print_line
from cosfast.errors import InputError

if TYPE_CHECKING:
    import argparse
    from types import ModuleType

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `completion`."""
    describe(
        parser,
        "Print what makes a shell complete commands, flags, files, and what is in buckets, which "
        "takes the settings of the server from the variables that every command takes them from.",
        'eval "$(cosfast completion bash)"     in ~/.bashrc; zsh: in ~/.zshrc',
        "cosfast completion fish | source      in ~/.config/fish/config.fish",
    )
    parser.add_argument("shell", choices=SHELLS)


def run(options: argparse.Namespace) -> int:
    """Print the shell's commands."""
    try:
        argcomplete = _import_argcomplete()
    except ModuleNotFoundError as exc:
        raise InputError("completion needs argcomplete: pip install 'cosfast[cli]'") from exc
    print_line(argcomplete.shellcode(["cosfast"], shell=options.shell))
    return DONE


def answer_shell(parser: argparse.ArgumentParser) -> None:
    """Tell the shell what the word before the cursor may become, and end this process.

    The shell has put its question into the environment, as argcomplete has it.
    """
    try:
        argcomplete = _import_argcomplete()
    except ModuleNotFoundError:
        sys.exit(FAILED)  # whoever is typing does not want to read why
    argcomplete.autocomplete(parser)


def _import_argcomplete() -> ModuleType:
    import argcomplete  # noqa: PLC0415 - an extra

    return argcomplete
