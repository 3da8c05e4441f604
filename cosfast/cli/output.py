"""`Output`: what a command prints, for people or for programs, and the failures that it counts."""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from cosfast.errors import CosError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130

# Control characters, those that reorder or break lines, and a file name's undecodable bytes.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


class Output:
    """Prints a command's results: lines for people, or an object of JSON a line.

    Args:
        as_json: which.

    Attributes:
        failures: errors told so far.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self.failures: int = 0

    @property
    def exit_code(self) -> int:
        """1 where something failed, else 0."""
        return FAILED if self.failures else DONE

    def show(self, fields: Mapping[str, Any], *lines: str) -> None:
        """Print a result.

        Args:
            fields: for programs.
            lines: for people; what a terminal would take as a command is escaped in them.
        """
        text = json.dumps(fields) if self._as_json else "\n".join(map(escape, lines))
        with _beside_bars():
            print(text, flush=True)

    def complain(self, error: object) -> None:
        """Tell an error, and count it."""
        self.failures += 1
        say(str(error))

    @contextmanager
    def failure_told(self) -> Iterator[None]:
        """Tell what the block raises, where that is one thing's failure and no other's."""
        try:
            yield
        except BrokenPipeError:
            raise  # nobody reads what is printed: that ends it all
        except (CosError, OSError) as exc:
            self.complain(exc)


def add_json_option(parser: argparse.ArgumentParser, keys: str) -> None:
    """Add ``--json``, and to the end of the help what the objects have in them."""
    parser.add_argument(
        "--json", action="store_true", help="print an object of JSON a line, for programs"
    )
    parser.epilog = f"{parser.epilog}\n\nkeys with --json:\n{keys}"


def say(message: str) -> None:
    """Print one line for people on stderr."""
    with suppress(BrokenPipeError), _beside_bars():
        print("cosfast:", escape(" ".join(message.split())), file=sys.stderr, flush=True)


def escape(text: str) -> str:
    r"""Return `text` with what is not to reach a terminal as ``\x1b`` or ``\u202e``.

    A file name's undecodable bytes become the bytes that they were, such as ``\xe9``.
    """
    return _UNPRINTABLE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 - PEP 383's surrogates
        code -= 0xDC00
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 - a byte


def _beside_bars() -> AbstractContextManager[Any]:
    """Take progress bars away while a line is printed, where there are any."""
    tqdm = sys.modules.get("tqdm")
    return nullcontext() if tqdm is None else tqdm.tqdm.external_write_mode()
