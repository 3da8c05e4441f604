"""`cosfast verify`: which slices of a file differ from a parts list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cosfast.cli.progress import progress_bar
from cosfast.errors import InputError
from cosfast.parts.forms import read_parts
from cosfast.parts.sources import open_source
from cosfast.parts.verify import verify

if TYPE_CHECKING:
    import argparse


def add_command(commands: Any) -> None:
    """Add `verify` to the command line."""
    parser = commands.add_parser(
        "verify",
        help="compare a file with a parts list",
        description="Check each slice of FILE against PARTS.json, alone and in parallel. "
        "Where they differ, print the offsets of the slices that do and leave with 1.",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("parts", metavar="PARTS.json", help="what cosfast parts printed")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print one offset a line for each slice that differs."""
    with open_source(options.file) as source:
        size = source.size
    try:
        parts = read_parts(Path(options.parts).read_bytes(), filesize=size)
    except InputError as exc:
        raise InputError(f"{options.parts}: {exc}") from exc
    with progress_bar("verifying", size) as advance:
        differing = verify(options.file, parts, progress=advance)
    for index in differing:
        print(index * parts.slice_size)
    return 1 if differing else 0
