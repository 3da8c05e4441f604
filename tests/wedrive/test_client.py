"""Which calls the client makes, what it does with answers, and what it refuses before any call."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import threading
import time

import pytest
from wedrive.scripted_drive import CORPID, DONE_BUT_LOST, LOST, SECRET, connect
from worked_values import content

import cosfast
from cosfast import wedrive

BLOCK = cosfast.WEDRIVE_BLOCK_SIZE
SPACE = "s.1"
LARGE = content(4 * BLOCK + 12345)


def busy(code=-1):
    return {"errcode": code, "errmsg": "as scripted"}


def blocks_sent(drive):
    return sorted(asked["index"] for name, asked in drive.calls if name.endswith("_part"))


# Uploads


def test_a_large_file_goes_in_blocks(drive, client):
    seen = []
    result = client.upload(LARGE, spaceid=SPACE, name="大 file.bin", progress=seen.append)
    assert drive.files[result.fileid]["content"] == LARGE
    assert drive.files[result.fileid]["fatherid"] == SPACE
    assert result == wedrive.UploadResult(
        result.fileid, hashlib.sha1(LARGE).hexdigest(), len(LARGE), False, len(LARGE), 0, 8
    )
    assert len(drive.calls) == result.calls
    assert blocks_sent(drive) == [1, 2, 3, 4, 5]
    asked = dict(drive.calls)["wedrive/file_upload_init"]
    parts = cosfast.uploadparts(LARGE, slice_size=BLOCK)
    assert (asked["block_sha"], asked["size"]) == (parts.datashas, len(LARGE))
    assert asked["file_name"] == "大 file.bin"
    assert sum(seen) == len(LARGE)


def test_known_content_takes_one_call(drive, client):
    client.upload(LARGE, spaceid=SPACE, name="first")
    drive.calls.clear()
    result = client.upload(LARGE, spaceid=SPACE, fatherid="s.1_d.7", name="second")
    assert drive.operations() == ["wedrive/file_upload_init"]
    assert (result.instant, result.sent_bytes, result.calls) == (True, 0, 1)
    assert drive.files[result.fileid]["fatherid"] == "s.1_d.7"


@pytest.mark.parametrize("size", [1, 2, 3, 7_864_320])
def test_a_small_file_goes_in_one_call(drive, client, size):
    data = content(size)
    seen = []
    result = client.upload(data, spaceid=SPACE, name="small", progress=seen.append)
    assert sum(seen) == size
    assert drive.operations() == ["gettoken", "wedrive/file_upload"]
    assert drive.files[result.fileid]["content"] == data
    assert (result.sha1, result.calls) == (hashlib.sha1(data).hexdigest(), 2)


def test_a_small_file_counts_while_it_is_sent(drive, client):
    seen = []
    drive.script["wedrive/file_upload"] = [{"errcode": -1, "errmsg": "busy"}]
    client.upload(
        content(4_000_000), spaceid=SPACE, name="small", max_rate=20e6, progress=seen.append
    )
    assert sum(seen) == 4_000_000
    assert min(seen) == -4_000_000
    assert len(seen) > 5


@pytest.mark.parametrize(
    ("size", "options"), [(7_864_321, {}), (100, {"skip_push_card": True})], ids=["large", "card"]
)
def test_what_one_call_cannot_do_goes_in_blocks(drive, client, size, options):
    client.upload(content(size), selected_ticket="a ticket", name="x", **options)
    assert drive.operations()[1] == "wedrive/file_upload_init"
    asked = drive.calls[1][1]
    assert asked["selected_ticket"] == "a ticket"
    assert not {"spaceid", "fatherid"} & asked.keys()
    assert asked.get("skip_push_card", False) == bool(options)


def test_a_file_of_a_document(drive, client):
    result = client.upload_document_file(b"hello", docid="doc1", name="x")
    assert {name.partition("/")[0] for name in drive.operations()[1:]} == {"wedoc"}
    assert drive.files[result.file_url]["content"] == b"hello"
    assert client.upload_document_file(b"hello", docid="doc1", name="y").instant


def test_sources(drive, client, tmp_path):
    path = tmp_path / "from a path"
    path.write_bytes(LARGE)
    from_path = client.upload(path, spaceid=SPACE)
    assert drive.files[from_path.fileid]["file_name"] == "from a path"
    drive.files.clear()
    with open(path, "rb") as file:
        file.seek(1000)
        from_file = client.upload(file, spaceid=SPACE)
    assert drive.files[from_file.fileid]["content"] == LARGE[1000:]
    drive.files.clear()
    reading, writing = os.pipe()
    data = LARGE[::-1]

    def fill():
        with open(writing, "wb") as pipe:
            pipe.write(data)

    thread = threading.Thread(target=fill)
    thread.start()
    with open(reading, "rb") as pipe:
        from_pipe = client.upload(pipe, spaceid=SPACE, name="pipe")
    thread.join()
    assert drive.files[from_pipe.fileid]["content"] == data


# Failures


@pytest.mark.parametrize("operation", ["init", "part", "finish"])
@pytest.mark.parametrize(
    "answer",
    [busy(), busy(45009), busy(45033), LOST, DONE_BUT_LOST, b"<html>", b'{"errcode": 0, "errm'],
    ids=["-1", "45009", "45033", "lost", "done", "page", "truncated"],
)
def test_passing_failures_are_survived(drive, client, operation, answer):
    drive.script[f"wedrive/file_upload_{operation}"] = [answer]
    result = client.upload(LARGE, spaceid=SPACE, name="x")
    assert [file["content"] for file in drive.files.values()] == [LARGE]
    assert result.fileid in drive.files
    assert result.calls == len(drive.calls)


@pytest.mark.parametrize("answer", [LOST, DONE_BUT_LOST], ids=["lost", "done"])
def test_a_small_file_is_not_made_twice(drive, client, answer):
    drive.script["wedrive/file_upload"] = [answer]
    result = client.upload(b"small", spaceid=SPACE, name="x")
    assert list(drive.files) == [result.fileid]


def test_an_instant_upload_is_not_made_twice(drive, client):
    client.upload(LARGE, spaceid=SPACE, name="known")
    drive.script["wedrive/file_upload_init"] = [DONE_BUT_LOST]
    result = client.upload(LARGE, spaceid=SPACE, name="new")
    assert [file["file_name"] for file in drive.files.values()] == ["known", "new"]
    assert result.instant


def test_what_cannot_be_looked_up_is_unconfirmed(drive, client):
    drive.script["wedrive/file_upload"] = [DONE_BUT_LOST]
    with pytest.raises(wedrive.UnconfirmedError, match="check it by hand"):
        client.upload(b"small", selected_ticket="ticket", name="x")
    drive.script["wedoc/file_upload_finish"] = [DONE_BUT_LOST]
    with pytest.raises(wedrive.UnconfirmedError):
        client.upload_document_file(b"other", docid="doc", name="x")


def test_busy_is_retried_three_times(drive):
    drive.script["wedrive/file_info"] = [busy()] * 10
    with connect(drive, retry=cosfast.RetryPolicy(tries=9, base_delay=0, max_delay=0)) as client:
        with pytest.raises(wedrive.WeDriveError) as caught:
            client.info("s.1_f.1")
    assert drive.operations().count("wedrive/file_info") == 4
    assert caught.value.errcode == -1


def test_throttled_calls_back_off(drive):
    drive.script["wedrive/file_list"] = [busy(45009), busy(45033)]
    policy = cosfast.RetryPolicy(tries=3, base_delay=0.01, max_delay=0.01)
    started = time.monotonic()
    with connect(drive, retry=policy) as client:
        assert list(client.list(SPACE)) == []
    assert time.monotonic() - started > 0.01 * 5 * (1 + 2)


def test_the_quota_stops_at_once_and_what_was_done_is_kept(drive, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(LARGE)
    os.utime(source, ns=(1, 1))
    journal = cosfast.Journal(tmp_path / "journal")
    with connect(drive, journal=journal) as client:
        drive.script["wedrive/file_upload_part"] = [None, None, busy(640019)]
        with pytest.raises(wedrive.QuotaError) as caught:
            client.upload(source, spaceid=SPACE, concurrency=1)
        assert (caught.value.errcode, blocks_sent(drive)) == (640019, [1, 2, 3])
        drive.calls.clear()
        result = client.upload(source, spaceid=SPACE)
    assert (blocks_sent(drive), result.resumed_bytes) == ([3, 4, 5], 2 * BLOCK)
    assert result.calls == 3 + 1
    assert drive.files[result.fileid]["content"] == LARGE


def test_a_key_that_is_not_known_any_more_starts_over_once(drive, tmp_path):
    with connect(drive, journal=cosfast.Journal(tmp_path / "journal")) as client:
        drive.script["wedrive/file_upload_part"] = [None, None, busy(640019)]
        with pytest.raises(wedrive.QuotaError):
            client.upload(LARGE, spaceid=SPACE, name="x", concurrency=1)
        drive.keys.clear()
        drive.calls.clear()
        result = client.upload(LARGE, spaceid=SPACE, name="x", concurrency=1)
        assert (blocks_sent(drive), result.resumed_bytes) == ([1, 2, 3, 3, 4, 5], 0)
        drive.files.clear()
        drive.calls.clear()
        drive.script["wedrive/file_upload_part"] = [busy(640027)] * 9
        with pytest.raises(wedrive.ParameterError):
            client.upload(LARGE, spaceid=SPACE, name="x", concurrency=1)
        assert drive.operations().count("wedrive/file_upload_init") == 2


def test_a_source_that_changed_is_told_from_a_lost_key(drive, client, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(LARGE)
    drive.script["wedrive/file_upload_part"] = [busy(640027)]
    changing = []

    def change(count):
        if not changing:
            changing.append(count)
            with source.open("r+b") as file:
                file.write(b"changed")

    with pytest.raises(cosfast.SourceChanged):
        client.upload(source, spaceid=SPACE, hash_progress=change, concurrency=1)


def test_finish_that_was_done_by_an_earlier_process(drive, tmp_path):
    """Every block was acknowledged and the file made; only the answer never arrived."""
    with connect(drive, journal=cosfast.Journal(tmp_path / "journal")) as client:
        drive.script["wedrive/file_upload_finish"] = [DONE_BUT_LOST, LOST, LOST, LOST]
        with pytest.raises(cosfast.TransportError):
            client.upload(LARGE, spaceid=SPACE, name="x")
        drive.calls.clear()
        result = client.upload(LARGE, spaceid=SPACE, name="x")
    assert drive.operations() == ["wedrive/file_upload_finish", "wedrive/file_list"]
    assert list(drive.files) == [result.fileid]


# Tokens


def test_one_fetch_serves_all_threads(drive):
    with connect(drive) as client:
        client.upload(LARGE, spaceid=SPACE, name="x", concurrency=8)
        drive.tokens.clear()  # revoked
        drive.files.clear()
        client.upload(LARGE, spaceid=SPACE, name="x", concurrency=8)
    assert drive.operations().count("gettoken") == 2


def test_a_token_that_expires_under_way_is_renewed_once(drive, client):
    drive.script["wedrive/file_upload_part"] = [busy(42001)]
    result = client.upload(LARGE, spaceid=SPACE, name="x", concurrency=1)
    assert drive.operations().count("gettoken") == 2
    assert result.calls == len(drive.calls) == 2 + 1 + 6 + 1


def test_a_token_is_renewed_before_it_expires(drive, client):
    drive.expires_in = 1
    list(client.list(SPACE))
    list(client.list(SPACE))
    assert drive.operations().count("gettoken") == 1
    time.sleep(0.95)
    list(client.list(SPACE))
    assert drive.operations().count("gettoken") == 2


def test_a_service_that_takes_no_token_is_not_asked_for_ever(drive, client):
    drive.script["wedrive/file_list"] = [busy(40014)] * 20
    with pytest.raises(wedrive.TokenError):
        list(client.list(SPACE))
    assert drive.operations().count("gettoken") == 3


def test_given_tokens(drive):
    drive.tokens.add("mine")
    with connect(drive, "mine") as client:
        assert list(client.list(SPACE)) == []
        drive.tokens.clear()
        with pytest.raises(wedrive.TokenError):
            list(client.list(SPACE))
        assert len(drive.calls) == 2
    supply = ["old", "new", "new"]
    drive.tokens.add("new")
    with connect(drive, lambda: supply.pop(0)) as client:
        assert list(client.list(SPACE)) == []


@pytest.mark.parametrize("token", ["", "two words", "é", "x" * 513, 5, None, b"bytes"])
def test_what_cannot_be_a_token(drive, token):
    with pytest.raises(cosfast.InputError):
        wedrive.Client(token, endpoint=drive.endpoint)


def test_a_wrong_secret_is_told_and_not_shown(drive):
    wrong = wedrive.CorpToken(CORPID, "a-wrong-one")
    with connect(drive, wrong) as client, pytest.raises(wedrive.TokenError) as caught:
        client.info("s.1_f.1")
    assert "a-wrong-one" not in str(caught.value)
    assert "check the corpsecret" in str(caught.value)
    assert len(drive.calls) == 1


def test_secrets_do_not_leave_the_process(client):
    token = wedrive.CorpToken(CORPID, SECRET)
    assert SECRET not in repr(token)
    for value in (token, client):
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(value)


def test_errors_pickle():
    error = wedrive.QuotaError(640019, "no more", operation="x", target="y", http_status=200)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.errcode, again.errmsg) == (str(error), 640019, "no more")
    assert isinstance(error, cosfast.CosError)


# Around it


def test_lists_are_fetched_by_page(drive, client):
    names = [f"file {number}" for number in range(5)]
    for name in names:
        client.upload(name.encode(), spaceid=SPACE, name=name)
    folder = client.create_folder("folder", spaceid=SPACE)
    drive.calls.clear()
    entries = list(client.list(SPACE, page_size=4))
    assert [entry.name for entry in entries] == [*names, "folder"]
    assert [entry.is_folder for entry in entries] == [False] * 5 + [True]
    assert entries[-1].fileid == folder
    assert len(drive.calls) == 2


@pytest.mark.parametrize("start", [0, 1], ids=["same start", "same entries"])
def test_a_list_that_repeats_pages_ends(drive, client, start):
    client.upload(b"x", spaceid=SPACE, name="x")
    page = drive.file_list({"fatherid": SPACE, "start": 0, "limit": 10}, "")
    pages = [
        {"errcode": 0, **page, "has_more": True, "next_start": start + number * start}
        for number in range(9)
    ]
    drive.script["wedrive/file_list"] = pages
    with pytest.raises(cosfast.AnswerError, match="the list would not end"):
        list(client.list(SPACE))


def test_downloads(drive, client, tmp_path):
    result = client.upload(LARGE, spaceid=SPACE, name="x")
    drive.calls.clear()
    drive.script["download"] = ["expired"]
    down = client.download(result.fileid, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == LARGE
    assert (down.size, down.sha1, down.name) == (len(LARGE), result.sha1, "x")
    assert down.calls == len(drive.calls) <= 4
    received = io.BytesIO()
    client.download(result.fileid, received)
    assert received.getvalue() == LARGE


def test_a_download_is_compared(drive, client, tmp_path):
    result = client.upload(LARGE, spaceid=SPACE, name="x")
    drive.files[result.fileid]["content"] = b"!" + LARGE[1:]
    with pytest.raises(cosfast.IntegrityError):
        client.download(result.fileid, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_folder_has_no_content(drive, client, tmp_path):
    folder = client.create_folder("folder", spaceid=SPACE)
    with pytest.raises(cosfast.InputError, match="folder"):
        client.download(folder, tmp_path / "x")
    drive.files["an-id-that-does-not-tell"] = drive.files[folder]
    drive.files["an-id-that-does-not-tell"]["fileid"] = "an-id-that-does-not-tell"
    with pytest.raises(cosfast.InputError, match="folder"):
        client.download("an-id-that-does-not-tell", tmp_path / "x")


@pytest.mark.parametrize("answer", [LOST, DONE_BUT_LOST], ids=["lost", "done"])
def test_lost_answers_of_folders_and_deletions(drive, client, answer):
    drive.script["wedrive/file_create"] = [answer]
    folder = client.create_folder("folder", spaceid=SPACE)
    assert list(drive.files) == [folder]
    drive.script["wedrive/file_delete"] = [answer]
    client.delete(folder)
    assert not drive.files
    with pytest.raises(wedrive.NotFoundError):
        client.delete(folder)


def test_a_space_is_made_for_its_managers(drive, client):
    assert client.create_space("影片 2024/25", managers=["li.si", "wangwu"]) == "s.9"
    assert drive.calls[-1] == (
        "wedrive/space_create",
        {
            "space_name": "影片 2024/25",
            "auth_info": [
                {"type": 1, "userid": "li.si", "auth": 7},
                {"type": 1, "userid": "wangwu", "auth": 7},
            ],
            "space_sub_type": 0,
        },
    )
    client.create_space("films")
    assert drive.calls[-1][1]["auth_info"] == []


@pytest.mark.parametrize("answer", [LOST, DONE_BUT_LOST], ids=["lost", "done"])
def test_a_space_is_not_made_twice(drive, client, answer):
    drive.script["wedrive/space_create"] = [answer]
    with pytest.raises(wedrive.UnconfirmedError, match="no call lists spaces"):
        client.create_space("films")
    assert drive.operations().count("wedrive/space_create") == 1


@pytest.mark.parametrize(
    ("name", "managers", "reason"),
    [
        ("", (), "name"),
        (None, (), "name"),
        ("\ud800", (), "name"),
        ("films", "li.si", "list"),
        ("films", 5, "list"),
        ("films", ["a", "b", "c", "d"], "up to 3"),
        ("films", [""], "userid"),
        ("films", ["two words"], "userid"),
    ],
)
def test_bad_spaces_are_refused_before_any_call(drive, client, name, managers, reason):
    with pytest.raises(cosfast.InputError, match=reason):
        client.create_space(name, managers=managers)
    assert not drive.calls


# Bad input


@pytest.mark.parametrize(
    ("source", "options", "reason"),
    [
        (b"", {"spaceid": SPACE}, "empty"),
        (io.BytesIO(b""), {"spaceid": SPACE}, "empty"),
        (b"x", {}, "neither"),
        (b"x", {"fatherid": "s.1_d.2"}, "neither"),
        (b"x", {"spaceid": SPACE, "selected_ticket": "t"}, "not both"),
        (b"x", {"fatherid": "s.1_d.2", "selected_ticket": "t"}, "not both"),
        (b"x", {"selected_ticket": ""}, "empty"),
        (b"x", {"spaceid": ""}, "spaceid"),
        (b"x", {"spaceid": SPACE, "fatherid": ""}, "fatherid"),
        (b"x", {"spaceid": SPACE, "name": "a" * 256}, "width"),
        (b"x", {"spaceid": SPACE, "name": "汉" * 128}, "width"),
        (b"x", {"spaceid": SPACE, "name": ""}, "name"),
        (b"x", {"spaceid": SPACE, "name": "a/b"}, "path"),
        (b"x", {"spaceid": SPACE, "name": "\ud800"}, "name"),
        (b"x", {"spaceid": SPACE, "name": None}, "no name"),
        (b"x", {"spaceid": SPACE, "concurrency": 11}, "concurrency"),
        (b"x", {"spaceid": SPACE, "concurrency": 0}, "concurrency"),
        (b"x", {"spaceid": SPACE, "deadline": -1}, "deadline"),
    ],
)
def test_bad_uploads_are_refused_before_any_call(drive, client, source, options, reason):
    with pytest.raises(cosfast.InputError, match=reason):
        client.upload(source, **{"name": "x", **options})
    assert not drive.calls


def test_names_as_wide_as_they_may_be(drive, client):
    for name in ("a" * 255, "汉" * 127 + "a"):
        client.upload(b"x" + name.encode(), spaceid=SPACE, name=name)
    assert len(drive.files) == 2


def test_a_file_that_is_too_large_is_refused_before_any_call(drive, client, tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(20 * 1024**3 + 1)
    with pytest.raises(cosfast.InputError, match="WeDrive accepts at most"):
        client.upload(path, spaceid=SPACE)
    assert not drive.calls


@pytest.mark.parametrize("fileid", ["s.1", "s.1.abc", "s.1_d.2", "", 5, "with blank"])
def test_what_is_no_files_id_is_refused_before_any_call(drive, client, fileid, tmp_path):
    with pytest.raises(cosfast.InputError):
        client.download(fileid, tmp_path / "x")
    assert not drive.calls


def test_bad_lists_are_refused_at_once(drive, client):
    for options in ({"page_size": 0}, {"page_size": 1001}, {"sort_type": 0}, {"sort_type": 7}):
        with pytest.raises(cosfast.InputError):
            client.list(SPACE, **options)
    assert not drive.calls
