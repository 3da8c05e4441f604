"""Fixtures that run the races, pass their times to pytest-benchmark, and print the claims."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from harness import machine
from harness.clock import ReplayClock
from harness.files import Files
from harness.report import Report, extra_info
from harness.sizes import FULL, QUICK, Sizes
from harness.tables import report_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.race import Race, Work

    Measure = Callable[[Race, Work, str], None]

REPORT = pytest.StashKey[Report]()
CLOCK = pytest.StashKey[ReplayClock]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option --quick."""
    parser.addoption(
        "--quick",
        action="store_true",
        help="smaller sizes and few rounds: checks the benchmarks, gives no figures for the claims",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start the report."""
    if os.environ.get("COSFAST_KERNEL"):
        raise pytest.UsageError("unset COSFAST_KERNEL: the benchmarks choose kernels themselves")
    config.stash[REPORT] = Report(_sizes(config).rounds)
    config.stash[CLOCK] = ReplayClock()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give every benchmark the clock that replays the times of its race."""
    for item in items:
        item.add_marker(pytest.mark.benchmark(timer=config.stash[CLOCK].now))


@pytest.fixture(scope="session")
def sizes(request: pytest.FixtureRequest) -> Sizes:
    """Return the sizes of this run."""
    return _sizes(request.config)


@pytest.fixture(scope="session")
def files() -> Iterator[Files]:
    """Yield the files to hash, and remove them at the end of the run."""
    with tempfile.TemporaryDirectory(prefix="cosfast-bench-") as folder:
        yield Files(Path(folder))


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Return the report of this run."""
    return request.config.stash[REPORT]


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> ReplayClock:
    """Return the clock of `benchmark`."""
    return request.config.stash[CLOCK]


@pytest.fixture
def measure(report: Report, benchmark: Any, clock: ReplayClock) -> Measure:
    """Return a function that passes the times of one contender to pytest-benchmark.

    The first contender of a race runs the whole race. A contender that cannot run is skipped with
    the reason; one that failed, or returned a wrong result, fails.
    """

    def measure_contender(race: Race, work: Work, name: str) -> None:
        outcome = report.outcome(race, work)
        if name in outcome.absent:
            pytest.skip(f"{name}: {outcome.absent[name]}")
        if name in outcome.failed:
            benchmark.pedantic(_fail_with, args=(outcome.failed[name],))
        benchmark.group = f"{race.group}: {work.title}"
        benchmark.extra_info.update(extra_info(outcome, name))
        clock.replay(benchmark, outcome.times[name])

    return measure_contender


def pytest_benchmark_generate_machine_info() -> dict[str, object]:
    """Describe the machine instead of pytest-benchmark, which would include the host name."""
    return machine.describe()


def pytest_benchmark_generate_commit_info() -> dict[str, object]:
    """Omit the commit: a result is committed together with the code that it measured."""
    return {}


def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    """Add the claims to the result file, and drop settings that a replay does not use.

    A quick run has no claims: its sizes are not those that they name.
    """
    quick = _sizes(config) is QUICK
    readings = () if quick else config.stash[REPORT].readings()
    output_json["quick"] = quick
    output_json["claims"] = [reading.as_json() for reading in readings]
    for entry in output_json["benchmarks"]:
        del entry["options"]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the tables."""
    terminalreporter.section("benchmarks")
    terminalreporter.write_line(machine.title())
    for line in report_lines(config.stash[REPORT], _sizes(config)):
        terminalreporter.write_line(line)


def _fail_with(failure: Exception) -> None:
    raise failure


def _sizes(config: pytest.Config) -> Sizes:
    return QUICK if config.getoption("--quick") else FULL
