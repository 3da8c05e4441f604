"""`cosfast completion`, and the answers to shells in which it is set up."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cosfast.cli.arguments import describe
from cosfast.cli.output import DONE, FAILED
from cosfast.cli.streams import print_line
from cosfast.errors import InputError

if TYPE_CHECKING:
    import argparse
    from types import ModuleType

SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `completion`."""
    describe(
        parser,
        "Print the commands that set up completion in a shell: of commands, flags, local files, "
        "and files in buckets. The server and the credentials come from the environment.",
        'eval "$(cosfast completion bash)"     in ~/.bashrc; zsh: in ~/.zshrc',
        "cosfast completion fish | source      in ~/.config/fish/config.fish",
    )
    parser.add_argument("shell", choices=SHELLS)


def run(options: argparse.Namespace) -> int:
    """Print the commands for the shell."""
    try:
        argcomplete = _import_argcomplete()
    except ModuleNotFoundError as exc:
        raise InputError("completion needs argcomplete: install the extra cosfast[cli]") from exc
    print_line(argcomplete.shellcode(["cosfast"], shell=options.shell))
    return DONE


def answer_shell(parser: argparse.ArgumentParser) -> None:
    """Print the completions of the word before the cursor, and exit.

    The shell has put the command line into the environment; argcomplete reads it there.
    """
    try:
        argcomplete = _import_argcomplete()
    except ModuleNotFoundError:
        sys.exit(FAILED)  # an error message would disturb the prompt
    argcomplete.autocomplete(parser)


def _import_argcomplete() -> ModuleType:
    import argcomplete  # noqa: PLC0415 - an extra

    return argcomplete
