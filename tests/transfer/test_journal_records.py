"""What the journal remembers: parts lists, digests and uploads, each under its own key."""

from __future__ import annotations

import hashlib
import itertools
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import LIFETIME, NOW, SECOND, SLICE_SIZE, destination, identity, parts_like, upload

import cosfast
from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.transfer.journal import FileIdentity, Journal, RememberedUpload, schema


def identities(size):
    number = st.integers(0, 2**64 - 1)  # beyond SQLite's integers
    stamp = st.integers(-(2**63), NOW - 2 * SECOND)
    return st.builds(
        FileIdentity,
        device=number,
        inode=st.integers(1, 2**128 - 1),
        size=st.just(size),
        mtime_ns=stamp,
        ctime_ns=stamp,
        seen_ns=st.just(NOW),
    )


@given(
    seed=st.integers(0, 2**32),
    who=st.integers(0, 10**6).flatmap(identities),
    slice_size=st.integers(1, 200).map(lambda blocks: blocks * 64),
)
def test_parts_come_back(tmp_path_factory, seed, who, slice_size):
    raw = random.Random(seed).randbytes(20 * -(-who.size // slice_size))
    parts = cosfast.UploadParts.from_raw(raw, who.size, slice_size)
    journal = Journal(tmp_path_factory.mktemp("parts") / schema.FILE_NAME)
    journal.remember_parts(who, parts)
    assert journal.parts_of(who, slice_size) == parts
    assert journal.parts_of(who, slice_size + 64) is None
    assert journal.digest_of(who) == parts.sha1


some_text = st.text(st.sampled_from("aZ09 ._-~%+&='#é中😀\u202e"), min_size=1)


@given(
    segments=st.lists(some_text.map(lambda text: f"{text}f"), min_size=1),
    entry=st.builds(
        RememberedUpload,
        session=some_text.map(lambda text: f"{text}\0\n"),
        filesize=st.integers(0, 2**63 - 1),
        digest=st.none() | st.binary(min_size=20, max_size=32).map(bytes.hex),
        algorithm=st.sampled_from(["sha1", "sha256"]),
        part_size=st.integers(1, 2**26),
        lifetime=st.integers(3600, 2**31),
    ),
)
def test_uploads_come_back_and_are_forgotten(tmp_path_factory, segments, entry):
    path = "/".join(segments)
    journal = Journal(tmp_path_factory.getbasetemp() / "uploads" / schema.FILE_NAME)
    where = destination(path)
    journal.remember_upload(where, entry)
    assert journal.upload_at(where) == entry
    assert journal.upload_at(destination(path, "http://other")) is None
    journal.forget_upload(where)
    assert journal.upload_at(where) is None


def test_the_last_write_wins(journal):
    journal.remember_upload(destination(), upload("first"))
    journal.remember_upload(destination(), upload("second"))
    assert journal.upload_at(destination()).session == "second"
    journal.remember_parts(identity(), parts_like(1))
    journal.remember_parts(identity(), parts_like(2))
    assert journal.parts_of(identity(), 64) == parts_like(2)


def test_one_file_in_slices_of_several_sizes(journal):
    fine, coarse = parts_like(3, count=4), parts_like(3, slice_size=256)
    journal.remember_parts(identity(size=256), fine)
    journal.remember_parts(identity(size=256), coarse)
    assert journal.parts_of(identity(size=256), 64) == fine
    assert journal.parts_of(identity(size=256), 256) == coarse
    assert journal.digest_of(identity(size=256)) == coarse.sha1


def test_each_algorithm_has_its_own_lists_and_digests(journal):
    who = identity(size=256)
    journal.remember_parts(who, parts_like(3, count=4))
    assert journal.parts_of(who, 64, algorithm="sha256") is None
    assert journal.digest_of(who, algorithm="sha256") is None
    journal.remember_digests([(who, "b" * 64)], algorithm="sha256")
    assert journal.digests_of([who], algorithm="sha256") == {who: "b" * 64}
    assert journal.digest_of(who, algorithm="sha256") == "b" * 64
    assert journal.digest_of(who) == parts_like(3).sha1
    assert journal.parts_of(who, 64) == parts_like(3, count=4)
    changed = identity(size=256, mtime_ns=6)
    journal.remember_digests([(changed, "c" * 40)])
    assert journal.digest_of(who) is None
    assert journal.digest_of(who, algorithm="sha256") == "b" * 64


def test_the_list_of_an_empty_file(journal):
    for algorithm in ("sha1", "sha256"):
        nothing = cosfast.uploadparts(b"", algorithm=algorithm)
        journal.remember_parts(identity(size=0), nothing)
        digest = hashlib.new(algorithm).hexdigest()
        assert journal.digest_of(identity(size=0), algorithm=algorithm) == digest
        found = journal.parts_of(identity(size=0), nothing.slice_size, algorithm=algorithm)
        assert found == nothing


def test_lists_of_both_algorithms_of_one_file(journal):
    data = random.Random(5).randbytes(1000)
    for algorithm in ("sha1", "sha256"):
        who, parts = (
            identity(size=1000),
            cosfast.uploadparts(data, slice_size=64, algorithm=algorithm),
        )
        assert journal.parts_of(who, 64, algorithm=algorithm) is None
        journal.remember_parts(who, parts)
    for algorithm in ("sha1", "sha256"):
        assert journal.parts_of(who, 64, algorithm=algorithm) == cosfast.uploadparts(
            data, slice_size=64, algorithm=algorithm
        )
        digest = hashlib.new(algorithm, data).hexdigest()
        assert journal.digest_of(who, algorithm=algorithm) == digest


def test_a_list_without_the_digest_is_not_remembered(path, journal):
    states = [cosfast.uploadparts(bytes(128), slice_size=64).state_before(1)]
    journal.remember_parts(identity(size=128), cosfast.UploadParts.from_states(states, 128, 64))
    assert not path.exists()


def test_a_session_is_not_shown():
    entry = upload("an upload key that is as good as a password")
    assert "password" not in f"{entry!r} {entry} {vars(entry).keys()}"


def test_digests_of_many_files(journal):
    batch = {identity(number, size=number): f"{number:040x}" for number in range(1, 3001)}
    journal.remember_digests(batch.items())
    assert journal.digests_of(batch) == batch
    changed = [identity(number, size=number, mtime_ns=6) for number in range(1, 11)]
    unknown = [identity(number, size=number, device=2) for number in range(1, 11)]
    assert journal.digests_of([*changed, *unknown, identity(7, size=7)]) == {
        identity(7, size=7): f"{7:040x}"
    }
    journal.remember_digests((who, "f" * 40) for who in changed)
    assert journal.digests_of(changed) == dict.fromkeys(changed, "f" * 40)
    assert journal.digest_of(identity(7, size=7)) is None
    assert journal.digests_of([]) == {}


def test_a_list_brings_its_sha1_and_a_sha1_no_list(path, journal):
    journal.remember_parts(identity(1, 64 * 3), parts_like(1, 3))
    assert journal.digest_of(identity(1, 64 * 3)) == parts_like(1, 3).sha1
    journal.remember_digests([(identity(2), parts_like(2).sha1)])
    assert journal.parts_of(identity(2), 64) is None


def test_a_sha1_of_what_is_not_settled_is_not_remembered(path, journal):
    journal.remember_digests([(identity(mtime_ns=NOW, seen_ns=NOW), "a" * 40)])
    assert not path.exists()
    journal.remember_digests([])
    assert not path.exists()


def test_destinations_differ_in_each_part(journal):
    places = [
        f"{endpoint}{ObjectAddress(appid, bucket, path).url_path}"
        for endpoint, appid, bucket, path in itertools.product(
            ("http://a", "http://b"), ("1", "2"), ("x", "y"), ("/p", "/p q", "/p%20q", "/P")
        )
    ]
    for number, where in enumerate(places):
        journal.remember_upload(where, upload(str(number)))
    assert [journal.upload_at(where).session for where in places] == [
        str(number) for number in range(len(places))
    ]


def test_the_list_of_4_gib(journal):
    size = 4096 * SLICE_SIZE
    parts = cosfast.UploadParts.from_raw(random.Random(4).randbytes(4096 * 20), size, SLICE_SIZE)
    journal.remember_parts(identity(size=size), parts)
    assert journal.parts_of(identity(size=size), SLICE_SIZE) == parts


@pytest.mark.parametrize("limit", [LIFETIME, 24 * 3600, 10 * 24 * 3600])
def test_an_upload_expires_after_its_own_lifetime(journal, limit):
    now = int(time.time())
    for age, alive in ((0, True), (limit - 60, True), (limit + 1, False), (-limit - 60, False)):
        entry = upload(started_at=now - age, lifetime=limit)
        journal.remember_upload(destination(), entry)
        assert journal.upload_at(destination()) == (entry if alive else None)
