"""The words and flags that several commands take, with what completes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.cli.addresses import SCHEME, parse_address, parse_operand
from cosfast.cli.completers import complete_address, complete_operand
from cosfast.cli.units import byte_count, duration

if TYPE_CHECKING:
    import argparse

    from cosfast.cli.completers import Completer

ADDRESS = f"{SCHEME}BUCKET/PATH"


def add_addresses(parser: argparse.ArgumentParser) -> None:
    """Add `addresses`, one `Address` or more."""
    action = parser.add_argument("addresses", metavar=ADDRESS, nargs="+", type=parse_address)
    _complete(action, complete_address)


def add_operand(
    parser: argparse.ArgumentParser,
    name: str,
    metavar: str,
    explanation: str | None = None,
    *,
    several: bool = False,
) -> None:
    """Add an `Operand`, or a list of one or more, which may be addresses or local paths."""
    action = parser.add_argument(
        name,
        metavar=metavar,
        nargs="+" if several else None,
        type=parse_operand,
        help=explanation,
    )
    _complete(action, complete_operand)


def add_transfer_options(parser: argparse.ArgumentParser, *, unit: str, concurrency: int) -> None:
    """Add what transfers have in common.

    Args:
        parser: gets ``--concurrency``, ``--max-rate`` and ``--deadline``.
        unit: what goes at a time, such as slices.
        concurrency: how many of them by default.
    """
    parser.add_argument(
        "--concurrency",
        type=int,
        default=concurrency,
        metavar="N",
        help=f"{unit} of a file at a time (default {concurrency})",
    )
    parser.add_argument(
        "--max-rate",
        type=byte_count,
        metavar="BYTES",
        help="a second at most, for each file; such as 500K or 4M",
    )
    parser.add_argument(
        "--deadline", type=duration, metavar="TIME", help="for each file; such as 90s or 15m"
    )


def add_files_at_once(parser: argparse.ArgumentParser) -> None:
    """Add ``--files-at-once``."""
    parser.add_argument(
        "--files-at-once", type=int, default=4, metavar="N", help="files at a time (default 4)"
    )


def _complete(action: argparse.Action, completer: Completer) -> None:
    action.completer = completer  # type: ignore[attr-defined] # where argcomplete looks for it
