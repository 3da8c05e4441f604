"""`cosfast demo`: take a real file through the whole protocol, against a local server."""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
import shutil
import sysconfig
import tarfile
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cosfast.cli.arguments import describe
from cosfast.cli.emulator import import_emulator
from cosfast.cli.progress import progress_bar
from cosfast.cli.streams import print_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from cosfast import Client, SyncStep, UploadResult

BUCKET = "demo"
MIB = 1024 * 1024
SYNCED_FILES = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `demo`."""
    describe(
        parser,
        "Start a local server, upload FILE to it, interrupt an upload and resume it, upload "
        "instantly, download, sync a folder there and back, compare, and clean up.",
        "cosfast demo",
        "cosfast demo film.mp4",
    )
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help="default: a tar of Python's standard library"
    )


def run(options: argparse.Namespace) -> int:
    """Print every step with its size and time; return 1 if the result differs."""
    from cosfast.cosv4 import Client  # noqa: PLC0415 - loads requests
    from cosfast.cosv4.credentials import Credentials  # noqa: PLC0415

    emulator = import_emulator()
    with tempfile.TemporaryDirectory(prefix="cosfast-demo-") as folder:
        file = Path(options.file) if options.file else _standard_library(Path(folder))
        credentials = Credentials("1250000000", "demo", secrets.token_hex(16))
        with emulator.Emulator(**dataclasses.asdict(credentials)) as server:
            print_line(f"a local COS v4 server is listening on {server.endpoint}")
            with Client(credentials, endpoint=server.endpoint) as client:
                return _Demo(client, file, Path(folder)).run()


class _Interrupted(Exception):  # noqa: N818 - not an error: the demo raises it on purpose
    """What stops an upload in real life."""


class _Demo:
    def __init__(self, client: Client, file: Path, folder: Path) -> None:
        self._client = client
        self._file = file
        self._folder = folder

    def run(self) -> int:
        result = self._upload("upload", self._file, "first")
        self._interrupt_and_resume()
        self._upload("upload again, to another path", self._file, "second")
        same = self._download(result) and self._sync()
        print_line("all came back equal" if same else "WHAT CAME BACK DIFFERS")
        return 0 if same else 1

    def _upload(self, title: str, file: Path, path: str) -> UploadResult:
        size = file.stat().st_size
        with _timed(title) as line, progress_bar(f"{title}: hashing", size) as hashed:
            with progress_bar(f"{title}: sending", size) as sent:
                result = self._client.upload(
                    file, BUCKET, f"made/by/demo/{path}", progress=sent, hash_progress=hashed
                )
            line.append(_described(result))
        return result

    def _interrupt_and_resume(self) -> None:
        """Upload a file that differs by a few bytes, so that the server cannot have it already."""
        from cosfast.cosv4.upload import SIMPLE_LIMIT  # noqa: PLC0415

        if self._file.stat().st_size <= SIMPLE_LIMIT:
            print_line("(a file this small is sent in one request: nothing to interrupt)")
            return
        variant = self._folder / "variant"
        shutil.copyfile(self._file, variant)
        with variant.open("ab") as file:
            file.write(b"another file\n")
        half = variant.stat().st_size // 2
        done = 0

        def interrupt_half_way(count: int) -> None:
            nonlocal done
            done += count
            if done >= half:
                raise _Interrupted

        path = "made/by/demo/variant"
        with _timed("upload of another file") as line:
            try:
                self._client.upload(variant, BUCKET, path, progress=interrupt_half_way)
            except _Interrupted:
                line.append(f"interrupted when {_mib(done)} had arrived")
        self._upload("the same upload again", variant, "variant")

    def _download(self, uploaded: UploadResult) -> bool:
        back = self._folder / "downloaded"
        with _timed("download") as line, progress_bar("download", uploaded.filesize) as received:
            result = self._client.download(BUCKET, "made/by/demo/first", back, progress=received)
            line.append(f"{_mib(result.filesize)}, sha1 {result.sha1}, as the server has it")
        return _sha1_of(back) == _sha1_of(self._file) == uploaded.sha1

    def _sync(self) -> bool:
        """Send a folder, change a file, send what differs, and download it into another folder."""
        from cosfast.sync.job import sync_down, sync_up  # noqa: PLC0415 - as above

        folder, other = self._folder / "tree", self._folder / "tree again"
        folder.mkdir()
        for number in range(SYNCED_FILES):
            (folder / f"{number:03}.txt").write_text(f"this is file {number}\n", "ascii")
        with _timed(f"sync of a folder, {SYNCED_FILES} files") as line:
            line.append(_counted(sync_up(self._client, folder, BUCKET, "tree/")))
        (folder / "007.txt").write_text("another text\n", "ascii")
        with _timed("sync again, one file changed") as line:
            line.append(_counted(sync_up(self._client, folder, BUCKET, "tree/")))
        with _timed("sync into another folder") as line:
            line.append(_counted(sync_down(self._client, BUCKET, "tree/", other)))
        return _contents(folder) == _contents(other)


@contextmanager
def _timed(title: str) -> Iterator[list[str]]:
    """Print a line when the step is done: title, time, and the strings put into the list."""
    words: list[str] = []
    started = time.perf_counter()
    yield words
    print_line(f"{title:<32} {time.perf_counter() - started:6.2f} s  {'; '.join(words)}")


def _described(result: UploadResult) -> str:
    if result.instant:
        return f"instant: the server had all {_mib(result.filesize)} already, nothing was sent"
    text = f"{_mib(result.sent_bytes)} sent"
    if result.resumed_bytes:
        text += f", {_mib(result.resumed_bytes)} were there already"
    return f"{text}, sha1 {result.sha1}"


def _counted(steps: Iterator[SyncStep]) -> str:
    """Run a sync; return how often each action was done."""
    counts = Counter("failed" if step.error else step.action.value for step in steps)
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _standard_library(folder: Path) -> Path:
    path = folder / "python-standard-library.tar"
    source = sysconfig.get_path("stdlib")
    with _timed("tar of the standard library") as line:
        with tarfile.open(path, "w") as archive:
            archive.add(source, "stdlib", filter=_ordinary)
        line.append(f"{_mib(path.stat().st_size)} of {source}")
    return path


def _ordinary(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out installed packages, and files that this interpreter may write meanwhile."""
    skipped = {"site-packages", "dist-packages", "__pycache__"}
    return None if skipped.intersection(member.name.split("/")) else member


def _sha1_of(path: Path) -> str:
    digest = hashlib.sha1(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(MIB):
            digest.update(block)
    return digest.hexdigest()


def _mib(size: int) -> str:
    return f"{size / MIB:.1f} MiB"
