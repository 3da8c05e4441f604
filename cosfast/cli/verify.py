"""`cosfast verify`: which slices of a file differ from a parts list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cosfast.cli.helptext import describe
from cosfast.cli.output import DONE, FAILED, Output, add_json_option
from cosfast.cli.progress import progress_bar
from cosfast.errors import InputError
from cosfast.parts.forms import read_parts
from cosfast.parts.sources import open_source
from cosfast.parts.verify import verify

if TYPE_CHECKING:
    import argparse

_KEYS = """\
  index        of the slice that differs, from 0
  offset       where it begins, in bytes
  datalen      bytes in it"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `verify`."""
    describe(
        parser,
        "Check each slice of FILE against PARTS.json, alone and in parallel. Where they differ, "
        "print the offsets of the slices that do and leave with 1.",
        "cosfast verify film.mp4 film.parts.json",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("parts", metavar="PARTS.json", help="what cosfast parts printed")
    add_json_option(parser, _KEYS)


def run(options: argparse.Namespace) -> int:
    """Print one line for each slice that differs."""
    with open_source(options.file) as source:
        size = source.size
    try:
        parts = read_parts(Path(options.parts).read_bytes(), filesize=size)
    except InputError as exc:
        raise InputError(f"{options.parts}: {exc}") from exc
    with progress_bar("verifying", size) as advance:
        differing = verify(options.file, parts, progress=advance)
    output = Output(as_json=options.json)
    for index in differing:
        part = parts[index]
        fields = {"index": index, "offset": part.offset, "datalen": part.datalen}
        output.show(fields, str(part.offset))
    return FAILED if differing else DONE
