"""Everything that `Client` does with single objects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import requests
from emulated import BUCKET, CREDENTIALS, connect
from requests.adapters import HTTPAdapter

import cosfast
from cosfast.emulator import faults


def test_stat_has_times_that_know_their_zone(client):
    client.upload(b"data", BUCKET, "file", biz_attr="说明")
    found = client.stat(BUCKET, "file")
    assert abs(datetime.now(UTC) - found.mtime) < timedelta(minutes=1)
    assert (found.path, found.filesize, found.biz_attr) == ("/file", 4, "说明")
    with pytest.raises(AttributeError):
        found.path = "/other"


def test_exists(client):
    client.upload(b"data", BUCKET, "a/file")
    there = [client.exists(BUCKET, path) for path in ("a/file", "a/", "/", "a", "a/other", "b/")]
    assert there == [True, True, True, False, False, False]


def test_exists_does_not_take_a_refusal_for_a_no(emulator):
    stranger = cosfast.Credentials(CREDENTIALS.appid, CREDENTIALS.secret_id, "wrong")
    with cosfast.Client(stranger, endpoint=emulator.endpoint, journal=None) as client:
        with pytest.raises(cosfast.AuthenticationError):
            client.exists(BUCKET, "file")


def test_create_folder(client):
    client.create_folder(BUCKET, "a", biz_attr="x")
    assert client.stat(BUCKET, "a/").biz_attr == "x"
    with pytest.raises(cosfast.ExistsError):
        client.create_folder(BUCKET, "a/")
    with pytest.raises(cosfast.NotFoundError):
        client.create_folder(BUCKET, "b/c/d")
    client.create_folder(BUCKET, "b/c/d", parents=True, biz_attr="deep")
    assert client.stat(BUCKET, "b/c/d/").biz_attr == "deep"
    with pytest.raises(cosfast.ExistsError):
        client.create_folder(BUCKET, "b/c/d", parents=True)


def test_update_changes_what_is_given_and_nothing_else(client):
    result = client.upload(b"data", BUCKET, "file", biz_attr="before")
    client.update(BUCKET, "file", authority=cosfast.Authority.PRIVATE)
    assert requests.get(result.access_url, timeout=10).status_code == 403
    headers = {"Content-Type": "text/plain", "x-cos-meta-artist": "me"}
    client.update(BUCKET, "file", authority=cosfast.Authority.PUBLIC_READ, headers=headers)
    response = requests.get(result.access_url, timeout=10)
    assert {name: response.headers[name] for name in headers} == headers
    client.update(BUCKET, "file", headers={"Cache-Control": "no-cache"})
    found = client.stat(BUCKET, "file")
    assert found.headers == {"Cache-Control": "no-cache", "x-cos-meta-artist": "me"}
    assert (found.biz_attr, found.authority) == ("before", cosfast.Authority.PUBLIC_READ)
    client.update(BUCKET, "file", biz_attr="")
    assert client.stat(BUCKET, "file").biz_attr == ""


def test_update_of_a_folder(client):
    client.create_folder(BUCKET, "a")
    client.update(BUCKET, "a/", biz_attr="x")
    assert client.stat(BUCKET, "a/").biz_attr == "x"


@pytest.mark.parametrize("target", ["b", "sub folder/ü~(b)", f"{CREDENTIALS.appid}/b"])
def test_move_and_copy(client, target):
    client.upload(b"data", BUCKET, "a", biz_attr="x")
    for folder in ("sub folder", CREDENTIALS.appid):
        client.create_folder(BUCKET, folder)
    client.copy(BUCKET, "a", target)
    assert client.read(BUCKET, "a") == client.read(BUCKET, target) == b"data"
    client.upload(b"other", BUCKET, target, overwrite=True)
    for change in (client.copy, client.move):
        with pytest.raises(cosfast.ExistsError, match=r"different content.*overwrite=True"):
            change(BUCKET, "a", target)
    assert (client.read(BUCKET, "a"), client.read(BUCKET, target)) == (b"data", b"other")
    client.move(BUCKET, "a", target, overwrite=True)
    assert not client.exists(BUCKET, "a")
    assert client.stat(BUCKET, target).biz_attr == "x"
    with pytest.raises(cosfast.NotFoundError):
        client.copy(BUCKET, "a", "c")


@pytest.mark.parametrize("data", [b"", b"data"])
def test_the_same_content_at_the_target_is_no_obstacle(client, data):
    client.upload(data, BUCKET, "a", biz_attr="of a")
    client.upload(data, BUCKET, "b", biz_attr="of b")
    client.copy(BUCKET, "a", "b")
    assert client.stat(BUCKET, "b").biz_attr == "of b"
    assert client.exists(BUCKET, "a")
    client.move(BUCKET, "a", "b")
    assert client.read(BUCKET, "b") == data
    assert client.stat(BUCKET, "b").biz_attr == "of a"
    assert not client.exists(BUCKET, "a")


@pytest.mark.parametrize("change", ["copy", "move"])
def test_what_is_at_the_target_and_not_the_same(client, change):
    client.upload(b"data", BUCKET, "a")
    client.create_folder(BUCKET, "folder")
    with pytest.raises(cosfast.ExistsError) as refused:
        getattr(client, change)(BUCKET, "a", "folder")
    assert "overwrite" not in str(refused.value)
    with pytest.raises(cosfast.InputError, match="itself"):
        getattr(client, change)(BUCKET, "a", "a")
    assert client.read(BUCKET, "a") == b"data"


def test_a_move_onto_the_same_content_whose_answer_was_lost(client, emulator):
    client.upload(b"data", BUCKET, "a")
    client.upload(b"data", BUCKET, "b")
    emulator.faults.add("move", faults.Latency(0), times=1)
    emulator.faults.add("move", faults.LostAnswer(), times=1)
    client.move(BUCKET, "a", "b")
    assert not client.exists(BUCKET, "a")
    assert client.read(BUCKET, "b") == b"data"


def test_delete(client):
    client.upload(b"data", BUCKET, "a/file")
    with pytest.raises(cosfast.ServerError) as refused:
        client.delete(BUCKET, "a/")
    assert refused.value.code == -173
    client.delete(BUCKET, "a/file")
    client.delete(BUCKET, "a/")
    for path in ("a/file", "a/"):
        with pytest.raises(cosfast.NotFoundError):
            client.delete(BUCKET, path)


def test_delete_of_a_tree(client):
    for path in ("a/1", "a/2", "a/b/3", "a/b/c/4", "a/d/5", "other"):
        client.upload(path.encode(), BUCKET, path)
    client.create_folder(BUCKET, "a/empty")
    client.delete(BUCKET, "a", recursive=True)
    assert [entry.path for entry in client.list(BUCKET, recursive=True)] == ["/other"]
    with pytest.raises(cosfast.NotFoundError):
        client.delete(BUCKET, "a/", recursive=True)
    with pytest.raises(cosfast.InputError, match="root"):
        client.delete(BUCKET, "/", recursive=True)
    assert client.exists(BUCKET, "other")


def test_download_url(client):
    client.upload(b"data", BUCKET, "a b/ü+%&=#")
    client.update(BUCKET, "a b/ü+%&=#", authority=cosfast.Authority.PRIVATE)
    url = client.download_url(BUCKET, "a b/ü+%&=#", expires_in=60)
    assert requests.get(url, timeout=10).content == b"data"
    assert requests.get(url.partition("?")[0], timeout=10).status_code == 403
    with pytest.raises(cosfast.NotFoundError):
        client.download_url(BUCKET, "other", expires_in=60)
    for wrong in (0, 10**9):
        with pytest.raises(cosfast.InputError, match="expires_in"):
            client.download_url(BUCKET, "a", expires_in=wrong)


def test_download_url_of_a_region_takes_no_request():
    with cosfast.Client(CREDENTIALS, region="gz", journal=None) as client:
        url = urlsplit(client.download_url(BUCKET, "a b/c", expires_in=60))
    assert url.netloc == f"bucket-{CREDENTIALS.appid}.cosgz.myqcloud.com"
    assert url.path == "/a%20b/c"
    assert url.query.startswith("sign=")
    assert "+" not in url.query


class LosesOneAnswer(HTTPAdapter):
    """Has the first POST reach the server, and its answer reach nobody."""

    lost = False

    def send(self, request, **options):
        response = super().send(request, **options)
        if request.method == "POST" and not self.lost:
            self.lost = True
            response.raw.read()
            raise requests.ConnectionError("the answer was lost")
        return response


@pytest.fixture
def lossy(emulator, client):
    """Return a client that loses one answer; `client` is of the same server and loses none."""
    session = requests.Session()
    session.mount("http://", LosesOneAnswer())
    with connect(emulator.endpoint, session=session) as lossy:
        yield lossy


def test_a_deletion_whose_answer_was_lost_is_done(client, lossy):
    client.upload(b"data", BUCKET, "file")
    lossy.delete(BUCKET, "file")
    assert not client.exists(BUCKET, "file")


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_move_whose_answer_was_lost_is_done(client, lossy, overwrite):
    client.upload(b"data", BUCKET, "file")
    lossy.move(BUCKET, "file", "moved", overwrite=overwrite)
    assert [entry.path for entry in client.list(BUCKET)] == ["/moved"]


def test_a_move_that_was_refused_stays_refused_when_that_answer_is_lost(client, lossy):
    client.upload(b"data", BUCKET, "file")
    client.upload(b"other", BUCKET, "taken")
    with pytest.raises(cosfast.ExistsError):
        lossy.move(BUCKET, "file", "taken")
    assert client.read(BUCKET, "taken") == b"other"


def test_a_move_of_nothing_stays_refused_when_that_answer_is_lost(lossy):
    with pytest.raises(cosfast.NotFoundError):
        lossy.move(BUCKET, "nothing", "moved")


def test_a_copy_whose_answer_was_lost_is_done(client, lossy):
    client.upload(b"data", BUCKET, "file")
    lossy.copy(BUCKET, "file", "copied")
    assert client.read(BUCKET, "copied") == b"data"


def test_a_copy_that_was_refused_stays_refused_when_that_answer_is_lost(client, lossy):
    client.upload(b"data", BUCKET, "file")
    client.upload(b"other", BUCKET, "taken")
    with pytest.raises(cosfast.ExistsError):
        lossy.copy(BUCKET, "file", "taken")
    assert client.read(BUCKET, "taken") == b"other"
