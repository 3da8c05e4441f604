"""The pages, wherever this copy of the tests stands, and the code blocks in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

pytest.importorskip("sybil", reason="sybil, which finds the code blocks, is not installed")

from sybil.document import Document
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer

ROOT = Path(__file__).resolve().parents[2]
IN_REPOSITORY = all((ROOT / name).exists() for name in ("csrc", "benchmarks", "SECURITY.md"))
"""Whether all is here that the pages lead to; a copy of the tests may have the documents alone."""

READMES = ("README.md", "README.zh-CN.md")
PAGES = (
    *READMES,
    *sorted(str(path.relative_to(ROOT).as_posix()) for path in (ROOT / "docs").rglob("*.md")),
)

_ANY_LANGUAGE = FencedCodeBlockLexer(
    "[^\n{]+", mapping={"language": "language", "source": "source"}
)
"""Blocks without a language are drawings; those in braces are Sphinx's directives."""


_FENCED = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A code block: its page, its language, and what stands in it."""

    page: str
    language: str
    source: str

    @property
    def commands(self):
        """The lines of a shell block, without comments."""
        return tuple(line.partition("#")[0].strip() for line in self.source.splitlines())


def text_of(page):
    return (ROOT / page).read_text("utf-8")


def regions_of(document):
    """Yield every code block of a document, as Sybil has them."""
    for region in _ANY_LANGUAGE(document):
        region.parsed = region.lexemes["source"]
        yield region


def blocks_of(page):
    """Return the code blocks of a page, in order."""
    regions = regions_of(Document(text_of(page), page))
    return [Block(page, region.lexemes["language"], str(region.parsed)) for region in regions]


def drawings_of(page):
    """Return the blocks of a page that have no language."""
    return [source for language, source in _FENCED.findall(text_of(page)) if not language]
