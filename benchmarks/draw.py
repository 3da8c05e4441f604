"""Draw the charts from a result file: one SVG for each group, and one of the claims.

python benchmarks/draw.py benchmarks/results/zen-5.json benchmarks/charts
"""

from __future__ import annotations

import json
import math
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    Entry = dict[str, Any]

COLOURS = {"cosfast": "#1f6feb", "peer": "#9aa4b2", "limit": "#ffffff"}
PEER_LINES = ("#9aa4b2", "#52606d", "#c08a2d")
INK = "#1f2933"
FAINT = "#c5ccd6"
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: small files that can be searched and read aloud
    "svg.hashsalt": "cosfast",  # the same results give the same file
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.color": FAINT,
    "legend.frameon": False,
}
WIDTH = 9.0  # inches, as are the next two
BAR_HEIGHT = 0.34
PANEL_MARGIN = 0.75


def main(results: Path, charts: Path) -> None:
    """Draw every chart that the results have data for."""
    stored = json.loads(results.read_text("utf-8"))
    entries = sorted(stored["benchmarks"], key=group_of)
    cpu = stored["machine_info"]["cpu"]["microarchitecture"]
    charts.mkdir(exist_ok=True)
    with plt.rc_context(STYLE):
        for group, members in groupby(entries, key=group_of):
            draw = DRAWN_OTHERWISE.get(group, draw_throughput)
            path = charts / f"{group.replace(' ', '-')}.svg"
            draw(f"{group} ({cpu})", list(members), path)
        draw_claims(f"claims ({cpu})", stored["claims"], charts / "claims.svg")


def draw_throughput(title: str, entries: list[Entry], path: Path) -> None:
    """Draw a bar for each contender, in GB/s, with a panel for each work."""
    draw_panels(title, by_work(entries), path, gigabytes_per_second, "GB/s")


def draw_import(title: str, entries: list[Entry], path: Path) -> None:
    """Draw a bar for each module, in milliseconds."""
    draw_panels(title, by_work(entries), path, lambda entry: median(entry) * 1e3, "ms")


def draw_small_updates(title: str, entries: list[Entry], path: Path) -> None:
    """Draw a line for each contender: nanoseconds of an update by its size."""
    updates = [entry for entry in entries if work(entry).startswith("update")]
    figure, axes = plt.subplots(figsize=(WIDTH, 3.6), layout="constrained")
    greys = iter(PEER_LINES)
    for name in dict.fromkeys(map(contender, updates)):
        of_one = (entry for entry in updates if contender(entry) == name)
        line = sorted((size(entry), median(entry) * 1e9) for entry in of_one)
        colour = COLOURS["cosfast"] if name.startswith("cosfast") else next(greys)
        axes.plot(*zip(*line, strict=True), "o-", label=name, color=colour)
    sizes = sorted(set(map(size, updates)))
    axes.set(xscale="log", yscale="log", xlabel="bytes in an update", ylabel="ns an update")
    axes.set_xticks(sizes, [f"{count:,}" for count in sizes])
    axes.set_yticks([10, 100, 1000, 10_000], ["10", "100", "1,000", "10,000"])
    axes.minorticks_off()
    axes.grid(color=FAINT, linewidth=0.5)
    axes.set_title(title, loc="left", fontweight="bold")
    axes.legend()
    save(figure, path)


def draw_panels(
    title: str,
    panels: list[tuple[str, list[Entry]]],
    path: Path,
    value: Callable[[Entry], float],
    unit: str,
) -> None:
    """Draw horizontal bars, the panels one above another and each with its own scale."""
    heights = [len(entries) * BAR_HEIGHT + PANEL_MARGIN for _, entries in panels]
    figure, grid = plt.subplots(
        len(panels),
        figsize=(WIDTH, sum(heights)),
        height_ratios=heights,
        squeeze=False,
        layout="constrained",
    )
    for axes, (name, entries) in zip(grid[:, 0], panels, strict=True):
        draw_bars(axes, entries, value, unit)
        axes.set_title(f"{title}: {name}", loc="left", fontweight="bold")
    save(figure, path)


def draw_bars(axes: Axes, entries: list[Entry], value: Callable[[Entry], float], unit: str) -> None:
    """Draw one bar a contender, with its value and its ratio to the peer at the end."""
    for position, entry in enumerate(entries):
        role = entry["extra_info"]["role"]
        axes.barh(
            position,
            value(entry),
            color=COLOURS[role],
            edgecolor=FAINT if role == "limit" else COLOURS[role],
            hatch="////" if role == "limit" else None,
            height=0.72,
        )
        text = f"{value(entry):.3g} {unit}{against_peer(entry)}"
        label_point(axes, (value(entry), position), text, 6)
    labels = [spelt(entry) for entry in entries]
    axes.set_yticks(range(len(entries)), labels)
    axes.invert_yaxis()
    axes.set_xlim(0, max(map(value, entries)) * 1.3)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def draw_claims(title: str, claims: list[Entry], path: Path) -> None:
    """Draw each ratio on one scale: measurement, minimum and goal."""
    ratios = [claim for claim in claims if claim["unit"] == "x"]
    figure, axes = plt.subplots(figsize=(WIDTH, 0.42 * len(ratios) + 1), layout="constrained")
    for position, claim in enumerate(ratios):
        axes.plot([1, claim["measured"]], [position] * 2, color=FAINT, linewidth=1.5, zorder=1)
        axes.plot(claim["floor"], position, "|", color=INK, markersize=13)
        axes.plot(claim["aim"], position, "D", color=INK, markerfacecolor="white", markersize=6)
        axes.plot(claim["measured"], position, "o", color=COLOURS["cosfast"], markersize=9)
        rightmost = max(claim["measured"], claim["aim"])
        label_point(axes, (rightmost, position), spell_ratio(claim["measured"]), 9)
    axes.set_yticks(range(len(ratios)), [spell_claim(claim) for claim in ratios], fontsize=9)
    axes.set(xscale="log", xlim=(0.6, 6000), xlabel="times as fast as the peer named")
    axes.set_xticks([1, 2, 5, 10, 100, 1000], ["1", "2", "5", "10", "100", "1,000"])
    axes.minorticks_off()
    axes.invert_yaxis()
    axes.axvline(1, color=FAINT, linewidth=1)
    axes.plot([], [], "o", color=COLOURS["cosfast"], label="measured")
    axes.plot([], [], "|", color=INK, markersize=13, label="at least")
    axes.plot([], [], "D", color=INK, markerfacecolor="white", label="aim")
    axes.legend(loc="lower right", ncols=3, bbox_to_anchor=(1, 1))
    axes.set_title(title, loc="left", fontweight="bold")
    save(figure, path)


def spell_claim(claim: Entry) -> str:
    """Return the claim, with its subject if there are several measurements of it."""
    return ", ".join(filter(None, (claim["claim"], claim["subject"])))


def label_point(axes: Axes, point: tuple[float, float], text: str, distance: int) -> None:
    """Write a text to the right of a point, `distance` typographic points away."""
    axes.annotate(
        text,
        point,
        xytext=(distance, 0),
        textcoords="offset points",
        va="center",
        fontsize=9,
    )


def by_work(entries: list[Entry]) -> list[tuple[str, list[Entry]]]:
    """Return the entries of each work in the order of the run."""
    return [
        (name, [e for e in entries if work(e) == name])
        for name in dict.fromkeys(map(work, entries))
    ]


def against_peer(entry: Entry) -> str:
    """Return the ratio at the end of a bar; empty for the peer itself."""
    info = entry["extra_info"]
    if info["unit"] != "x" or info["contender"] == info["peer"] or not info["against_peer"]:
        return ""
    return f", {spell_ratio(info['against_peer']['measured'])}"


def spell_ratio(ratio: float) -> str:
    """Return a ratio with three digits, or with all digits before the point."""
    return f"{ratio:,.{max(0, 2 - int(math.log10(max(ratio, 1))))}f}x"


def group_of(entry: Entry) -> str:
    """Return an entry's group, without the work that follows it."""
    return str(entry["group"]).partition(":")[0]


def spelt(entry: Entry) -> str:
    """Return the name of a contender, marked if it is a limit."""
    is_limit = entry["extra_info"]["role"] == "limit"
    return f"limit: {contender(entry)}" if is_limit else contender(entry)


def gigabytes_per_second(entry: Entry) -> float:
    """Return the number of bytes divided by the median of the times."""
    return size(entry) / median(entry) / 1e9


def median(entry: Entry) -> float:
    """Return the median of an entry's rounds in seconds."""
    return float(entry["stats"]["median"])


def size(entry: Entry) -> int:
    """Return the number of bytes of one operation."""
    return int(entry["extra_info"]["bytes"])


def work(entry: Entry) -> str:
    """Return the title of an entry's work."""
    return str(entry["extra_info"]["work"])


def contender(entry: Entry) -> str:
    """Return the name of an entry's contender."""
    return str(entry["extra_info"]["contender"])


def save(figure: Any, path: Path) -> None:
    """Write the chart without a date, so that the same results give the same file."""
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


DRAWN_OTHERWISE = {"small updates": draw_small_updates, "import": draw_import}

if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
