"""Draw the charts from a result file: one SVG for each group, and one of all ratios.

python benchmarks/draw.py benchmarks/results/zen-5.json benchmarks/charts

The charts have no background, and colours that are readable on white and on dark pages. Each has a
title and a description with all values, for screen readers.
"""

from __future__ import annotations

import json
import math
import re
import sys
from dataclasses import dataclass
from io import StringIO
from itertools import cycle, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Entry = dict[str, Any]

INK = "#717a85"  # a contrast of 4.3 with white and with GitHub's dark page
FAINT = "#9aa4b2"
BLUE = "#2f81f7"
COLOURS = {"cosfast": BLUE, "peer": FAINT, "limit": "none"}
PEER_LINES = ("#8b949e", "#bf8700", "#2da44e")
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: small files that can be searched and read aloud
    "svg.hashsalt": "cosfast",  # the same results give the same file
    "savefig.transparent": True,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
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
RATES = ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"))
ORDER = (
    "one stream in memory",
    "small updates",
    "file to parts",
    "hash contexts",
    "many streams",
    "verify",
    "many files",
    "upload",
    "wedrive",
    "PDS",
    "download",
)
"""Groups in the order of the chart of ratios; others follow."""
RATIOS_LEFT_OUT = re.compile(r"update of (?!16 bytes)|message of|state out and in")
"""Works of which one other stands for all in the chart of ratios."""


@dataclass(frozen=True)
class Ratio:
    """A row of the chart of ratios.

    Attributes:
        work: What was measured.
        reference: The peer that is 1x.
        measured: How many times as fast cosfast is.
        best_peer: The strongest other peer and its ratio; None if the reference is the only peer.
        limit: The lowest limit of the machine above cosfast, of all cores if there is one of them,
            and its ratio; None if unknown.
    """

    work: str
    reference: str
    measured: float
    best_peer: tuple[str, float] | None = None
    limit: tuple[str, float] | None = None


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
        ratios = [*ratios_of_races(stored["benchmarks"]), *ratios_of_syncs(stored["claims"])]
        draw_ratios(ratios, charts / "claims.svg", cpu)


def draw_throughput(group: str, entries: list[Entry], path: Path) -> None:
    """Draw a bar for each contender, with a panel for each work."""
    panels = by_work(entries)
    heights = [len(members) * BAR_HEIGHT + PANEL_MARGIN for _, members in panels]
    figure, grid = plt.subplots(
        len(panels),
        figsize=(WIDTH, sum(heights)),
        height_ratios=heights,
        squeeze=False,
        layout="constrained",
    )
    for axes, (name, members) in zip(grid[:, 0], panels, strict=True):
        bars = [(entry, bytes_per_second(entry), spell_bar(entry)) for entry in members]
        draw_bars(axes, bars)
        axes.set_title(f"{group}: {name}", loc="left", fontweight="bold")
    values = [
        f"{name}: {'; '.join(f'{spelt(entry)} {spell_bar(entry)}' for entry in members)}."
        for name, members in panels
    ]
    save(figure, path, f"{group}: throughput", " ".join(values))


def draw_import(group: str, entries: list[Entry], path: Path) -> None:
    """Draw a bar for each module: what its import adds to the start of the interpreter."""
    times = {contender(entry): median(entry) * 1e3 for entry in entries}
    bare = times.pop("import sys")
    backend = times["import _cffi_backend"]
    added = {name: milliseconds - bare for name, milliseconds in times.items()}
    ours = added["import cosfast"]
    texts = {name: f"{milliseconds:.1f} ms" for name, milliseconds in added.items()}
    texts["import cosfast"] += f": cosfast adds {bare + ours - backend:.1f} ms to cffi's backend"
    figure, axes = plt.subplots(
        figsize=(WIDTH, len(added) * BAR_HEIGHT + PANEL_MARGIN), layout="constrained"
    )
    of_module = {contender(entry): entry for entry in entries}
    draw_bars(axes, [(of_module[name], max(0, ms), texts[name]) for name, ms in added.items()])
    first = list(added).index("import cosfast")
    axes.barh(first, max(0, backend - bare), color=FAINT, height=0.72)
    axes.set_xlim(0, max(added.values()) * 1.9)
    title = f"{group}: added to the {bare:.1f} ms in which an interpreter starts"
    axes.set_title(title, loc="left", fontweight="bold")
    save(figure, path, title, "; ".join(f"{name} {text}" for name, text in texts.items()) + ".")


def draw_small_updates(group: str, entries: list[Entry], path: Path) -> None:
    """Draw a line for each contender: nanoseconds of an update by its size."""
    updates = [
        entry
        for entry in entries
        if work(entry).startswith("update") and "SHA-256" not in work(entry)
    ]
    figure, axes = plt.subplots(figsize=(WIDTH, 3.6), layout="constrained")
    colours = cycle(PEER_LINES)
    values = []
    for name, role in dict.fromkeys((contender(entry), role_of(entry)) for entry in updates):
        of_one = (entry for entry in updates if contender(entry) == name)
        line = sorted((size(entry), median(entry) * 1e9) for entry in of_one)
        colour = BLUE if role == "cosfast" else next(colours)
        axes.plot(*zip(*line, strict=True), "o-", label=name, color=colour)
        points = (f"{count:,} bytes {ns:,.0f} ns" for count, ns in line)
        values.append(f"{name}: {', '.join(points)}.")
    sizes = sorted(set(map(size, updates)))
    axes.set(xscale="log", yscale="log", xlabel="bytes in an update", ylabel="ns an update")
    axes.set_xticks(sizes, [f"{count:,}" for count in sizes])
    axes.set_yticks([10, 100, 1000, 10_000], ["10", "100", "1,000", "10,000"])
    axes.minorticks_off()
    axes.grid(color=FAINT, linewidth=0.3)
    title = f"{group}: time of an update by its size (lower is better)"
    axes.set_title(title, loc="left", fontweight="bold")
    axes.legend()
    save(figure, path, title, " ".join(values))


def draw_bars(axes: Axes, bars: list[tuple[Entry, float, str]]) -> None:
    """Draw horizontal bars from a common zero, each with its text at the end."""
    for position, (entry, value, text) in enumerate(bars):
        role = entry["extra_info"]["role"]
        axes.barh(
            position,
            value,
            color=COLOURS[role],
            edgecolor=FAINT if role == "limit" else COLOURS[role],
            hatch="////" if role == "limit" else None,
            height=0.72,
        )
        label_point(axes, (value, position), text, 6)
    axes.set_yticks(range(len(bars)), [spelt(entry) for entry, _, _ in bars])
    axes.invert_yaxis()
    axes.set_xlim(0, max(value for _, value, _ in bars) * 1.3)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def draw_ratios(ratios: list[Ratio], path: Path, cpu: str) -> None:
    """Draw each ratio on one scale, with the strongest peer and the limit if they are known."""
    figure, axes = plt.subplots(figsize=(WIDTH, 0.56 * len(ratios) + 1.3), layout="constrained")
    for position, ratio in enumerate(ratios):
        axes.plot([1, ratio.measured], [position] * 2, color=FAINT, linewidth=1.5, zorder=1)
        if ratio.best_peer:
            axes.plot(ratio.best_peer[1], position, "o", color=FAINT, markersize=7)
        if ratio.limit:
            axes.plot(ratio.limit[1], position, "|", color=INK, markersize=14, markeredgewidth=2)
        axes.plot(ratio.measured, position, "o", color=BLUE, markersize=9)
        axes.annotate(
            spell_ratio(ratio.measured),
            (ratio.measured, position),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            fontsize=9,
            color=BLUE,
            fontweight="bold",
        )
        beside = "\n".join(spell_beside(ratio))
        axes.text(
            1.01, position, beside, transform=axes.get_yaxis_transform(), fontsize=9, va="center"
        )
    labels = [f"{ratio.work}\n1x: {ratio.reference}" for ratio in ratios]
    axes.set_yticks(range(len(ratios)), labels, fontsize=9.5)
    axes.set(xscale="log", xlim=(0.045, 4000), ylim=(len(ratios) - 0.5, -0.8))
    axes.set_xticks([0.1, 1, 10, 100, 1000], ["0.1x", "1x", "10x", "100x", "1,000x"])
    axes.minorticks_off()
    axes.tick_params(axis="y", length=0)
    axes.axvline(1, color=INK, linewidth=1)
    axes.plot([], [], "o", color=BLUE, markersize=9, label="cosfast")
    axes.plot([], [], "o", color=FAINT, markersize=7, label="the strongest other implementation")
    limit = "the machine's limit, if known"
    axes.plot([], [], "|", color=INK, markersize=14, markeredgewidth=2, linestyle="", label=limit)
    figure.legend(loc="outside lower center", ncols=3)
    title = f"Times as fast as the implementation named below each work, which is 1x ({cpu})"
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=11)
    values = [
        f"{ratio.work}: cosfast {spell_ratio(ratio.measured)} of {ratio.reference}"
        f"{''.join(f'; {text}' for text in spell_beside(ratio))}."
        for ratio in ratios
    ]
    save(figure, path, title, " ".join(values))


def ratios_of_races(entries: list[Entry]) -> Iterator[Ratio]:
    """Yield a ratio for each work of which cosfast's time was compared with that of a peer."""
    works = dict.fromkeys((group_of(entry), work(entry)) for entry in entries)
    for group, name in sorted(works, key=lambda of: ORDER.index(of[0]) if of[0] in ORDER else 99):
        members = [entry for entry in entries if (group_of(entry), work(entry)) == (group, name)]
        ours = next((entry for entry in members if role_of(entry) == "cosfast"), None)
        if ours is None or unit_of(ours) != "x" or RATIOS_LEFT_OUT.match(name):
            continue
        measured = against_peer(ours)
        reference = str(ours["extra_info"]["peer"])
        peers = [entry for entry in members if role_of(entry) == "peer"]
        others = [entry for entry in peers if contender(entry) != reference]
        limits = [entry for entry in members if role_of(entry) == "limit"]
        limits = [entry for entry in limits if "all cores" in contender(entry)] or limits
        above = [entry for entry in limits if against_peer(entry) >= measured]
        best, lowest = (
            max(others, key=against_peer, default=None),
            min(above, key=against_peer, default=None),
        )
        yield Ratio(
            f"{group}: {name}",
            reference,
            measured,
            None if best is None else (contender(best), against_peer(best)),
            None if lowest is None else (contender(lowest), against_peer(lowest)),
        )


def ratios_of_syncs(claims: list[Entry]) -> Iterator[Ratio]:
    """Yield the ratios that are not the results of a race."""
    for claim in claims:
        if "in sync" in claim["claim"]:
            name, _, reference = claim["claim"].partition(", against ")
            yield Ratio(f"{name}: {claim['subject']}", reference, claim["measured"])


def spell_beside(ratio: Ratio) -> list[str]:
    """Return the texts of the strongest other peer and of the limit."""
    named = (("other", ratio.best_peer), ("limit", ratio.limit))
    return [f"{kind}: {of[0]}, {spell_ratio(of[1])}" for kind, of in named if of]


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


def spell_bar(entry: Entry) -> str:
    """Return the rate at the end of a bar, and its ratio to the peer: 1x for the peer itself."""
    rate = spell_rate(bytes_per_second(entry))
    info = entry["extra_info"]
    if not info["against_peer"]:
        return rate
    if unit_of(entry) == "%":
        return f"{rate}, {against_peer(entry):.0f} %"
    if contender(entry) == info["peer"]:
        return f"{rate}, 1x"
    return f"{rate}, {spell_ratio(against_peer(entry))}"


def spell_rate(rate: float) -> str:
    """Return a rate with three digits, in the unit that makes it a number from 1 to 1,000."""
    scale, unit = next(((scale, unit) for scale, unit in RATES if rate >= scale), RATES[-1])
    return f"{f'{rate / scale:#.3g}'.rstrip('.')} {unit}"


def spell_ratio(ratio: float) -> str:
    """Return a ratio with three digits, or with all digits before the point."""
    return f"{ratio:,.{max(0, 2 - int(math.log10(max(ratio, 1))))}f}x"


def group_of(entry: Entry) -> str:
    """Return an entry's group, without the work that follows it."""
    return str(entry["group"]).partition(":")[0]


def spelt(entry: Entry) -> str:
    """Return the name of a contender, marked if it is a limit."""
    return f"limit: {contender(entry)}" if role_of(entry) == "limit" else contender(entry)


def bytes_per_second(entry: Entry) -> float:
    """Return the number of bytes divided by the median of the times."""
    return size(entry) / median(entry)


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


def role_of(entry: Entry) -> str:
    """Return the role of an entry's contender: cosfast, peer or limit."""
    return str(entry["extra_info"]["role"])


def unit_of(entry: Entry) -> str:
    """Return the unit of an entry's comparison with its peer."""
    return str(entry["extra_info"]["unit"])


def against_peer(entry: Entry) -> float:
    """Return an entry's comparison with its peer."""
    return float(entry["extra_info"]["against_peer"]["measured"])


def save(figure: Figure, path: Path, title: str, description: str) -> None:
    """Write the chart with its title and description.

    It has no date, so that the same results give the same file.
    """
    drawn = StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    plt.close(figure)
    opening = re.search(r"<svg[^>]*>", drawn.getvalue())
    assert opening is not None
    named = opening.group()[:-1] + ' role="img" aria-labelledby="chart-title chart-values">'
    text = (
        f'\n <title id="chart-title">{escape(title)}</title>'
        f'\n <desc id="chart-values">{escape(description)}</desc>'
    )
    path.write_text(drawn.getvalue().replace(opening.group(), named + text, 1), "utf-8")


DRAWN_OTHERWISE = {"small updates": draw_small_updates, "import": draw_import}

if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
