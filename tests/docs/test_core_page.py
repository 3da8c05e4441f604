"""The page of the core names every file of it, and every kernel with what it needs."""

from __future__ import annotations

import re

import pytest
from docs.documents import IN_REPOSITORY, ROOT, text_of

import cosfast


def test_every_file_is_named():
    if not IN_REPOSITORY:
        pytest.skip("the tests do not stand in the repository")
    files = {path.name for path in (ROOT / "csrc").glob("*.[ch]")}
    named = set(re.findall(r"`(\w+\.[ch])`", text_of("docs/core.md")))
    assert {*files, "sources.txt"} == {*named, "sources.txt"}
    assert "`sources.txt`" in text_of("docs/core.md")


def test_the_table_of_kernels():
    rows = re.findall(r"^\| `(\w+)` \| .+ \|$", text_of("docs/hashing.md"), re.MULTILINE)
    kernels = cosfast.kernels()
    assert set(kernels.built) <= set(rows)
    every = re.search(r"use one of ([\w, ]+)", text_of("docs/hashing.md")).group(1)
    assert set(every.split(", ")) <= set(rows)
