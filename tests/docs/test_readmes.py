"""The two READMEs say the same in two languages, and what they link to is there."""

from __future__ import annotations

import io
import re
import tokenize

import pytest
from docs.documents import IN_REPOSITORY, READMES, ROOT, blocks_of, drawings_of, text_of

_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
_PATH = re.compile(r"[a-z]+/[a-z.]*/?")
_HEADING = re.compile(r"^#+ ", re.MULTILINE)


def tokens(block):
    """Return what of a block is no comment, and no blank."""
    if block.language != "python":
        return [line.partition("#")[0].split() for line in block.source.splitlines()]
    found = tokenize.generate_tokens(io.StringIO(block.source).readline)
    blank = (tokenize.COMMENT, tokenize.NL)
    return [(token.type, token.string) for token in found if token.type not in blank]


def test_both_have_the_same_code():
    english, chinese = map(blocks_of, READMES)
    assert [block.language for block in chinese] == [block.language for block in english]
    for ours, theirs in zip(chinese, english, strict=True):
        assert tokens(ours) == tokens(theirs)


def test_both_have_the_same_structure():
    english, chinese = map(text_of, READMES)
    assert len(_HEADING.findall(chinese)) == len(_HEADING.findall(english))
    drawn = [_PATH.findall(drawing) for name in READMES for drawing in drawings_of(name)]
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) > len(drawn) == len(READMES)
    there = {
        name: set(_LINK.findall(text))
        for name, text in zip(READMES, (english, chinese), strict=True)
    }
    others = {name: links - set(READMES) for name, links in there.items()}
    assert others[READMES[0]] == others[READMES[1]]


@pytest.mark.parametrize(("name", "other"), [READMES, READMES[::-1]])
def test_each_leads_to_the_other(name, other):
    assert other in _LINK.findall(text_of(name))


@pytest.mark.parametrize("name", READMES)
def test_links_lead_somewhere(name):
    if not IN_REPOSITORY:
        pytest.skip("the tests do not stand in the repository")
    assert [link for link in _LINK.findall(text_of(name)) if not (ROOT / link).exists()] == []


MAPS = (*READMES, "CONTRIBUTING.md")
_PLACE = re.compile(
    r"(?<![\w/.])(?:cosfast|csrc|src|tests|benchmarks|docs|tools)/(?:[\w.-]+/?)*[\w/](?![\w<*{])"
)
_NOT_WRITTEN_YET = re.compile(r"<\w+>\S*")


@pytest.mark.parametrize("name", MAPS)
def test_every_place_in_the_maps_is_there(name):
    if not IN_REPOSITORY:
        pytest.skip("the tests do not stand in the repository")
    places = set(_PLACE.findall(_NOT_WRITTEN_YET.sub("<", text_of(name))))
    assert len(places) > 10
    assert sorted(place for place in places if not (ROOT / place).exists()) == []
