"""What an installation has and asks for; run against the wheel by tools/installed_tests.py."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import cosfast

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
EXTRAS_OF_USERS = {"cli", "emulator", "fsspec", "dask"}


@pytest.fixture
def distribution():
    return metadata.distribution("cosfast")


def required_with(distribution, extra):
    requirements = map(Requirement, distribution.requires)
    return {r.name for r in requirements if r.marker is None or r.marker.evaluate({"extra": extra})}


def test_bare_it_asks_for_cffi_and_requests(distribution):
    # urllib3 comes with requests anyway; what is said of it is from which version on.
    assert required_with(distribution, "") == {"cffi", "requests", "urllib3"}


def test_each_extra_adds_something(distribution):
    bare = required_with(distribution, "")
    assert set(distribution.metadata.get_all("Provides-Extra")) >= EXTRAS_OF_USERS
    for extra in EXTRAS_OF_USERS:
        assert required_with(distribution, extra) > bare


def test_the_version_is_told_once(distribution):
    assert distribution.version == cosfast.__version__


def test_entry_points_can_be_loaded(distribution):
    pytest.importorskip("aiohttp")
    pytest.importorskip("fsspec")
    loaded = {point.group: point.load() for point in distribution.entry_points}
    assert set(loaded) == {"console_scripts", "fsspec.specs", "pytest11"}


def test_a_wheel_has_the_package_and_nothing_beside_it(distribution):
    names = [str(path).replace("\\", "/") for path in distribution.files]
    if distribution.read_text("WHEEL") is None or "cosfast/__init__.py" not in names:
        pytest.skip("installed from the source tree, as for development")
    assert "cosfast/py.typed" in names
    tops = {name.split("/")[0] for name in names if not name.startswith("..")}
    assert tops == {"cosfast", f"cosfast-{cosfast.__version__}.dist-info"}
    suffixes = {Path(name).suffix for name in names if name.startswith("cosfast/")}
    assert suffixes <= {".py", ".pyc", ".so", ".pyd", ".typed"}


def test_the_core_is_for_the_stable_abi_where_there_is_one():
    name = Path(cosfast.__spec__.submodule_search_locations[0])
    (core,) = [p.name for p in name.iterdir() if re.fullmatch(r"_core\..*(so|pyd)", p.name)]
    stable = {"_core.abi3.so", "_core.pyd"}  # Windows has no mark for it in the name
    assert (core in stable) == (not FREE_THREADED)


@pytest.mark.skipif(not FREE_THREADED, reason="this Python has a GIL")
def test_the_gil_stays_off():
    code = "import sys, cosfast; cosfast.sha1(b'x'); print(sys._is_gil_enabled())"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.stderr) == ("False\n", "")
