"""A file in several parts to each service and back, with the fixtures that users have.

Short, so that it also runs on an emulated machine.
"""

from __future__ import annotations

import hashlib

import pytest
from worked_values import content

DATA = content(9 * 1024 * 1024 + 5)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def target(tmp_path):
    return tmp_path / "downloaded"


def test_cos(cos_client, source, target):
    result = cos_client.upload(source, "bucket", "data")
    assert result.sha1 == hashlib.sha1(DATA).hexdigest()
    cos_client.download("bucket", "data", target)
    assert target.read_bytes() == DATA


def test_wedrive(wedrive_client, source, target):
    result = wedrive_client.upload(source, spaceid="SPACE", fatherid="SPACE")
    wedrive_client.download(result.fileid, target)
    assert target.read_bytes() == DATA


def test_pds(pds_client, source, target):
    result = pds_client.upload(source, part_size=1024 * 1024)
    pds_client.download(result.file_id, target)
    assert target.read_bytes() == DATA
