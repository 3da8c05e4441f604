"""Every code block of every page runs, in order, and prints what the page says."""

from __future__ import annotations

import os

import pytest
from docs.documents import PAGES, blocks_of
from docs.not_run import NOT_RUN, is_not_run
from docs.running import Missing, Page

LANGUAGES = {"python", "sh", "text", "c", "yaml"}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="the shell's blocks want a POSIX system")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # between Dask and pandas
@pytest.mark.parametrize("name", PAGES)
def test_a_page_runs(name, folder, region):
    page = Page(name, folder)
    try:
        page.run()
    except Missing as exc:
        pytest.skip(f"{name}: {exc}")
    finally:
        page.close()


@pytest.mark.parametrize("name", PAGES)
def test_every_block_is_of_a_language_that_is_run(name):
    assert {block.language for block in blocks_of(name)} <= LANGUAGES


def test_the_list_of_blocks_that_are_not_run_is_exact():
    found = [block for name in PAGES for block in blocks_of(name) if is_not_run(block)]
    assert sorted((block.page, block.commands) for block in found) == sorted(NOT_RUN)
    assert all(NOT_RUN.values())


def test_the_pages_have_blocks():
    counts = {name: len(blocks_of(name)) for name in PAGES}
    assert counts["README.md"] >= 4
    assert sum(counts.values()) >= 40
