"""`cosfast parts` and `cosfast verify`: a file's parts list as JSON, and a file checked by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from cosfast.cli.addresses import UsageError
from cosfast.cli.arguments import describe
from cosfast.cli.output import DONE, FAILED, Output, add_json_option
from cosfast.cli.progress import progress_bar
from cosfast.cli.streams import print_line
from cosfast.cli.units import integer
from cosfast.errors import InputError
from cosfast.parts.build import uploadparts
from cosfast.parts.forms import WEDRIVE_BLOCK_SIZE, read_parts
from cosfast.parts.model import SLICE_SIZE, UploadParts
from cosfast.parts.sources import open_source
from cosfast.parts.spool import measured
from cosfast.parts.verify import verify_source

if TYPE_CHECKING:
    import argparse

_VERIFY_KEYS = """\
  index        number of the slice that differs, from 0
  offset       its first byte
  datalen      bytes in it"""


def add_parts_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `parts`."""
    describe(
        parser,
        "Print a file's parts list, the SHA-1 states at the end of its slices, as JSON.",
        "cosfast parts film.mp4 > film.parts.json",
        "cosfast parts --format wedrive film.mp4",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "--slice-size",
        type=integer,
        metavar="N",
        help=f"bytes in a slice, a multiple of 64 (default {SLICE_SIZE}; "
        f"for wedrive always {WEDRIVE_BLOCK_SIZE})",
    )
    parser.add_argument(
        "--format",
        choices=("cos", "wedrive", "pds"),
        default="cos",
        help="uploadparts of COS (default), WeDrive's block_sha, PDS's part_info_list",
    )


def run_parts(options: argparse.Namespace) -> int:
    """Hash the file and print its list on stdout."""
    wedrive = options.format == "wedrive"
    default = WEDRIVE_BLOCK_SIZE if wedrive else SLICE_SIZE
    slice_size = default if options.slice_size is None else options.slice_size
    if wedrive and slice_size != default:
        raise UsageError(f"WeDrive's blocks have {default} bytes, not {slice_size}")
    with open_source(options.file) as source, progress_bar("hashing", source.size) as advance:
        parts = uploadparts(options.file, slice_size=slice_size, progress=advance)
    print_line(_FORMATS[options.format](parts))
    return DONE


def _wedrive(parts: UploadParts) -> str:
    return json.dumps({"size": parts.filesize, "block_sha": parts.datashas})


def _pds(parts: UploadParts) -> str:
    listed = [
        {"part_number": number, "part_size": part.datalen, "parallel_sha1_ctx": context}
        for number, (part, context) in enumerate(zip(parts, parts.contexts(), strict=True), start=1)
    ]
    return json.dumps(
        {
            "size": parts.filesize,
            "content_hash": parts.sha1.upper(),
            "content_hash_name": "sha1",
            "part_info_list": listed,
        }
    )


_FORMATS = {"cos": UploadParts.to_json, "wedrive": _wedrive, "pds": _pds}


def add_verify_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `verify`."""
    describe(
        parser,
        "Check each slice of FILE against PARTS.json, in parallel. If slices differ, print their "
        "offsets and exit with 1.",
        "cosfast verify film.mp4 film.parts.json",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("parts", metavar="PARTS.json", help="the output of cosfast parts")
    add_json_option(parser, _VERIFY_KEYS)


def run_verify(options: argparse.Namespace) -> int:
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
        end = parts.filesize if index < len(parts) else size  # the file goes beyond the list
        length = min(parts.slice_size, end - offset)
        output.show({"index": index, "offset": offset, "datalen": length}, str(offset))
    return FAILED if differing else DONE
