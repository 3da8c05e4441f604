"""`cosfast stat`: what the server knows of a file or a folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cosfast.cli.entries import KEYS, entry_fields, look_up
from cosfast.cli.helptext import describe
from cosfast.cli.operands import add_addresses
from cosfast.cli.output import Output, add_json_option
from cosfast.cli.settings import add_server_options, open_client

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `stat`."""
    describe(
        parser,
        "Tell what the server knows of files and folders, a field a line. An address that does "
        "not end in / is the file of this name, else the folder.",
        "cosfast stat cos://my-bucket/videos/film.mp4",
        "cosfast stat --json cos://my-bucket/videos/film.mp4 | jq -r .sha1",
    )
    add_addresses(parser)
    add_server_options(parser)
    add_json_option(parser, KEYS)


def run(options: argparse.Namespace) -> int:
    """Ask for each; one that is not there stops no other."""
    output = Output(as_json=options.json)
    with open_client(options) as client:
        for address in options.addresses:
            with output.failure_told():
                fields = entry_fields(address.bucket, look_up(client, address))
                output.show(fields, *_lines(fields))
    return output.exit_code


def _lines(fields: dict[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        if value not in (None, "", {}):
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"{name + ':':<12} {text}"
