"""The claims about the speed and memory of cosfast, each with a minimum and a goal.

The report shows them with the measurements. They are not asserted, since load is not a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Unit:
    """The unit of a figure, its number format, and whether larger is better."""

    suffix: str
    decimals: int
    larger_is_better: bool

    @property
    def name(self) -> str:
        """The name in the result file."""
        return self.suffix.strip()

    def spell(self, value: float) -> str:
        """Return a measured value with its unit."""
        return f"{value:,.{self.decimals}f}{self.suffix}"

    def spell_bound(self, value: float) -> str:
        """Return a claimed value with its unit, without trailing zeros."""
        return f"{value:,g}{self.suffix}"


TIMES = Unit("x", 2, larger_is_better=True)
MILLISECONDS = Unit(" ms", 1, larger_is_better=False)
MEBIBYTES = Unit(" MiB", 1, larger_is_better=False)
SECONDS = Unit(" s", 3, larger_is_better=False)
PERCENT = Unit(" %", 1, larger_is_better=True)
SLICES = Unit(" slices", 1, larger_is_better=False)
CALLS = Unit(" calls", 0, larger_is_better=False)


@dataclass(frozen=True)
class Comparison:
    """The function that computes a figure from the seconds of a contender and of the peer."""

    unit: Unit
    of: Callable[[float, float], float]


FASTER = Comparison(TIMES, lambda ours, peer: peer / ours)
LONGER = Comparison(MILLISECONDS, lambda ours, peer: (ours - peer) * 1e3)
SHARE = Comparison(PERCENT, lambda ours, peer: peer / ours * 100)


@dataclass(frozen=True)
class Figure:
    """A value computed from the medians, with the extremes of single rounds."""

    measured: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Claim:
    """One line of the table: the work, the minimum and the goal."""

    row: str
    floor: float
    aim: float
    unit: Unit = TIMES

    def verdict(self, measured: float) -> str:
        """Return how the measured value, as it is printed, compares with the claim."""
        sign = 1 if self.unit.larger_is_better else -1
        value = sign * round(measured, self.unit.decimals)
        if value >= sign * self.aim:
            return "aim reached"
        return "reached" if value >= sign * self.floor else "MISSED"


ONE_STREAM = Claim("one stream, 64 MiB in memory, against hashlib.sha1", 0.97, 1.00)
ONE_STREAM_SHA256 = Claim("SHA-256, one stream, 64 MiB in memory, against hashlib", 0.97, 1.00)
UPDATE_16 = Claim("update of 16 bytes, against hashlib.sha1", 0.28, 0.40)
DIGEST_100 = Claim("sha1(100 bytes).hexdigest(), against hashlib.sha1", 0.40, 0.60)
CONTEXTS = Claim("contexts of 1 GiB in 4 MiB parts, against file_digest", 0.95, 1.05)
CONTEXTS_SHA256 = Claim("the same with SHA-256", 0.95, 1.05)
FILE_TO_PARTS = Claim("1 GiB file in page cache to parts, against file_digest", 1.04, 1.08)
PURE_PYTHON = Claim("8 MiB to parts, against pure Python", 1000, 1500)
MANY_SHANI = Claim("64 x 1 MiB, one thread, SHA-NI alone forced, against hashlib", 2.1, 2.5)
MANY_AVX2 = Claim("the same with AVX2 alone forced", 1.3, 1.45)
MANY_SHANI_SHA256 = Claim("the same with SHA-256, SHA-NI alone forced", 1.3, 1.6)
JOBS_AVX512 = Claim("64 KiB messages, one thread, AVX-512, against libipsec-mb", 1.05, 1.15)
JOBS_AVX512_SHA256 = Claim("the same with SHA-256", 1.00, 1.15)
VERIFY = Claim("verify a 1 GiB file in page cache, 2 cores, against file_digest", 4, 6)
FILES_1_MIB = Claim("1,000 files of 1 MiB, 2 cores, against a file_digest loop", 3.5, 6)
FILES_16_KIB = Claim("10,000 files of 16 KiB, 2 cores, against a file_digest loop", 2, 4)
MEMORY = Claim("memory above the interpreter, any file size", 64, 32, MEBIBYTES)
IMPORT = Claim("import cosfast, above cffi's backend and the interpreter", 30, 15, MILLISECONDS)
EMULATOR = Claim("64 MiB with parts to the emulator, against hashing in pure Python", 50, 100)
SLICE_PHASE = Claim("256 MiB in slices, 8 connections, against requests.post(files=)", 1.8, 2.5)
TAKEN_IN = Claim(
    "256 MiB taken in by the emulator, 8 connections, against a bare receiver", 30, 60, PERCENT
)
BARE_SOCKETS = Claim("the same against 8 bare sockets", 30, 45, PERCENT)
ROUND_TRIPS = Claim("64 MiB, answers 100 ms late, 16 at a time, of the ideal", 80, 95, PERCENT)
UPLOAD_MEMORY = Claim("memory above the idle client, 8 GiB sparse, 8 at a time", 64, 32, MEBIBYTES)
FIRST_SLICE = Claim("resuming 4 GiB, parts in the journal: to the first slice", 0.5, 0.1, SECONDS)
SENT_AGAIN = Claim("sent again after a kill at any instant, 8 at a time", 9, 8, SLICES)
DOWNLOAD = Claim("1 GiB downloaded and verified, against curl and sha1sum", 1.0, 1.6)
SYNC = Claim("10,000 files in sync, unchanged, against the first time", 20, 100)
LIST_MEMORY = Claim("memory above the idle client, 100,000 objects listed", 64, 32, MEBIBYTES)
WEDRIVE_EMULATOR = Claim("WeDrive: 64 MiB to the emulator, against hashing in pure Python", 50, 100)
WEDRIVE_BLOCKS = Claim(
    "WeDrive: 64 MiB in blocks, 8 connections, against 8 bare sockets", 30, 45, PERCENT
)
WEDRIVE_MEMORY = Claim(
    "WeDrive: memory above the idle client, 8 GiB sparse, 10 at a time", 96, 64, MEBIBYTES
)
WEDRIVE_CALLS = Claim("WeDrive: calls of a resume beside the missing blocks'", 2, 1, CALLS)
PDS_PARTS = Claim("256 MiB in PDS parts, 8 connections, against the same in COS slices", 1.0, 1.1)
PDS_MEMORY = Claim(
    "memory above the idle PDS client, 8 GiB sparse, 5 parts of 50 MiB at once", 64, 32, MEBIBYTES
)
PDS_FIRST_PART = Claim(
    "resuming 4 GiB to PDS, contexts in the journal: to the first part", 0.2, 0.05, SECONDS
)

TABLE = (
    ONE_STREAM,
    ONE_STREAM_SHA256,
    UPDATE_16,
    DIGEST_100,
    CONTEXTS,
    CONTEXTS_SHA256,
    FILE_TO_PARTS,
    PURE_PYTHON,
    MANY_SHANI,
    MANY_AVX2,
    MANY_SHANI_SHA256,
    JOBS_AVX512,
    JOBS_AVX512_SHA256,
    VERIFY,
    FILES_1_MIB,
    FILES_16_KIB,
    MEMORY,
    IMPORT,
    EMULATOR,
    SLICE_PHASE,
    BARE_SOCKETS,
    ROUND_TRIPS,
    UPLOAD_MEMORY,
    FIRST_SLICE,
    SENT_AGAIN,
    TAKEN_IN,
    DOWNLOAD,
    SYNC,
    LIST_MEMORY,
    WEDRIVE_EMULATOR,
    WEDRIVE_BLOCKS,
    WEDRIVE_MEMORY,
    WEDRIVE_CALLS,
    PDS_PARTS,
    PDS_MEMORY,
    PDS_FIRST_PART,
)
