"""Buckets, regions and paths (PROTOCOL.md, section 1)."""

from __future__ import annotations

import itertools
import pickle
from urllib.parse import unquote, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from cosfast.cosv4.protocol.addresses import (
    ObjectAddress,
    api_base,
    download_url,
    require_file,
    require_folder,
)
from cosfast.errors import InputError

FORBIDDEN = '?*:|\\<>"'
# What a path may hold, from all of Unicode: no control characters, no surrogates.
SEGMENTS = st.text(
    st.characters(blacklist_categories=("Cc", "Cs"), blacklist_characters=FORBIDDEN + "/"),
    min_size=1,
).filter(lambda segment: segment.strip() and segment not in {".", ".."})
PATHS = st.builds(
    lambda lead, segments, tail: lead + "/".join(segments) + tail,
    st.sampled_from(["", "/", "//"]),
    st.lists(SEGMENTS, min_size=1, max_size=5),
    st.sampled_from(["", "/", "//"]),
)


def address(path: str) -> ObjectAddress:
    return ObjectAddress("1250000001", "photos", path)


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("a.jpg", "/a.jpg"),
        ("/a.jpg", "/a.jpg"),
        ("//2017///a.jpg", "/2017/a.jpg"),
        ("2017/", "/2017/"),
        ("2017//", "/2017/"),
        ("/", "/"),
        ("//", "/"),
        (".hidden/..b/c...", "/.hidden/..b/c..."),
        (" a /b", "/ a /b"),
    ],
)
def test_a_path_is_kept_in_one_form(path, kept):
    assert address(path).path == kept
    assert address(kept) == address(path)


def test_the_url_and_the_file_id_are_percent_encoded_utf8():
    place = address("2017/猫 a&b=c%20+~(1).jpg")
    encoded = "/2017/%E7%8C%AB%20a%26b%3Dc%2520%2B~%281%29.jpg"
    assert place.url_path == "/files/v2/1250000001/photos" + encoded
    assert place.fileid == "/1250000001/photos" + encoded
    assert place.encoded_path == encoded
    assert str(place) == "cos://photos/2017/猫 a&b=c%20+~(1).jpg"


@given(PATHS)
def test_any_allowed_path_survives_the_url(path):
    place = address(path)
    assert place.url_path.isascii()
    assert unquote(place.url_path) == "/files/v2/1250000001/photos" + place.path
    assert address(place.path) == place
    assert "//" not in place.path
    assert place.is_folder == path.endswith("/")


@given(PATHS)
def test_the_http_library_sends_the_url_as_it_is(path):
    url = "http://gz.file.myqcloud.com" + address(path).url_path
    assert requests.Request("GET", url).prepare().url == url


@given(PATHS)
def test_each_parent_holds_the_next(path):
    place = address(path)
    chain = [*place.parents(), place]
    assert all(parent.is_folder for parent in chain[:-1])
    assert len(chain) == place.path.strip("/").count("/") + 1
    assert all(inner.path.startswith(outer.path) for outer, inner in itertools.pairwise(chain))


@pytest.mark.parametrize(
    ("path", "parents"),
    [
        ("a.jpg", []),
        ("2017/05/a.jpg", ["/2017/", "/2017/05/"]),
        ("2017/05/", ["/2017/"]),
        ("/", []),
    ],
)
def test_parents_come_outermost_first_without_the_root(path, parents):
    assert [parent.path for parent in address(path).parents()] == parents


@given(st.text(max_size=3), st.sampled_from(FORBIDDEN), st.text(max_size=3))
def test_forbidden_characters_are_refused_wherever_they_stand(before, character, after):
    with pytest.raises(InputError):
        address(before + character + after)


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("", "empty"),
        ("a?b", "?"),
        ("a:b*c", "* :"),
        ("a/ /b", "blanks"),
        ("a/\u3000", "blanks"),
        ("a/../b", "'..'"),
        ("./a", "'.'"),
        ("..", "'..'"),
        ("a\0b", "control"),
        ("a\nb", "control"),
        ("a\x7fb", "control"),
        ("a\x85b", "control"),
        ("a\udcffb", "UTF-8"),
        (b"a.jpg", "bytes"),
        (None, "NoneType"),
    ],
)
def test_what_a_path_may_not_hold_is_named(path, named):
    with pytest.raises(InputError) as refused:
        address(path)
    assert named in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "bucket", ["", "a/b", "a b", "a?", "a:b", ".", "..", "a&b=c", "päckchen", "a\n", None, 7]
)
def test_a_malformed_bucket_is_refused(bucket):
    with pytest.raises(InputError, match="bucket"):
        ObjectAddress("1", bucket, "a.jpg")


@pytest.mark.parametrize("appid", ["", "1/2", "abc", None, True, 1.0])
def test_a_malformed_appid_is_refused(appid):
    with pytest.raises(InputError, match="appid"):
        ObjectAddress(appid, "photos", "a.jpg")


def test_a_folder_may_be_named_with_or_without_its_slash():
    assert ObjectAddress.folder("1", "b", "2017") == ObjectAddress.folder("1", "b", "2017/")
    assert ObjectAddress.folder("1", "b", "").is_root
    assert ObjectAddress.folder("1", "b", "2017").is_folder


def test_files_and_folders_are_told_apart():
    require_file(address("a"))
    require_folder(address("a/"))
    with pytest.raises(InputError, match="photos/a/"):
        require_file(address("a/"))
    with pytest.raises(InputError, match="photos/a"):
        require_folder(address("a"))
    with pytest.raises(InputError, match="root"):
        require_folder(address("/"))


def test_an_address_pickles_and_hashes():
    place = address("2017/a.jpg")
    assert pickle.loads(pickle.dumps(place)) == place
    assert len({place, address("/2017//a.jpg")}) == 1


def test_the_api_is_reached_over_https_by_region():
    assert api_base("gz") == "https://gz.file.myqcloud.com"
    assert api_base(region="ap-beijing-1") == "https://ap-beijing-1.file.myqcloud.com"


@pytest.mark.parametrize(
    ("endpoint", "base"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://proxy.example/cos/", "https://proxy.example/cos"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_an_endpoint_takes_the_regions_place(endpoint, base):
    assert api_base(endpoint=endpoint) == base
    assert api_base("gz", endpoint) == base


@pytest.mark.parametrize(
    "region", ["", "a/b", "127.0.0.1:80/", "gz.", "a.b", "a b", "-a", "gz\n", "gz?", 7]
)
def test_a_malformed_region_is_refused(region):
    with pytest.raises(InputError, match="region"):
        api_base(region)


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "127.0.0.1:8080",
        "ftp://host",
        "http://",
        "http://host:port",
        "http://host:99999",
        "http://host:0",
        "http://[::1",
        "http://ho st",
        "http://host\n",
        "http://host?",
        "http://host/#x",
        7,
    ],
)
def test_a_malformed_endpoint_is_refused(endpoint):
    with pytest.raises(InputError, match="endpoint"):
        api_base(endpoint=endpoint)


@pytest.mark.parametrize("endpoint", ["http://me:hunter2@host", "http://host/?key=hunter2"])
def test_a_secret_in_an_endpoint_is_refused_and_not_repeated(endpoint):
    with pytest.raises(InputError, match="endpoint") as refused:
        api_base(endpoint=endpoint)
    assert "hunter2" not in str(refused.value)


def test_no_region_and_no_endpoint_is_refused():
    with pytest.raises(InputError, match="region"):
        api_base()


def test_a_download_has_a_host_of_its_own():
    url = download_url(address("2017/a b.jpg"), "gz")
    assert url == "https://photos-1250000001.cosgz.myqcloud.com/2017/a%20b.jpg"
    assert urlsplit(url).hostname == "photos-1250000001.cosgz.myqcloud.com"
    with pytest.raises(InputError, match="region"):
        download_url(address("a.jpg"), "g/z")
    with pytest.raises(InputError, match="folder"):
        download_url(address("a/"), "gz")
