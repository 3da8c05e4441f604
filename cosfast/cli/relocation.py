"""What `cosfast mv` and `cosfast cp` have in common: files that get a path in their bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.cli.addresses import Address
from cosfast.cli.operands import ADDRESS, add_operand
from cosfast.cli.output import Output, add_json_option
from cosfast.cli.settings import add_server_options, open_client
from cosfast.cli.usage import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from cosfast.cli.addresses import Operand
    from cosfast.cosv4 import Client

    Method = Callable[..., None]

_KEYS = """\
  source       cos://BUCKET/PATH
  target       cos://BUCKET/PATH, with the name that it got"""


def add_relocation_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of both."""
    add_operand(parser, "sources", ADDRESS, several=True)
    add_operand(
        parser,
        "target",
        "TARGET",
        f"{ADDRESS} in the same bucket; a folder, which has to be there, where it ends in /",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace what is at the target")
    add_server_options(parser)
    add_json_option(parser, _KEYS)


def relocate(options: argparse.Namespace, done: str, method: Callable[[Client], Method]) -> int:
    """Give each of the sources its new path; one failure stops no other.

    Args:
        options: with the words of `add_relocation_arguments`.
        done: what has happened to a file then, in a word.
        method: returns the client's method that makes it happen.

    Raises:
        UsageError: where that is not within one bucket, or has one target for several files.
    """
    target, *sources = _in_one_bucket(options.command, [options.target, *options.sources])
    if len(sources) > 1 and not target.is_folder:
        raise UsageError("several files need a target that ends in /")
    output = Output(as_json=options.json)
    with open_client(options) as client:
        for source in sources:
            aim = target.below(source.name)
            with output.failure_told():
                method(client)(*source, aim.path, overwrite=options.overwrite)
                fields = {"source": str(source), "target": str(aim)}
                output.show(fields, f"{done} {source} -> {aim}")
    return output.exit_code


def _in_one_bucket(command: str, operands: list[Operand]) -> list[Address]:
    addresses = [each for each in operands if isinstance(each, Address)]
    if len(addresses) < len(operands):
        raise UsageError(f"{command} works within a bucket: put uploads files, get downloads them")
    if len({address.bucket for address in addresses}) > 1:
        raise UsageError(f"{command} works within one bucket: get and put bring a file to another")
    return addresses
