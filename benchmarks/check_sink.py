"""Tests of the sink, and of the requests that the peers send."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from harness.servers import BUCKET, connect, running_emulator, running_sink
from peers import senders, standard_library

import cosfast
from cosfast.cosv4.protocol.slices import Uploaded

if TYPE_CHECKING:
    from pathlib import Path

    from harness.files import Files

SIZE = 9 * senders.SLICE + 1000
THREADS = 3


@pytest.mark.parametrize(
    "sender", [senders.requests_post, senders.requests_session, senders.bare_socket]
)
def test_senders_send_the_file(files: Files, tmp_path: Path, sender: senders.Connect) -> None:
    """Each is an upload that the emulator takes, and of the right bytes."""
    path = files.single(SIZE)
    with running_emulator(tmp_path) as endpoint, connect(endpoint) as client:
        senders.send_file(path, endpoint, THREADS, sender)
        assert client.stat(BUCKET, senders.OBJECT).sha1 == standard_library.sha1_of(path)


def test_sink_takes_an_upload(files: Files) -> None:
    """An upload goes through with the parts list, and none of it is wasted."""
    with running_sink() as sink, connect(sink.endpoint) as client:
        result = client.upload(files.single(SIZE), BUCKET, "/file.bin")
        assert result.sent_bytes == SIZE
        assert (sink.watch().held, sink.watch().wasted_bytes) == (10, 0)


def test_sink_refuses_to_finish_without_all_slices() -> None:
    """A sender that leaves out a slice is found out."""
    with running_sink() as sink, connect(sink.endpoint) as client:
        opened = client.slice_init(BUCKET, "/file.bin", filesize=SIZE)
        assert not isinstance(opened, Uploaded)
        content = bytes(senders.SLICE)
        client.slice_data(BUCKET, "/file.bin", session=opened.session, offset=0, content=content)
        with pytest.raises(cosfast.ServerError):
            client.slice_finish(BUCKET, "/file.bin", session=opened.session, filesize=SIZE)


def test_sink_counts_what_comes_twice() -> None:
    """The bytes of a slice that was there already are wasted."""
    with running_sink() as sink, connect(sink.endpoint) as client:
        opened = client.slice_init(BUCKET, "/file.bin", filesize=SIZE)
        assert not isinstance(opened, Uploaded)
        content = bytes(senders.SLICE)
        for _ in range(2):
            client.slice_data(
                BUCKET, "/file.bin", session=opened.session, offset=0, content=content
            )
        seen = sink.watch()
        assert seen.held == 1
        assert len(content) <= seen.wasted_bytes < len(content) + 4096
