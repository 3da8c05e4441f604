"""`list`: one page asked for and read, and lists that go round."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.cosv4.protocol.listing import Landmarks, UnreadableEntry, list_page, read_list_page
from cosfast.cosv4.protocol.messages import read_answer
from cosfast.errors import AnswerError, InputError

FOLDER = ObjectAddress("1250000001", "photos", "2017/")
FILE_INFO = {"name": "a", "ctime": 1, "mtime": 2, "filesize": 3, "filelen": "1", "sha": ""}
FOLDER_INFO = {"name": "sub/", "ctime": 1, "mtime": "2"}


def page_of(infos, *, context="", last=True, address=FOLDER):
    data = {"infos": infos, "context": context, "listover": last}
    body = json.dumps({"code": 0, "data": data}).encode()
    answer = read_answer(list_page(address), 200, {}, body)
    return answer, read_list_page(answer)


def test_a_page_is_a_query():
    request = list_page(FOLDER, context="a+/=", page_size=7)
    assert (request.method, request.signing) == ("GET", "reusable")
    query = "?op=list&num=7&context=a%2B%2F%3D"
    assert request.url("http://host") == f"http://host/files/v2/1250000001/photos/2017/{query}"


@pytest.mark.parametrize("size", [0, 1001, "7", 1.0, True])
def test_the_page_size_has_bounds(size):
    with pytest.raises(InputError, match="page_size"):
        list_page(FOLDER, page_size=size)


def test_a_page_tells_files_from_folders():
    for address in (FOLDER, ObjectAddress("1250000001", "photos", "2017/pre")):
        _, page = page_of([FILE_INFO, FOLDER_INFO], address=address)
        file, folder = page.entries
        assert (file.path, file.is_folder, file.filesize, file.filelen) == ("/2017/a", False, 3, 1)
        assert (file.access_url, file.sha1) == (None, None)
        assert (folder.path, folder.name, folder.is_folder) == ("/2017/sub/", "sub", True)
        assert page.context is None


@pytest.mark.parametrize("last", [False, 0, "0", "false"])
def test_a_page_leads_to_the_next(last):
    assert page_of([FILE_INFO], context="c", last=last)[1].context == "c"


@pytest.mark.parametrize(
    ("infos", "more", "named"),
    [
        (None, {}, "infos"),
        ([7], {}, "object"),
        ([{**FILE_INFO, "name": ""}], {}, "name"),
        ([{**FILE_INFO, "name": "../b"}], {}, "name"),
        ([{**FILE_INFO, "name": ".."}], {}, "name"),
        ([{**FOLDER_INFO, "name": "../"}], {}, "name"),
        ([{**FILE_INFO, "name": "b/"}], {}, "name"),
        ([FILE_INFO], {"last": None}, "listover"),
        ([FILE_INFO], {"last": "perhaps"}, "listover"),
        ([FILE_INFO], {"last": False}, "context"),
        ([], {"last": False, "context": "c"}, "empty"),
    ],
    ids=str,
)
def test_a_page_that_breaks_its_promise_is_an_answer_error(infos, more, named):
    with pytest.raises(AnswerError, match=named):
        page_of(infos, **more)


@pytest.mark.parametrize(
    ("info", "path", "named"),
    [
        ({**FILE_INFO, "filesize": None}, "/2017/a", "filesize"),
        ({**FILE_INFO, "filesize": 2**63}, "/2017/a", "filesize"),
        ({**FILE_INFO, "filelen": "9" * 5000}, "/2017/a", "filelen"),
        ({**FILE_INFO, "mtime": 2**63 - 1}, "/2017/a", "mtime"),
        ({**FILE_INFO, "sha": "x" * 40}, "/2017/a", "sha"),
        ({**FILE_INFO, "biz_attr": chr(0xD800)}, "/2017/a", "biz_attr"),
        ({**FOLDER_INFO, "ctime": None}, "/2017/sub/", "ctime"),
    ],
)
def test_an_entry_that_cannot_be_read_spoils_no_other(info, path, named):
    _, page = page_of([info, {**FILE_INFO, "name": "b"}])
    bad, good = page.entries
    assert isinstance(bad, UnreadableEntry)
    assert (bad.path, bad.is_folder) == (path, path.endswith("/"))
    assert isinstance(bad.error, AnswerError)
    assert named in str(bad.error)
    assert (good.path, good.filesize) == ("/2017/b", 3)


def page_only(*arguments, **options):
    _, page = page_of(*arguments, **options)
    return page


@given(
    names=st.lists(st.text("abc", min_size=1, max_size=4), unique=True, min_size=1, max_size=30),
    size=st.integers(1, 7),
    back=st.integers(0, 29),
)
def test_every_list_that_goes_round_is_noticed(names, size, back):
    """Contexts are all new: only the entries tell. No honest list is refused."""
    pages = [names[at : at + size] for at in range(0, len(names), size)]
    landmarks = Landmarks(FOLDER)

    def check(number, page):
        infos = [{**FILE_INFO, "name": name} for name in page]
        landmarks.check(page_only(infos, context=f"c{number}", last=False))

    for number, page in enumerate(pages):
        check(number, page)
    again = pages[back % len(pages) :]
    with pytest.raises(AnswerError, match="repeats"):
        for number, page in enumerate(again):
            check(len(pages) + number, page)


def test_the_same_context_again_is_noticed():
    landmarks = Landmarks(FOLDER)
    landmarks.check(page_only([FILE_INFO], context="c", last=False))
    with pytest.raises(AnswerError, match="context"):
        landmarks.check(page_only([{**FILE_INFO, "name": "b"}], context="c", last=False))


def test_the_same_entry_twice_on_a_page_is_noticed():
    with pytest.raises(AnswerError, match="repeats"):
        Landmarks(FOLDER).check(page_only([FILE_INFO, FILE_INFO]))
