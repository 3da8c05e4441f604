"""Sizes of the work: those of the claims, or smaller ones for a quick run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True)
class Sizes:
    """Bytes, numbers of files and buffers, and the maximum number of rounds of a race."""

    stream: int = 64 * MIB
    file: int = GIB
    pure_python: int = 8 * MIB
    buffers: int = 64
    jobs: int = 1024
    files_1_mib: int = 1000
    files_16_kib: int = 10_000
    sparse: int = 8 * GIB
    upload: int = 64 * MIB
    pure_python_share: int = 4 * MIB
    slices: int = 256 * MIB
    resumed: int = 4 * GIB
    kills: int = 20
    entries: int = 100_000
    tree: int = 10_000
    syncs: int = 3
    rounds: int = 1000

    def lines(self) -> Iterator[str]:
        """Yield lines that name every size."""
        named = {
            "one stream": spell_size(self.stream),
            "one file": spell_size(self.file),
            "one sparse file": spell_size(self.sparse),
            "pure Python": spell_size(self.pure_python),
            "many streams": f"{self.buffers:,} of 1 MiB; {self.jobs:,} of 65,472 bytes",
            "many files": f"{self.files_1_mib:,} of 1 MiB; {self.files_16_kib:,} of 16 KiB",
            "upload": f"{spell_size(self.upload)}; in slices {spell_size(self.slices)}",
            "resumed upload": f"{spell_size(self.resumed)}; {self.kills:,} kills",
            "objects listed": f"{self.entries:,}",
            "files in sync": f"{self.tree:,}",
            "rounds": f"{self.rounds:,} at most",
        }
        for name, size in named.items():
            yield f"  {name:20}{size}"


FULL = Sizes()
QUICK = Sizes(
    stream=16 * MIB,
    file=64 * MIB,
    pure_python=MIB // 2,
    buffers=32,
    jobs=256,
    files_1_mib=64,
    files_16_kib=1000,
    sparse=GIB,
    upload=16 * MIB,
    pure_python_share=MIB,
    slices=32 * MIB,
    resumed=256 * MIB,
    kills=3,
    entries=5_000,
    tree=300,
    syncs=1,
    rounds=3,
)


def spell_size(size: int) -> str:
    """Return a number of bytes in the largest unit that divides it."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size and size % unit == 0:
            return f"{size // unit:,} {name}"
    return f"{size:,} bytes"
