"""Operands and flags that several commands have, their completion, and the layout of the help."""

from __future__ import annotations

import argparse
import logging
import textwrap
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from cosfast.cli.addresses import SCHEME, parse_address, parse_operand
from cosfast.cli.output import escape, say
from cosfast.cli.units import byte_count, duration, integer
from cosfast.cosv4.environment import server_settings
from cosfast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosfast import Filter
    from cosfast.cosv4 import Client
    from cosfast.sync.filters import Selection

    Completer = Callable[..., list[str]]

ADDRESS = f"{SCHEME}BUCKET/PATH"

_HELP_WIDTH = 79
_MAX_WORKERS = 4
_COMPLETION_LIMIT = 200  # more than anybody reads
_COMPLETION_TIMEOUT = (1.0, 2.0)  # seconds to connect and to wait for bytes: a user waits


def describe(parser: argparse.ArgumentParser, text: str, *examples: str) -> None:
    """Set the description and the examples in the help of a command.

    Args:
        parser: The command's; its formatter must keep line breaks.
        text: What the command does; an empty line separates paragraphs.
        examples: Whole command lines.
    """
    paragraphs = textwrap.dedent(text).strip().split("\n\n")
    parser.description = "\n\n".join(textwrap.fill(each, _HELP_WIDTH) for each in paragraphs)
    parser.epilog = "examples:\n" + textwrap.indent("\n".join(examples), "  ")


def add_addresses(parser: argparse.ArgumentParser) -> None:
    """Add `addresses`, one `Address` or more."""
    action = parser.add_argument("addresses", metavar=ADDRESS, nargs="+", type=parse_address)
    _set_completer(action, complete_address)


def add_operand(
    parser: argparse.ArgumentParser,
    name: str,
    metavar: str,
    explanation: str | None = None,
    *,
    several: bool = False,
) -> None:
    """Add an `Operand`, an address or a local path; with `several`, one or more."""
    action = parser.add_argument(
        name,
        metavar=metavar,
        nargs="+" if several else None,
        type=parse_operand,
        help=explanation,
    )
    _set_completer(action, complete_operand)


def add_transfer_options(parser: argparse.ArgumentParser, *, unit: str, concurrency: int) -> None:
    """Add ``--concurrency``, ``--max-rate`` and ``--deadline``.

    Args:
        parser: The command's.
        unit: What is transferred concurrently, such as slices.
        concurrency: The default number of them.
    """
    parser.add_argument(
        "--concurrency",
        type=integer,
        default=concurrency,
        metavar="N",
        help=f"{unit} of a file at a time (default {concurrency})",
    )
    parser.add_argument(
        "--max-rate",
        type=byte_count,
        metavar="BYTES",
        help="bytes per second at most, for each file; such as 500K or 4M",
    )
    parser.add_argument(
        "--deadline", type=duration, metavar="TIME", help="for each file; such as 90s or 15m"
    )


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """Add ``--overwrite``, and ``--no-overwrite``, which is the default."""
    parser.add_argument(
        "--overwrite",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="replace files of different content (default: that is an error)",
    )


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Add ``--dry-run``."""
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="print what would be done, and change nothing"
    )


def add_filters(parser: argparse.ArgumentParser, effect: str) -> None:
    """Add ``--exclude`` and ``--include``, in `filters` in the order in which they are given.

    Args:
        parser: The command's.
        effect: What does not happen to what is excluded.
    """
    for kind, explanation in (
        ("exclude", f"exclude what matches: {effect}; a folder, 'cache/', with all in it"),
        ("include", "include what matches, even if an earlier pattern excludes it"),
    ):
        parser.add_argument(
            f"--{kind}",
            action="append",
            dest="filters",
            default=[],
            type=partial(_named_pattern, kind),
            metavar="PATTERN",
            help=explanation,
        )


def _named_pattern(kind: str, pattern: str) -> tuple[str, str]:
    return kind, pattern


def filters_of(options: argparse.Namespace) -> list[Filter]:
    """Return the filters of `add_filters`."""
    from cosfast import Filter  # noqa: PLC0415 - late

    make = {"exclude": Filter.exclude, "include": Filter.include}
    return [make[kind](pattern) for kind, pattern in options.filters]


def selection_of(options: argparse.Namespace) -> Selection:
    """Return the names that the filters of `add_filters` select."""
    from cosfast.sync.filters import Selection  # noqa: PLC0415 - late

    return Selection(filters_of(options))


def add_max_workers(parser: argparse.ArgumentParser) -> None:
    """Add ``--max-workers``, and its old name ``--files-at-once``."""
    parser.add_argument(
        "--max-workers",
        type=integer,
        default=_MAX_WORKERS,
        metavar="N",
        help=f"files at a time (default {_MAX_WORKERS})",
    )
    parser.add_argument(
        "--files-at-once",
        dest="max_workers",
        action=_OldName,
        type=integer,
        default=argparse.SUPPRESS,
        help=argparse.SUPPRESS,
    )


class _OldName(argparse.Action):
    """A flag that has got another name: it still works, with a warning."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Set the value."""
        del parser
        new = "--" + self.dest.replace("_", "-")
        say(f"{option_string} is deprecated, use {new}", logging.WARNING)
        setattr(namespace, self.dest, values)


def add_server_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--region`` and ``--endpoint``; credentials come only from the environment."""
    group = parser.add_argument_group(
        "server",
        "Credentials come from COSFAST_APPID, COSFAST_SECRET_ID, COSFAST_SECRET_KEY.",
    )
    group.add_argument("--region", help="region, such as gz (or COSFAST_REGION)")
    group.add_argument(
        "--endpoint", help="server address, such as http://127.0.0.1:8080 (or COSFAST_ENDPOINT)"
    )


def open_client(options: argparse.Namespace, **keywords: Any) -> Client:
    """Return a client for the server and the credentials of flags and environment.

    Args:
        options: With the flags of `add_server_options`, which may be missing.
        keywords: Further arguments of `Client`.

    Raises:
        InputError: If no server is set, or a variable of the credentials is not.
    """
    from cosfast.cosv4 import Client  # noqa: PLC0415 - loads requests
    from cosfast.cosv4.credentials import Credentials  # noqa: PLC0415

    server = server_settings(getattr(options, "region", None), getattr(options, "endpoint", None))
    if not any(server):
        raise InputError(
            "no server is set: use --region, --endpoint, COSFAST_REGION or COSFAST_ENDPOINT"
        )
    return Client(
        Credentials.from_env(), region=server.region, endpoint=server.endpoint, **keywords
    )


def complete_address(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    """Return the addresses that begin with `prefix`; nothing if the server cannot be asked."""
    if not prefix.startswith(SCHEME):
        return [SCHEME] if SCHEME.startswith(prefix) else []
    try:
        found = list(islice(_list_addresses(prefix, parsed_args), _COMPLETION_LIMIT))
    except Exception:  # noqa: BLE001 - an error message would disturb the shell's prompt
        return []
    # What is escaped on a terminal must not get onto a shell's command line either.
    return [address for address in found if escape(address) == address]


def complete_operand(prefix: str, **context: Any) -> list[str]:
    """Return the addresses and the local files that begin with `prefix`."""
    from argcomplete.completers import FilesCompleter  # noqa: PLC0415 - an extra

    addresses = complete_address(prefix, **context)
    return addresses if prefix.startswith(SCHEME) else [*FilesCompleter()(prefix), *addresses]


def _list_addresses(prefix: str, options: argparse.Namespace) -> Iterator[str]:
    from cosfast.transfer.retry import NO_RETRY  # noqa: PLC0415 - only when it is needed

    if "/" not in prefix[len(SCHEME) :]:
        return  # the API does not list buckets
    address = parse_address(prefix)
    folder, _, name = address.path.rpartition("/")
    with open_client(options, timeout=_COMPLETION_TIMEOUT, retry=NO_RETRY, journal=None) as client:
        for entry in client.list(
            address.bucket, folder + "/", prefix=name, page_size=_COMPLETION_LIMIT
        ):
            yield str(address._replace(path=entry.path))


def _set_completer(action: argparse.Action, completer: Completer) -> None:
    action.completer = completer  # type: ignore[attr-defined] # argcomplete looks for it there
