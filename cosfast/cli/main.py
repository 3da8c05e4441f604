"""`main`: parses the command line, runs one command, and returns its exit code."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from cosfast.cli.addresses import UsageError
from cosfast.cli.commands import NAMES, build_parser, chosen_command
from cosfast.cli.output import DONE, FAILED, INTERRUPTED, WRONG_USAGE, logger, logging_to, say
from cosfast.cli.streams import OutputError, flush, prepare, silence
from cosfast.errors import CosError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 done, 1 failed, 2 wrong usage, 130 interrupted.

    Args:
        arguments: Those after `cosfast`; by default the process's own.
    """
    prepare()
    usual, warnings.showwarning = warnings.showwarning, _show_warning
    try:
        try:
            with ExitStack() as stack:
                return _run(list(sys.argv[1:] if arguments is None else arguments), stack)
        finally:
            flush()  # argparse exits with output in the buffer
    except OutputError as exc:
        if not exc.reader_left:
            say(f"standard output: {exc.__cause__}")
        return FAILED
    finally:
        silence()
        warnings.showwarning = usual


def _run(words: list[str], stack: ExitStack) -> int:
    """Run the command; the log file is closed with `stack`, after the last error is in it."""
    command = chosen_command(words)
    options = log = None
    try:
        if "_ARGCOMPLETE" in os.environ:
            _answer_shell()
        parser = build_parser({command})
        if not words:
            parser.print_help(sys.stderr)
            return WRONG_USAGE
        options = parser.parse_args(words)  # exits with 2 if they are wrong
        log = stack.enter_context(logging_to(getattr(options, "log_file", None)))
        code: int = options.run(options)
    except KeyboardInterrupt:
        code = _interrupted(options)
    except UsageError as exc:
        say(f"{exc} (see cosfast {command} --help)")
        code = WRONG_USAGE
    except (CosError, OSError) as exc:
        say(str(exc))
        code = FAILED
    logger.info("%s: exit code %d", command, code)
    return FAILED if code == DONE and log is not None and log.failed else code


def _answer_shell() -> None:
    """Print the completions that a shell has asked for, and exit."""
    from cosfast.cli.completion import answer_shell  # noqa: PLC0415 - only for shells

    answer_shell(build_parser(NAMES))


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning, such as one of the journal's, like every message."""
    say(str(message), logging.WARNING)


def _interrupted(options: Namespace | None) -> int:
    if getattr(options, "resumes", False):
        say("interrupted; run the same command again to resume")
    return INTERRUPTED
