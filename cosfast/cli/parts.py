"""`cosfast parts`: a file's parts list as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cosfast.cli.helptext import describe
from cosfast.cli.progress import progress_bar
from cosfast.cli.streams import print_line
from cosfast.cli.usage import UsageError
from cosfast.parts.build import uploadparts
from cosfast.parts.forms import WEDRIVE_BLOCK_SIZE
from cosfast.parts.model import SLICE_SIZE, UploadParts
from cosfast.parts.sources import open_source

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `parts`."""
    describe(
        parser,
        "Print a file's parts list, the SHA-1 states at the end of its slices, as JSON.",
        "cosfast parts film.mp4 > film.parts.json",
        "cosfast parts --format wedrive film.mp4",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "--slice-size",
        type=int,
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


def run(options: argparse.Namespace) -> int:
    """Hash the file and print its list on stdout."""
    wedrive = options.format == "wedrive"
    default = WEDRIVE_BLOCK_SIZE if wedrive else SLICE_SIZE
    slice_size = default if options.slice_size is None else options.slice_size
    if wedrive and slice_size != default:
        raise UsageError(f"WeDrive's blocks have {default} bytes, not {slice_size}")
    with open_source(options.file) as source, progress_bar("hashing", source.size) as advance:
        parts = uploadparts(options.file, slice_size=slice_size, progress=advance)
    print_line(_FORMATS[options.format](parts))
    return 0


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
