"""`cosfast sign`: URLs and signatures for clients without a key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cosfast.cli.addresses import UsageError
from cosfast.cli.arguments import add_addresses, add_server_options, describe, open_client
from cosfast.cli.output import Output, add_json_option
from cosfast.cli.units import iso_time, whole_duration

if TYPE_CHECKING:
    import argparse

    from cosfast.cli.addresses import Address

_DEFAULT_EXPIRES_IN = 3600

_KEYS = """\
  address      cos://BUCKET/PATH
  url          downloads it; null with --reusable or --once
  signature    null without --reusable or --once
  expires      2024-05-17T08:30:00Z; null with --once"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sign`."""
    describe(
        parser,
        """
        Print a URL that downloads a file; or, to call the API with other tools, a signature for
        the Authorization header.

        Anybody with the URL can download the file, and anybody with a signature can act in your
        name. Neither can be revoked before it expires.
        """,
        'curl -o film.mp4 "$(cosfast sign --expires-in 1d cos://my-bucket/film.mp4)"',
        'curl -H "Authorization: $(cosfast sign --reusable cos://my-bucket/film.mp4)" \\',
        '  "https://gz.file.myqcloud.com/files/v2/APPID/my-bucket/film.mp4?op=stat"',
    )
    add_addresses(parser)
    parser.add_argument(
        "--expires-in",
        type=whole_duration,
        metavar="TIME",
        help="such as 90s, 15m, 12h or 7d, at most 90d (default 1h)",
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--reusable",
        action="store_true",
        help="a signature for uploads, new folders, stat and list until it expires; of the root, "
        "cos://BUCKET, one for the whole bucket",
    )
    kind.add_argument(
        "--once", action="store_true", help="a signature for one deletion, update or move"
    )
    add_server_options(parser)
    add_json_option(parser, _KEYS)


def run(options: argparse.Namespace) -> int:
    """Sign each address; one that fails does not stop the others."""
    if options.once and options.expires_in is not None:
        raise UsageError("--once and --expires-in exclude each other: it expires with its use")
    expires_in = _DEFAULT_EXPIRES_IN if options.expires_in is None else options.expires_in
    output = Output(as_json=options.json)
    for address in options.addresses:
        with output.report_failure():
            now = datetime.now(UTC)
            signed = _sign(address, expires_in, options)
            is_url = not (options.reusable or options.once)
            fields = {
                "address": str(address),
                "url": signed if is_url else None,
                "signature": None if is_url else signed,
                "expires": None if options.once else iso_time(now + timedelta(seconds=expires_in)),
            }
            output.show(fields, signed)
    return output.exit_code


def _sign(address: Address, expires_in: int, options: argparse.Namespace) -> str:
    from cosfast.cosv4.credentials import Credentials  # noqa: PLC0415 - not for --help

    if options.once:
        return Credentials.from_env().sign_once(*address)
    if options.reusable:
        path = address.path if address.path != "/" else ""
        return Credentials.from_env().sign_reusable(address.bucket, path, expires_in=expires_in)
    with open_client(options) as client:
        return client.download_url(*address, expires_in=expires_in)
