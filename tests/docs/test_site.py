"""The site is made without a warning, and every page of it can be reached."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from docs.documents import IN_REPOSITORY, ROOT

for module in ("sphinx", "myst_parser", "furo", "fsspec", "aiohttp"):
    pytest.importorskip(module, reason="the extra docs is not installed")

_FETCHED = re.compile(
    r"<(?:script|img|link)[^>]+(?:src|href)=\"(?:https?:)?//|url\(['\"]?(?:https?:)?//|@import"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if not IN_REPOSITORY:
        pytest.skip("some of what the pages hold stands in the repository alone")
    made = tmp_path_factory.mktemp("site")
    run = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", ROOT / "docs", made],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    return made


@pytest.mark.slow
def test_every_page_is_in_the_site(site):
    for page in (ROOT / "docs").rglob("*.md"):
        made = site / page.relative_to(ROOT / "docs").with_suffix(".html")
        assert page.read_text("utf-8").splitlines()[0].lstrip("# ") in made.read_text("utf-8")


@pytest.mark.slow
def test_nothing_is_fetched_from_elsewhere(site):
    texts = [*site.rglob("*.html"), *site.rglob("*.css")]
    assert len(texts) > 20
    assert [path for path in texts if _FETCHED.search(path.read_text("utf-8"))] == []
