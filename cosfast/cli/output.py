"""`Output`: prints the results of a command as text or JSON Lines, and counts its failures.

With ``--log-file``, everything that is printed goes to the log too, and so does what the loggers
below ``cosfast`` say.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import unicodedata
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, TextIO

from cosfast.cli.streams import print_line
from cosfast.errors import CosError
from cosfast.ownfiles import append_to_own

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

logger: logging.Logger = logging.getLogger("cosfast.cli")
logger.addHandler(logging.NullHandler())  # else logging would print the errors a second time

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130

# Letters and marks that Unicode calls default-ignorable: a terminal shows nothing for them.
# `str.isprintable` knows the other invisible characters by their category.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


class Output:
    """Prints the results of a command: lines for people, or JSON Lines.

    Args:
        as_json: Print JSON Lines.
        quiet: Print no text for people except errors.

    Attributes:
        failures: Errors reported so far.
    """

    def __init__(self, *, as_json: bool, quiet: bool = False) -> None:
        self._as_json = as_json
        self._quiet = quiet
        self.failures: int = 0

    @property
    def exit_code(self) -> int:
        """1 if something failed, else 0."""
        return FAILED if self.failures else DONE

    def show(self, fields: Mapping[str, Any], *lines: str) -> None:
        """Print a result.

        Args:
            fields: The keys and values for JSON.
            lines: The text for people; control characters in it are escaped.
        """
        for line in lines:
            logger.info("%s", line)
        if self._quiet and not self._as_json:
            return
        text = as_json(fields) if self._as_json else "\n".join(map(escape, lines))
        with _beside_bars():
            print_line(text)

    def summarize(self, line: str, *, worth_it: bool = True) -> None:
        """Print a line about the whole command on stderr.

        Args:
            line: The line.
            worth_it: Whether to print it also if nobody is at a terminal to read it.
        """
        logger.info("%s", line)
        if not self._quiet and (worth_it or sys.stderr.isatty()):
            _print(line)

    def complain(self, error: object) -> None:
        """Print an error on stderr, and count it."""
        self.failures += 1
        say(str(error))

    @contextmanager
    def report_failure(self) -> Iterator[None]:
        """Print the `CosError` or `OSError` of the block, which is the failure of one item."""
        try:
            yield
        except (CosError, OSError) as exc:
            self.complain(exc)


def add_json_option(parser: argparse.ArgumentParser, keys: str) -> None:
    """Add ``--json``, and its keys to the end of the help."""
    parser.add_argument("--json", action="store_true", help="print JSON Lines, for programs")
    parser.epilog = f"{parser.epilog}\n\nkeys with --json:\n{keys}"


def add_log_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--quiet`` and ``--log-file``, for commands that transfer."""
    parser.add_argument(
        "-q", "--quiet", action="store_true", help="print errors alone, and what --json prints"
    )
    parser.add_argument(
        "--log-file",
        metavar="FILE",
        help="append results, errors and retries, with their times; a new file is for you alone",
    )


@contextmanager
def logging_to(path: str | None) -> Iterator[LogFile | None]:
    """Append what is said to the file while the block runs; print the library's warnings.

    Raises:
        OSError: If the file cannot be opened, or is not a file of this user alone.
    """
    library, warnings = logging.getLogger("cosfast"), _Warnings(logging.WARNING)
    transfers, level = logging.getLogger("cosfast.transfer"), library.level
    log = None if path is None else LogFile(path)
    transfers.addHandler(warnings)
    if log is not None:
        library.addHandler(log)
        library.setLevel(logging.INFO)
    try:
        yield log
    finally:
        transfers.removeHandler(warnings)
        if log is not None:
            library.setLevel(level)
            library.removeHandler(log)
            log.close()


class LogFile(logging.StreamHandler[TextIO]):
    """Writes a line for each record.

    Attributes:
        failed: Whether a record could not be written.
    """

    def __init__(self, path: str) -> None:
        descriptor = append_to_own(path)
        super().__init__(os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace"))
        self.setFormatter(_LogFormatter())
        self._path = path
        self.failed: bool = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Report the first failure."""
        del record
        if not self.failed:
            self.failed = True
            _print(f"the log file {self._path} cannot be written: {sys.exc_info()[1]}")

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError, ValueError):
            self.stream.close()
        super().close()


class _LogFormatter(logging.Formatter):
    """One line for each record: no name in a message can pose as another record."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt="%Y-%m-%dT%H:%M:%S%z"
        )

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; without a traceback, which the message makes up for."""
        record.message = record.getMessage()
        record.asctime = self.formatTime(record, self.datefmt)
        return escape(self.formatMessage(record))


class _Warnings(logging.Handler):
    """Prints the warnings of the library like every message."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the warning."""
        _print(f"warning: {record.getMessage()}")


def say(message: str, level: int = logging.ERROR) -> None:
    """Print one line on stderr, an error unless `level` tells otherwise."""
    logger.log(level, "%s", message.strip())
    _print(message if level >= logging.ERROR else f"warning: {message}")


def _print(message: str) -> None:
    """Print one line on stderr; if that fails, the exit code must suffice."""
    with suppress(OSError), _beside_bars():
        print("cosfast:", escape(message.strip()), file=sys.stderr, flush=True)


def as_json(value: Any) -> str:
    r"""Return `value` as JSON on one line of visible ASCII, with escapes such as ``\u202e``."""
    # json.dumps leaves DEL as it is, which can only be inside a string.
    return json.dumps(value).replace("\x7f", r"\u007f")


def escape(text: str) -> str:
    r"""Return `text` with escapes such as ``\x1b`` and ``\u202e`` for unsafe characters.

    Unsafe is what a terminal would execute or not show: control and format characters, line
    breaks, private, unassigned and default-ignorable ones, and surrogates. Spaces of any width
    stay. Undecodable bytes of a file name are shown as bytes, such as ``\xe9``.
    """
    if text.isprintable() and not _INVISIBLE.search(text):
        return text
    return "".join(char if _is_shown(char) else _escaped(char) for char in text)


def _is_shown(char: str) -> bool:
    visible = char.isprintable() or unicodedata.category(char) == "Zs"
    return visible and not _INVISIBLE.match(char)


def _escaped(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 - PEP 383's surrogates
        code -= 0xDC00
    if code <= 0xFF:  # noqa: PLR2004 - a byte
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - four digits


def _beside_bars() -> AbstractContextManager[Any]:
    """Hide progress bars, if there are any, while a line is printed."""
    tqdm = sys.modules.get("tqdm")
    return nullcontext() if tqdm is None else tqdm.tqdm.external_write_mode()
