"""README is short; pages say the same in two languages; what they name and link to is there."""

from __future__ import annotations

import io
import re
import tokenize

import pytest
from docs.documents import IN_REPOSITORY, PAGES, READMES, ROOT, blocks_of, drawings_of, text_of

PAIRS = (
    READMES,
    *((page.replace("/zh/", "/"), page) for page in PAGES if page.startswith("docs/zh/")),
)
"""Pages in English, and the same in Chinese."""

MAP = "CONTRIBUTING.md"
LONGEST = 130
MINIMUM_TRANSLATED = 5

_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
_HEADING = re.compile(r"^(#+) ", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_ROW = re.compile(r"^\|", re.MULTILINE)


def prose(page):
    """Return a page without its code."""
    return _FENCED.sub("", text_of(page))


def tokens(block):
    """Return what of a block is no comment, and no blank."""
    if block.language != "python":
        return [line.partition("#")[0].split() for line in block.source.splitlines()]
    found = tokenize.generate_tokens(io.StringIO(block.source).readline)
    blank = (tokenize.COMMENT, tokenize.NL)
    return [(token.type, token.string) for token in found if token.type not in blank]


def test_what_is_translated():
    assert len(PAIRS) - 1 >= MINIMUM_TRANSLATED
    assert {english for english, _ in PAIRS} <= set(PAGES)


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_both_languages_have_the_same_code(english, chinese):
    english, chinese = blocks_of(english), blocks_of(chinese)
    assert [block.language for block in chinese] == [block.language for block in english]
    for ours, theirs in zip(chinese, english, strict=True):
        assert tokens(ours) == tokens(theirs)


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_both_languages_have_the_same_structure(english, chinese):
    english, chinese = prose(english), prose(chinese)
    assert _HEADING.findall(chinese) == _HEADING.findall(english)
    assert len(_ROW.findall(chinese)) == len(_ROW.findall(english))


def test_both_readmes_have_the_same_links():
    english, chinese = (set(_LINK.findall(text_of(name))) - set(READMES) for name in READMES)
    assert {link.replace("docs/zh/", "docs/") for link in chinese} == {
        link.replace("docs/zh/", "docs/") for link in english
    }


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_each_language_leads_to_the_other(english, chinese):
    for here, there in ((english, chinese), (chinese, english)):
        links = [
            (ROOT / here).parent.joinpath(link).resolve() for link in _LINK.findall(text_of(here))
        ]
        assert (ROOT / there).resolve() in links


@pytest.mark.parametrize("name", [*READMES, MAP])
def test_links_lead_somewhere(name):
    if not IN_REPOSITORY:
        pytest.skip("the tests do not stand in the repository")
    assert [link for link in _LINK.findall(text_of(name)) if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("name", READMES)
def test_a_readme_is_short(name):
    assert len(text_of(name).splitlines()) < LONGEST


INSTALLS_FROM_INDEX = re.compile(r"pip3? install[^\n`]*?(?<![\w/.-])cosfast(?![\w.-]*\*)")


@pytest.mark.parametrize("name", [*PAGES, "docs/Containerfile"])
def test_nothing_is_said_to_be_on_a_package_index(name):
    assert INSTALLS_FROM_INDEX.findall(text_of(name)) == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("pip install cosfast", True),
        ("pip install 'cosfast[cli]'", True),
        ("python -m pip install --upgrade pytest cosfast", True),
        ("pip install -e '.[cli]'", False),
        ('pip install "$(ls dist/cosfast-*.whl)[cli]"', False),
    ],
)
def test_what_counts_as_an_index(text, is_one):
    assert bool(INSTALLS_FROM_INDEX.search(text)) == is_one


_PLACE = re.compile(
    r"(?<![\w/.])(?:cosfast|csrc|src|tests|benchmarks|docs|tools)/(?:[\w.-]+/?)*[\w/](?![\w<*{])"
)
_NOT_WRITTEN_YET = re.compile(r"<\w+>\S*")


@pytest.mark.parametrize("name", [*READMES, MAP])
def test_every_place_that_is_named_is_there(name):
    if not IN_REPOSITORY:
        pytest.skip("the tests do not stand in the repository")
    places = set(_PLACE.findall(_NOT_WRITTEN_YET.sub("<", text_of(name))))
    assert places
    assert sorted(place for place in places if not (ROOT / place).exists()) == []


def test_the_map_has_every_folder():
    if not IN_REPOSITORY:
        pytest.skip("the tests do not stand in the repository")
    (drawn, *_) = drawings_of(MAP)
    packages = {path.parent.name for path in (ROOT / "cosfast").glob("*/__init__.py")}
    assert set(re.findall(r"^cosfast/(\w+)/", drawn, re.MULTILINE)) == packages
    others = {"csrc/", "src/", "tests/", "benchmarks/", "docs/", "tools/"}
    assert others <= set(drawn.split())
