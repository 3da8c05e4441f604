"""`cosfast parts` and `cosfast verify`: parts lists as JSON, and a file checked by one."""

from __future__ import annotations

import json
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cosfast.cli.addresses import UsageError
from cosfast.cli.arguments import describe
from cosfast.cli.output import DONE, FAILED, Output, add_json_option, say
from cosfast.cli.progress import progress_bar
from cosfast.cli.streams import STDIO, print_line, standard_input
from cosfast.cli.units import integer
from cosfast.errors import CosError, InputError
from cosfast.hashing.state import ALGORITHMS
from cosfast.parts.build import parts_of
from cosfast.parts.documents import read_parts, write_parts
from cosfast.parts.formats import FORMATS
from cosfast.parts.many import uploadparts_many
from cosfast.parts.sources import open_source
from cosfast.parts.spool import measured
from cosfast.parts.verify import verify_source
from cosfast.transfer.localfiles import files_below

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from cosfast.parts.formats import Format
    from cosfast.parts.sources import Source

_VERIFY_KEYS = """\
  index        number of the slice that differs, from 0
  offset       its first byte
  datalen      bytes in it"""


def add_parts_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `parts`."""
    services = "\n\n".join(
        f"{each.name}: {each.service}: {' or '.join(each.field.values())}, "
        f"{' or '.join(map(_title, each.field))}, {each.slice_size} bytes"
        for each in FORMATS.values()
    )
    describe(
        parser,
        "Print the parts list of each FILE as JSON, one line a file: the states of the hash at the "
        "ends of its slices, in the format of a service. With -r, each line is an object with the "
        "path of a file (file) and its list (parts), in order of completion.\n\n"
        f"{services}",
        "cosfast parts film.mp4 > film.parts.json",
        "cosfast parts --format wedrive film.mp4",
        "tar c photos | cosfast parts --format pds --algorithm sha256 -",
        "cosfast parts -r photos > photos.parts.jsonl",
        "cosfast parts -r /shared/photos --dask tcp://10.0.0.1:8786",
    )
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help=f"a file; {STDIO} is standard input"
    )
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="hash all files in folders, many at once"
    )
    parser.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="with -r: the scheduler of a Dask cluster whose workers see the same files",
    )
    parser.add_argument(
        "--slice-size",
        type=integer,
        metavar="N",
        help="bytes in a slice, a multiple of 64 (default: the service's own, see above)",
    )
    parser.add_argument(
        "--format",
        choices=tuple(FORMATS),
        default="cos",
        help="whose format (default: cos)",
    )
    parser.add_argument(
        "--algorithm",
        choices=tuple(ALGORITHMS),
        help="the hash (default: the service's, sha1 if it takes both)",
    )


def run_parts(options: argparse.Namespace) -> int:
    """Print the list of each file on stdout."""
    form = FORMATS[options.format]
    algorithm = options.algorithm or next(iter(form.field))
    slice_size = form.slice_size if options.slice_size is None else options.slice_size
    try:
        form.check_algorithm(algorithm)
        form.check_slice_size(slice_size)
    except InputError as exc:
        raise UsageError(str(exc)) from exc
    if options.recursive:
        return _run_recursive(options, form, slice_size, algorithm)
    if options.dask is not None:
        raise UsageError("--dask hashes folders: add -r")
    if options.files.count(STDIO) > 1:
        raise UsageError(f"standard input ({STDIO}) can be read once")
    for file in options.files:
        with ExitStack() as stack:
            source = stack.enter_context(_open(file))
            advance = stack.enter_context(progress_bar("hashing", source.size))
            parts = parts_of(source, slice_size=slice_size, algorithm=algorithm, progress=advance)
        print_line(write_parts(parts, form))
    return DONE


def _run_recursive(
    options: argparse.Namespace, form: Format, slice_size: int, algorithm: str
) -> int:
    """Print an object for each file; a failure is one line and does not stop the rest."""
    if STDIO in options.files:
        raise UsageError(f"standard input ({STDIO}) is no folder: leave out -r")
    output = Output(as_json=True)
    with ExitStack() as stack:
        executor = (
            stack.enter_context(open_cluster(options.dask)) if options.dask is not None else None
        )
        found = [each for name in options.files for each in files_below(name, recursive=True)]
        for each in found:
            if each.error is not None:
                output.complain(each.error)
        advance = stack.enter_context(progress_bar("hashing", sum(each.size for each in found)))
        results = uploadparts_many(
            (each.path for each in found if each.error is None),
            slice_size=slice_size,
            algorithm=algorithm,
            executor=executor,
        )
        for path, parts in results:
            if isinstance(parts, OSError):
                output.complain(parts)
                continue
            if advance is not None:
                advance(parts.filesize)
            output.show({"file": path, "parts": json.loads(write_parts(parts, form))})
    return output.exit_code


@contextmanager
def open_cluster(address: str) -> Iterator[Executor]:
    """Connect to a Dask scheduler; yield an executor whose tasks the cluster runs.

    Args:
        address: The scheduler's, such as ``tcp://10.0.0.1:8786``.

    Raises:
        InputError: If Dask is not installed; it names the extra.
        CosError: If no scheduler answers there, or the cluster fails while the block runs.
    """
    try:
        import distributed  # noqa: PLC0415 - an extra
        from distributed.comm import resolve_address  # noqa: PLC0415 - as above
    except ModuleNotFoundError as exc:
        raise InputError(f"--dask needs {exc.name}: install the extra cosfast[dask]") from exc
    try:
        resolve_address(address)  # a client of a wrong address is never closed, noisily
        client = distributed.Client(address, set_as_default=False)
    except (OSError, ValueError) as exc:
        raise CosError(f"{address}: cannot connect to the Dask scheduler: {exc}") from exc
    # The errors of dead workers, of a dead scheduler, and of workers that lack cosfast.
    failures = (distributed.KilledWorker, CancelledError, ImportError, RuntimeError)
    with client:
        try:
            yield client.get_executor()
        except failures as exc:
            raise CosError(f"{address}: the Dask cluster failed: {exc!r}") from exc


def _open(file: str) -> Source:
    return open_source(standard_input() if file == STDIO else file)


def _title(algorithm: str) -> str:
    return ALGORITHMS[algorithm].title


def add_verify_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `verify`."""
    describe(
        parser,
        "Check each slice of FILE against PARTS.json, in parallel. If slices differ, print their "
        "offsets and exit with 1.",
        "cosfast verify film.mp4 film.parts.json",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "parts", metavar="PARTS.json", help="the output of cosfast parts, in any format"
    )
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
    if not parts.has_digest:
        say(f"{options.parts} does not hold the file's digest: the last part was not checked")
    output = Output(as_json=options.json)
    for index in differing:
        offset = index * parts.slice_size
        end = parts.filesize if index < len(parts) else size  # the file goes beyond the list
        length = min(parts.slice_size, end - offset)
        output.show({"index": index, "offset": offset, "datalen": length}, str(offset))
    return FAILED if differing else DONE
