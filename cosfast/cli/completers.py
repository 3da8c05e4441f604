"""What the word before the cursor may become: what is in a bucket, or a file's name."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from cosfast.cli.addresses import SCHEME, parse_address
from cosfast.cli.output import escape
from cosfast.cli.settings import open_client

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    Completer = Callable[..., list[str]]

_LIMIT = 200  # more is more than anybody reads
_PATIENCE = (1.0, 2.0)  # seconds to connect, and to wait for bytes: somebody sits there


def complete_address(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    """Return the addresses that begin so; nothing where the server cannot be asked."""
    if not prefix.startswith(SCHEME):
        return [SCHEME] if SCHEME.startswith(prefix) else []
    try:
        found = list(islice(_listed(prefix, parsed_args), _LIMIT))
    except Exception:  # noqa: BLE001 - a prompt is no place to tell anybody what is wrong
        return []
    # What would be escaped on a terminal must not get onto a shell's command line either.
    return [address for address in found if escape(address) == address]


def complete_operand(prefix: str, **context: Any) -> list[str]:
    """Return the addresses and the local files that begin so."""
    from argcomplete.completers import FilesCompleter  # noqa: PLC0415 - an extra

    addresses = complete_address(prefix, **context)
    return addresses if prefix.startswith(SCHEME) else [*FilesCompleter()(prefix), *addresses]


def _listed(prefix: str, options: argparse.Namespace) -> Iterator[str]:
    from cosfast.transfer.retry import NO_RETRY  # noqa: PLC0415 - with the client alone

    if "/" not in prefix[len(SCHEME) :]:
        return  # the API does not list buckets
    address = parse_address(prefix)
    folder, _, beginning = address.path.rpartition("/")
    with open_client(options, timeout=_PATIENCE, retry=NO_RETRY, journal=None) as client:
        for entry in client.list(address.bucket, folder + "/", prefix=beginning, page_size=_LIMIT):
            yield str(address._replace(path=entry.path))
