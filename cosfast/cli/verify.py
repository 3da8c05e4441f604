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
from cosfast.parts.spool import measured
from cosfast.parts.verify import verify_source

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
    with open_source(options.file) as opened, measured(opened, "verified") as source:
        size = source.size or 0
        try:
            parts = read_parts(Path(options.parts).read_bytes(), filesize=size)
        except InputError as exc:
            raise InputError(f"{options.parts}: {exc}") from exc
        with progress_bar("verifying", size) as advance:
            differing = verify_source(source, parts, progress=advance)
    output = Output(as_json=options.json)
    for index in differing:
        offset = index * parts.slice_size
        end = parts.filesize if index < len(parts) else size  # else the file alone has it
        length = min(parts.slice_size, end - offset)
        output.show({"index": index, "offset": offset, "datalen": length}, str(offset))
    return FAILED if differing else DONE
