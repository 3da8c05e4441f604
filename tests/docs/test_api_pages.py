"""The API pages have every public name, and nothing that is not there."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from docs.documents import ROOT, text_of

import cosfast

_DIRECTIVE = re.compile(r"^\.\. (currentmodule|auto\w+):: (\w+(?:\.\w+)*)$", re.MULTILINE)
MODULES = (
    "cosfast",
    "cosfast.wedrive",
    "cosfast.pds",
    "cosfast.fs",
    "cosfast.emulator",
    "cosfast.emulator.faults",
)


def documented():
    """Return the full names that the pages have, each as often as they have it."""
    names = []
    for path in sorted((ROOT / "docs" / "api").glob("*.md")):
        module = None
        for directive, name in _DIRECTIVE.findall(path.read_text("utf-8")):
            if directive == "currentmodule":
                module = name
            else:
                names.append(f"{module}.{name}")
    return names


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_there_once(module):
    if module == "cosfast.fs":
        pytest.importorskip("fsspec", reason="the fsspec extra is not installed")
    if module.startswith("cosfast.emulator"):
        pytest.importorskip("aiohttp", reason="the emulator's extra is not installed")
    public = [f"{module}.{name}" for name in import_module(module).__all__]
    found = documented()
    assert [found.count(name) for name in public] == [1] * len(public)
    assert {name for name in found if name.rpartition(".")[0] == module} == set(public)


def test_the_tree_of_errors_is_the_tree():
    text = text_of("docs/errors.md")
    for name in re.findall(r"[├└]── (\w+)", text):
        assert issubclass(getattr(cosfast, name), cosfast.CosError)
    drawn = set(re.findall(r"[├└]── (\w+)", text)) | {"CosError"}
    every = {name for name in cosfast.__all__ if _is_error(getattr(cosfast, name))}
    assert drawn == every
    above = ["CosError"]
    for line in text.splitlines():
        indented = re.match(r"([│ ]*)[├└]── (\w+)(.*)", line)
        if indented:
            depth = len(indented.group(1)) // 4 + 1
            del above[depth:]
            bases = getattr(cosfast, indented.group(2)).__bases__
            assert bases[0].__name__ == above[-1]
            others = [base.__name__ for base in bases[1:]]
            assert re.findall(r"also an? (\w+)", indented.group(3)) == others
            above.append(indented.group(2))


def _is_error(value):
    return isinstance(value, type) and issubclass(value, cosfast.CosError)


def test_the_pages_stand_beside_these_tests():
    assert Path(ROOT, "docs", "api", "index.md").exists()
