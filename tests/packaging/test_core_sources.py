"""Which C files are compiled for which machine (src/core_sources.py, csrc/sources.txt)."""

from __future__ import annotations

import importlib.util
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
X86 = {"sha1_compress_shani", "sha1_many_shani", "sha1_many_avx2", "sha1_many_avx512"}
ARM64 = {"sha1_compress_armce", "sha1_many_armce"}


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
