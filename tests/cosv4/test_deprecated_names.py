"""Names that have changed: the old ones still work, with a warning that names the new one."""

from __future__ import annotations

import hashlib

import pytest
from emulated import BUCKET
from worked_values import content

import cosfast

MIB = 1024 * 1024


def test_the_sha_of_a_stat(client):
    client.upload(b"content", BUCKET, "file")
    stat = client.stat(BUCKET, "file")
    with pytest.warns(DeprecationWarning, match="sha1") as warned:
        assert stat.sha == stat.sha1 == hashlib.sha1(b"content").hexdigest()
    assert warned[0].filename == __file__


def test_the_sha_of_the_single_steps(client):
    data = content(2 * MIB)
    parts = cosfast.uploadparts(data)
    opened = client.slice_init(BUCKET, "file", filesize=len(data), parts=parts)
    steps = {"session": opened.session}
    with pytest.warns(DeprecationWarning, match="sha1") as warned:
        client.slice_data(BUCKET, "file", **steps, offset=0, content=data[:MIB], sha=parts.sha1)
    assert warned[0].filename == __file__
    unfinished = client.slice_list(BUCKET, "file")
    with pytest.warns(DeprecationWarning, match="sha1"):
        assert unfinished.sha == unfinished.sha1 == parts.sha1
    client.slice_data(BUCKET, "file", **steps, offset=MIB, content=data[MIB:], sha1=parts.sha1)
    with pytest.warns(DeprecationWarning, match="sha1"):
        client.slice_finish(BUCKET, "file", **steps, filesize=len(data), sha=parts.sha1)
    assert client.stat(BUCKET, "file").sha1 == parts.sha1


def test_the_files_of_upload_many(client):
    jobs = [cosfast.UploadJob(b"content", BUCKET, "file")]
    with pytest.warns(DeprecationWarning, match="max_workers") as warned:
        ((_, result),) = client.upload_many(jobs, files=1)
    assert warned[0].filename == __file__
    assert result.sha1 == hashlib.sha1(b"content").hexdigest()
    with pytest.warns(DeprecationWarning, match="files"), pytest.raises(cosfast.InputError):
        client.upload_many(jobs, files=0)
