"""The C core's sources: which are compiled for which machine, the version, the example program."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

import cosfast
from cosfast.hashing.core import ffi, lib

ROOT = Path(__file__).resolve().parents[2]
X86 = {"compress_shani", "compress_avx2", "compress_avx512"}
ARM64 = {"compress_armce"}


@pytest.fixture
def core_sources(monkeypatch):
    path = ROOT / "src" / "core_sources.py"
    if not path.exists():
        pytest.skip("there is no source tree here")
    monkeypatch.chdir(ROOT)
    for name in ("ARCHFLAGS", "VSCMD_ARG_TGT_ARCH"):
        monkeypatch.delenv(name, raising=False)
    spec = importlib.util.spec_from_file_location("core_sources", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kernels_of(module):
    return {Path(source.path).stem for source in module.kernel_sources()}


@pytest.mark.parametrize(
    ("platform", "kernels"),
    [
        ("linux-x86_64", X86),
        ("macosx-11.0-arm64", ARM64),
        ("linux-aarch64", ARM64),
        ("win-amd64", X86),
        ("win-arm64", ARM64),
        ("linux-s390x", set()),
        ("win32", set()),
        ("macosx-10.9-universal2", set()),  # flags of one architecture would break the other
    ],
)
def test_kernels_are_those_of_the_platform(core_sources, monkeypatch, platform, kernels):
    monkeypatch.setattr(sysconfig, "get_platform", lambda: platform)
    assert kernels_of(core_sources) == kernels
    assert core_sources.portable_only() == platform.endswith("universal2")


@pytest.mark.parametrize(
    ("variable", "value", "kernels"),
    [
        ("ARCHFLAGS", "-arch x86_64", X86),
        ("ARCHFLAGS", "-arch arm64", ARM64),
        ("ARCHFLAGS", "-arch arm64 -arch x86_64", set()),
        ("VSCMD_ARG_TGT_ARCH", "arm64", ARM64),
        ("VSCMD_ARG_TGT_ARCH", "x64", X86),
    ],
)
def test_what_is_asked_for_counts(core_sources, monkeypatch, variable, value, kernels):
    monkeypatch.setenv(variable, value)
    assert kernels_of(core_sources) == kernels
    assert core_sources.portable_only() == (not kernels)


def test_every_file_of_the_core_is_listed(core_sources):
    listed = {Path(source.path).name for source in core_sources.read_sources()}
    assert listed == {path.name for path in (ROOT / "csrc").glob("*.c")}
    assert len(core_sources.portable_sources()) == len(listed) - len(X86) - len(ARM64)


def test_the_core_has_the_version_of_the_package():
    assert ffi.string(lib.cosfast_version()).decode() == cosfast.__version__


def test_the_readme_shows_the_example_program_and_how_to_build_and_run_it(tmp_path):
    core = ROOT / "csrc"
    if not core.exists():
        pytest.skip("there is no source tree here")
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler here")
    readme = (core / "README.md").read_text("utf-8")
    shown = re.search(r"^```c\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL).group(1)
    assert shown == (core / "example" / "states.c").read_text("utf-8")

    build, run = re.findall(r"^    \$ (.+)$", readme, re.MULTILINE)
    output = readme.partition(f"    $ {run}\n")[2].partition("\n\n")[0]
    program = shlex.quote(str(tmp_path / "states"))
    for command in (build.replace("-o states", f"-o {program} -Werror"), run):
        script = command.replace("./states", program)
        done = subprocess.run(["sh", "-c", script], cwd=core, stdout=subprocess.PIPE, check=True)
    assert done.stdout.decode().splitlines() == [line[4:] for line in output.splitlines()]
