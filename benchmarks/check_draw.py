"""Tests of the charts: what they say, to readers and to screen readers, from made-up results."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("matplotlib", reason="matplotlib, which draws the charts, is not installed")

import draw

if TYPE_CHECKING:
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"


def entry(group: str, work: str, name: str, role: str, seconds: float, **info: Any) -> Any:
    """Return an entry of a result file; the peer takes a second."""
    unit = info.pop("unit", "x")
    figure = {"measured": 100 / seconds if unit == "%" else 1 / seconds}
    details = {"work": work, "contender": name, "role": role, "bytes": 1_380_000, "peer": "peer"}
    return {
        "group": f"{group}: {work}",
        "stats": {"median": seconds},
        "extra_info": {**details, "unit": unit, "against_peer": figure, **info},
    }


def race(group: str, work: str, **info: Any) -> list[Any]:
    """Return the entries of a race: cosfast 4x, another 2x, limits of 3x, 5x and 8x."""
    seconds = {
        "ours": 0.25,
        "peer": 1.0,
        "another": 0.5,
        "passed": 1 / 3,
        "near": 0.2,
        "remote": 0.125,
    }
    roles = {"ours": "cosfast", "peer": "peer", "another": "peer"}
    return [
        entry(group, work, name, roles.get(name, "limit"), each, **info)
        for name, each in seconds.items()
    ]


RESULTS = {
    "benchmarks": [
        *race("verify", "1 GiB"),
        *race("upload", "late answers", unit="%"),
        *race("small updates", "update of 16 bytes"),
        *race("small updates", "update of 1 KiB", bytes=1024),
        entry("import", "fresh", "import cosfast", "cosfast", 0.031, bytes=0),
        entry("import", "fresh", "import _cffi_backend", "peer", 0.023, bytes=0),
        entry("import", "fresh", "import sys", "peer", 0.022, bytes=0),
    ],
    "claims": [
        {
            "claim": "9 files in sync, unchanged, against the first time",
            "subject": "up",
            "measured": 25.5,
        },
        {"claim": "memory", "subject": "", "measured": 7.7},
    ],
}


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the charts of `RESULTS`."""
    folder = tmp_path_factory.mktemp("charts")
    results = folder / "results.json"
    results.write_text(json.dumps(RESULTS), "utf-8")
    draw.main(results, folder)
    return folder


def texts(path: Path) -> list[str]:
    """Return the texts that are drawn."""
    tree = ET.parse(path)  # noqa: S314 - it was just drawn
    return ["".join(text.itertext()).strip() for text in tree.iter(f"{SVG}text")]


NAMES = ("claims", "verify", "upload", "small-updates", "import")


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_has_a_title_a_description_and_no_background(charts: Path, name: str) -> None:
    """The title is the heading, and the description has the values."""
    root = ET.parse(charts / f"{name}.svg").getroot()  # noqa: S314 - it was just drawn
    title, description = (root.find(f"{SVG}{tag}") for tag in ("title", "desc"))
    assert title is not None
    assert description is not None
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert str(title.text).partition(":")[0] in " ".join(texts(charts / f"{name}.svg"))
    assert len(str(description.text)) > 20  # noqa: PLR2004 - a sentence
    drawn = (charts / f"{name}.svg").read_text("utf-8")
    assert "fill: #ffffff" not in drawn
    assert "#000000" not in drawn


def test_the_reference_is_1x_and_rates_are_in_units_that_people_read(charts: Path) -> None:
    """A rate below a gigabyte a second is in megabytes."""
    found = texts(charts / "verify.svg")
    assert "1.38 MB/s, 1x" in found
    assert "5.52 MB/s, 4.00x" in found
    assert "1.38 MB/s, 100 %" in texts(charts / "upload.svg")


def test_the_ratios_have_the_strongest_peer_and_the_lowest_limit_above(charts: Path) -> None:
    """No internal target is drawn, and no limit that cosfast has passed."""
    found = texts(charts / "claims.svg")
    assert {"4.00x", "25.5x", "1x: peer", "1x: the first time"} <= set(found)
    assert {"other: another, 2.00x", "limit: near, 5.00x"} <= set(found)
    unwanted = ("passed", "remote", "late answers", "update of 1 KiB", "at least", "aim")
    assert [text for text in found if any(word in text for word in unwanted)] == []


def test_the_chart_of_imports_says_what_cosfast_adds(charts: Path) -> None:
    """Above an interpreter that imports nothing, and above cffi."""
    found = texts(charts / "import.svg")
    assert "9.0 ms: cosfast adds 8.0 ms to cffi's backend" in found
    assert "import sys" not in found
    assert any("22.0 ms" in text for text in found)


@pytest.mark.parametrize(
    ("rate", "text"),
    [(2e9, "2.00 GB/s"), (127e6, "127 MB/s"), (1.38e6, "1.38 MB/s"), (999, "0.999 kB/s")],
)
def test_rates(rate: float, text: str) -> None:
    """Three digits each."""
    assert draw.spell_rate(rate) == text
