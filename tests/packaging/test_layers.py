"""Layers import downwards only, also for type checking, so no package is in an import cycle."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import cosfast

ROOT = Path(cosfast.__file__).parent
FOUNDATIONS = {
    "errors",
    "parsing",
    "ownfiles",
    "concurrency",
    "deprecation",
    "lazy",
    "__init__",
    "_core",
}
LAYERS = [
    FOUNDATIONS,
    {"hashing"},
    {"parts", "localfiles"},
    {"transfer"},
    {"cosv4", "wedrive", "pds"},
    {"sync", "fs"},
    {"cli"},
    {"__main__"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
SHARED_WITH_EMULATOR = {
    "errors",
    "parsing",
    "ownfiles",
    "lazy",
    "hashing",
    "parts",
    "emulator",
    "__init__",
}
TABLES_OF_CODES = ("codes",)  # the last part of a module that the emulator may import of a service


def modules():
    return sorted(ROOT.rglob("*.py"))


def imported(path):
    """Yield the modules of cosfast that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.startswith("cosfast."))


def package_of(module):
    """Return the part of cosfast that a dotted name is in: a package or a single module."""
    name = module.split(".")[1]
    return name if (ROOT / name).is_dir() or (ROOT / f"{name}.py").exists() else "__init__"


def own_package(path):
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downwards(path):
    own = own_package(path)
    if own in {"emulator", "__init__"}:
        return  # the emulator is apart, see below; the package's face loads everything when asked
    for module in imported(path):
        other = package_of(module)
        if other in {own, "__init__"}:
            continue
        if own == "cli" and other == "emulator":
            continue  # `cosfast emulator` and `cosfast demo`
        assert other != "emulator", f"{own} imports {module}"
        assert RANK[other] < RANK[own] or {own, other} <= FOUNDATIONS, f"{own} imports {module}"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "emulator").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_the_emulator_shares_nothing_with_a_client_but_codes(path):
    for module in imported(path):
        if path.name == "pytest_plugin.py" or package_of(module) in SHARED_WITH_EMULATOR:
            continue  # the plugin makes a client for tests
        assert module.split(".")[-2] in TABLES_OF_CODES or module.endswith(TABLES_OF_CODES), module


def test_every_package_has_a_layer():
    found = {own_package(path) for path in modules()}
    assert found <= {*RANK, "emulator"}
