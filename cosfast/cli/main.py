"""`main`: reads the command line, runs one command, and turns its end into an exit code."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from cosfast.cli.commands import NAMES, build_parser, chosen_command
from cosfast.cli.output import FAILED, INTERRUPTED, WRONG_USAGE, say
from cosfast.cli.usage import UsageError
from cosfast.errors import CosError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 done, 1 failed, 2 wrong usage, 130 interrupted.

    Args:
        arguments: the words behind `cosfast`; by default this process's.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    command = chosen_command(words)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be any bytes
    options = None
    try:
        if "_ARGCOMPLETE" in os.environ:
            _answer_shell()
        parser = build_parser({command})
        if not words:
            parser.print_help(sys.stderr)
            return WRONG_USAGE
        options = parser.parse_args(words)  # leaves with 2 where the words are wrong
        code: int = options.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _interrupted(options)
    except BrokenPipeError:
        return _reader_left()
    except UsageError as exc:
        say(f"{exc} (see cosfast {command} --help)")
        return WRONG_USAGE
    except (CosError, OSError) as exc:
        say(str(exc))
        return FAILED
    return code


def _answer_shell() -> None:
    """End with what the word before the cursor may become; a shell has asked for it."""
    from cosfast.cli.completion import answer_shell  # noqa: PLC0415 - for shells alone

    answer_shell(build_parser(NAMES))


def _interrupted(options: Namespace | None) -> int:
    if getattr(options, "resumes", False):
        say("interrupted; the same command again goes on from here")
    return INTERRUPTED


def _reader_left() -> int:
    """End quietly where whoever read the output is gone, as `head` is."""
    # The interpreter flushes stdout once more as it ends; that must not fail a second time.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED
