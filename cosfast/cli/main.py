"""`main`: reads the command line, runs one command, and turns its end into an exit code."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING

from cosfast import __version__
from cosfast.cli.usage import UsageError
from cosfast.errors import CosError

if TYPE_CHECKING:
    from collections.abc import Sequence

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 done, 1 failed, 2 wrong usage, 130 interrupted.

    Args:
        arguments: the words behind `cosfast`; by default this process's.
    """
    command = ""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be any bytes
    try:
        options = _parser().parse_args(arguments)  # leaves with 2 where the words are wrong
        command = options.command
        code: int = options.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except UsageError as exc:
        return _say(f"{exc} (see cosfast {command} --help)", WRONG_USAGE)
    except (CosError, OSError) as exc:
        return _say(str(exc), FAILED)
    return code


def _parser() -> argparse.ArgumentParser:
    # Imported here, so that a COSFAST_KERNEL that does not run is told like any other error.
    from cosfast.cli import demo, emulator, parts, upload, verify  # noqa: PLC0415

    parser = argparse.ArgumentParser(
        prog="cosfast",
        description="SHA-1 states, parts lists and slice uploads for the COS v4 API",
    )
    parser.add_argument("--version", action="version", version=f"cosfast {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in (parts, verify, upload, emulator, demo):
        module.add_command(commands)
    return parser


def _say(message: str, code: int) -> int:
    with contextlib.suppress(BrokenPipeError):
        print("cosfast:", " ".join(message.split()), file=sys.stderr)
    return code


def _reader_left() -> int:
    """End quietly where whoever read the output is gone, as `head` is."""
    # The interpreter flushes stdout once more as it ends; that must not fail a second time.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED
