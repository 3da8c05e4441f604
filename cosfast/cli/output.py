"""`Output`: prints the results of a command as text or JSON Lines, and counts its failures."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from cosfast.cli.streams import print_line
from cosfast.errors import CosError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

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

    Attributes:
        failures: Errors reported so far.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
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
        text = as_json(fields) if self._as_json else "\n".join(map(escape, lines))
        with _beside_bars():
            print_line(text)

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


def say(message: str) -> None:
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
