"""Run the tests with the installed wheel, on each Python, with the oldest and newest dependencies.

    installed_tests.py [--all] [--slow] [--python VERSION] [--dependencies oldest|newest]
                       [-- PYTEST...]

dist/ must have the wheel, and the sdist with the tests, as `make wheels` builds them. A wheel for
the stable ABI does not fit a free-threaded Python, which gets one built from the sdist. Each run
has its own virtual environment and an empty home, and does not use this source tree
(``python -I``). Without options, the oldest installed Python is used with the oldest allowed
dependencies; ``--all`` runs each Python from 3.11 on with the oldest and the newest dependencies,
and all code of README and docs/. The tests are those that are not slow; ``--slow`` runs all tests.

Requires `packaging`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packaging.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DIST = Path(__file__).parent.parent / "dist"
VERSIONS = ("3.11", "3.12", "3.13", "3.14", "3.14t", "3.15")
EXTRAS = ("cli", "emulator", "fsspec", "dask")
"""Extras whose version bounds are tested. The dependencies of the tests are always the newest."""

PARALLEL = ["--numprocesses", "auto", "--dist", "loadfile"]
QUICK = (["--ignore=tests/docs", "-m", "not slow", *PARALLEL], ["tests/docs", *PARALLEL])
TEST_SECONDS = 3600
ASK_VERSION = (
    "import sys, sysconfig; print('%d.%d' % sys.version_info[:2],"
    " 't' if sysconfig.get_config_var('Py_GIL_DISABLED') else '', sep='')"
)


class Combination(NamedTuple):
    """One run of the tests: version and path of a Python, and oldest or newest dependencies."""

    version: str
    python: str
    dependencies: str

    def __str__(self) -> str:
        return f"Python {self.version} with the {self.dependencies} dependencies"


def main() -> int:
    """Run the requested combinations; return 1 if one fails."""
    options = parse_arguments()
    pythons = dict(find_pythons())
    for version in VERSIONS:
        if version not in pythons and (options.all or version == options.python):
            print(f"SKIPPED: Python {version} is not installed", flush=True)
    chosen = [c for c in combinations(pythons) if is_wanted(c, options)]
    if not options.all and not options.python:
        chosen = chosen[:1]
    runs = [options.pytest] if options.slow or options.pytest else QUICK
    if not options.all:
        runs = runs[:1]  # the code of the documents is run by `make test`, too
    failed = [str(c) for c in chosen if not passes(c, runs)]
    print(f"installed wheel: {len(chosen) - len(failed)} of {len(chosen)} combinations pass")
    for name in failed:
        print(f"FAILED: {name}")
    return 1 if failed or not chosen else 0


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--all", action="store_true", help="every Python, oldest and newest")
    parser.add_argument("--slow", action="store_true", help="the slow tests too")
    parser.add_argument("--python", choices=VERSIONS, help="only this Python")
    parser.add_argument("--dependencies", choices=("oldest", "newest"), help="only these")
    parser.add_argument("pytest", nargs="*", help="arguments of pytest, after --")
    return parser.parse_args()


def is_wanted(combination: Combination, options: argparse.Namespace) -> bool:
    """Return whether the options select a combination."""
    return (options.python or combination.version) == combination.version and (
        options.dependencies or combination.dependencies
    ) == combination.dependencies


def combinations(pythons: dict[str, str]) -> Iterator[Combination]:
    """Yield each Python with the oldest and the newest dependencies, oldest first."""
    for version, python in pythons.items():
        for dependencies in ("oldest", "newest"):
            yield Combination(version, python, dependencies)


def find_pythons() -> Iterator[tuple[str, str]]:
    """Yield version and path of each Python on PATH or of pyenv, in order of version."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    for version in VERSIONS:
        names = [shutil.which(f"python{version}"), shutil.which(f"python{version.rstrip('t')}")]
        paths = sorted(pyenv.glob(f"{version.rstrip('t')}.*/bin/python"))
        for path in (*filter(None, names), *map(str, paths)):
            if version_of(path) == version:
                yield version, path
                break


def version_of(python: str) -> str:
    """Return the version that a Python reports; empty if it does not run, like some shims."""
    ask = [python, "-I", "-c", ASK_VERSION]
    run = subprocess.run(  # noqa: S603 - a Python found by find_pythons
        ask, check=False, capture_output=True, text=True
    )
    return run.stdout.strip()


def passes(combination: Combination, runs: Sequence[Sequence[str]]) -> bool:
    """Install the wheel for one combination; run pytest with each list of arguments."""
    print(f"== {combination}", flush=True)
    with tempfile.TemporaryDirectory(prefix="cosfast-installed-") as name:
        folder = Path(name)
        python = make_environment(folder / "venv", combination)
        if python is None:
            return False
        tree = unpack_tests(folder / "sdist")
        (folder / "home").mkdir()
        command = [python, "-I", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        environment = {"HOME": str(folder / "home"), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        if combination.version.endswith("t"):
            # A free-threaded Python turns the GIL on for extensions that do not declare support.
            # Because of -I this process ignores PYTHON_GIL, and its workers do not inherit -X.
            command[1:1] = ["-X", "gil=0"]
            environment["PYTHON_GIL"] = "0"
        outcomes = [run_tests([*command, *words], tree, environment) for words in runs]
        return all(outcomes)


def run_tests(command: list[str], tree: Path, environment: dict[str, str]) -> bool:
    """Run pytest in the tree, with only these environment variables."""
    run = subprocess.run(  # noqa: S603 - as above
        command, check=False, cwd=tree, env=environment, timeout=TEST_SECONDS
    )
    return run.returncode == 0


def make_environment(folder: Path, combination: Combination) -> str | None:
    """Create a virtual environment with the wheel; return its Python, or None if that failed."""
    make = [combination.python, "-I", "-m", "venv", str(folder)]
    subprocess.run(make, check=True)  # noqa: S603 - as above
    python = str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")
    wheel = find_wheel(python, combination.version, folder)
    constraints = folder / "constraints.txt"
    oldest = combination.dependencies == "oldest"
    pins = oldest_pins(wheel, combination.version) if oldest else []
    constraints.write_text("\n".join(pins), "utf-8")
    install = [python, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    install += ["--only-binary", ":all:", "--constraint", str(constraints)]
    wanted = f"{wheel}[{','.join((*EXTRAS, 'test'))}]"
    run = subprocess.run([*install, wanted], check=False)  # noqa: S603 - as above
    return None if run.returncode else python


def find_wheel(python: str, version: str, folder: Path) -> Path:
    """Return the path of the wheel, built in a folder if the one in dist/ does not fit."""
    if version.endswith("t"):
        (sdist,) = DIST.glob("*.tar.gz")
        build = [python, "-I", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
        subprocess.run([*build, str(folder), str(sdist)], check=True)  # noqa: S603 - as above
    else:
        folder = DIST
    (wheel,) = folder.glob("*.whl")
    return wheel


def oldest_pins(wheel: Path, version: str) -> list[str]:
    """Return the lower bounds of what the wheel asks for, as pins for pip.

    Args:
        wheel: Its metadata is read.
        version: Of Python, for which markers are evaluated.
    """
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode("utf-8"))
    requirements = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    plain = version.rstrip("t")
    pins = set()
    for extra in ("", *EXTRAS):
        environment = {"extra": extra, "python_version": plain, "python_full_version": plain + ".0"}
        for requirement in requirements:
            if requirement.marker is None or requirement.marker.evaluate(environment):
                pins |= {
                    f"{requirement.name}=={bound.version}"
                    for bound in requirement.specifier
                    if bound.operator == ">="
                }
    return sorted(pins)


def unpack_tests(folder: Path) -> Path:
    """Unpack the sdist without the package, so that only the installed wheel can be imported."""
    (sdist,) = DIST.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (tree,) = folder.iterdir()
    shutil.rmtree(tree / "cosfast")
    shutil.rmtree(tree / "cosfast.egg-info")
    return tree


if __name__ == "__main__":
    sys.exit(main())
