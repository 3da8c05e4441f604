"""The clients are there, so the other files' tests have something to try."""

from __future__ import annotations

import shutil

import pytest


@pytest.mark.parametrize("client", ["cos-lib3", "qcloud-cos-py3", "pds"])
def test_python_client(installed, client):
    assert (installed / client / "bin" / "python").exists()


@pytest.mark.parametrize("client", ["qcloud_cos_v4", "cos-js-sdk-v4"])
def test_node_client(installed, client):
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    assert (installed / "node" / "node_modules" / client).is_dir()


def test_official_python_client(installed):
    if not shutil.which("jython"):
        pytest.skip("jython is not installed")
    assert (installed / "qcloud-cos-v4" / "client" / "qcloud_cos").is_dir()
