"""The store that services share: parts verified by promised states, entries, contents."""

from __future__ import annotations

import hashlib
import random
import struct
from contextlib import closing

import pytest

import cosfast
from cosfast.emulator.store import Store, sessions, tree
from cosfast.emulator.store.parts import (
    OtherBytesError,
    PartStates,
    SessionEndedError,
    receive_part,
)
from cosfast.emulator.store.sessions import Session
from cosfast.emulator.store.tree import Entry, Key
from cosfast.emulator.wire.body import Content, MemoryBudget

PART = 320  # a multiple of 64 and of nothing rounder
CONTENT = random.Random(1).randbytes(PART * 5 + 77)
OFFSETS = range(0, len(CONTENT), PART)


def promised_states(content, part_size, algorithm):
    """The states at the ends of the parts, and the digest, by hashing from the beginning."""
    hasher, states = cosfast.new(algorithm), []
    for offset in range(0, len(content), part_size):
        hasher.update(content[offset : offset + part_size])
        if offset + part_size < len(content):
            words = hasher.state().words
            states.append(struct.pack(f">{len(words)}I", *words))
    return b"".join([*states, hashlib.new(algorithm, content).digest()])


def part_states(algorithm):
    return PartStates(algorithm, promised_states(CONTENT, PART, algorithm), PART, len(CONTENT))


STATES = part_states("sha1")

both = pytest.mark.parametrize("states", [STATES, part_states("sha256")], ids=["sha1", "sha256"])


def part_at(offset):
    return CONTENT[offset : offset + PART]


@both
def test_each_part_is_checked_alone_in_any_order_and_in_any_pieces(states):
    rng = random.Random(2)
    for offset in rng.sample(OFFSETS, len(OFFSETS)):
        part = part_at(offset)
        cut = rng.randrange(len(part))
        assert states.can_check(offset, len(part))
        assert states.first_difference(offset, [part[:cut], part[cut:]]) is None
    assert states.first_difference(0, [CONTENT]) is None


@both
@pytest.mark.parametrize("offset", OFFSETS)
def test_a_part_that_differs_is_named_with_what_was_found(offset, states):
    wrong = bytearray(CONTENT)
    wrong[offset + 5] ^= 1
    for begin, blocks in ((offset, wrong[offset : offset + PART]), (0, wrong)):
        difference = states.first_difference(begin, [bytes(blocks)])
        assert difference.offset == offset
        prefix = bytes(wrong[: offset + PART])
        expected = hashlib.new(states.algorithm, prefix)
        assert difference.found.hexdigest() == expected.hexdigest()
        size = expected.digest_size
        index = offset // PART * size
        assert difference.promised == states.states[index : index + size]


def test_incomplete_parts_cannot_be_checked():
    assert not STATES.can_check(64, PART)
    assert not STATES.can_check(0, PART - 1)
    assert STATES.can_check(0, 2 * PART)


@both
def test_without_a_promised_digest_all_but_the_last_part_can_be_checked(states):
    expected = hashlib.new(states.algorithm, CONTENT)
    promised = states.states[: -expected.digest_size]
    states = PartStates(states.algorithm, promised, PART, len(CONTENT))
    last = OFFSETS[-1]
    assert all(states.can_check(offset, PART) for offset in OFFSETS[:-1])
    assert not states.can_check(last, len(CONTENT) - last)
    hasher = states.hasher_at(last)
    hasher.update(part_at(last))
    assert hasher.hexdigest() == expected.hexdigest()


@pytest.fixture
def store(tmp_path):
    with closing(Store(tmp_path)) as opened:
        yield opened


def content_of(data, folder):
    content = Content(MemoryBudget(10**6), folder)
    assert content.add_in_memory(data)
    return content


def open_session(store, service="wedrive", **fields):
    file = store.files.create(len(CONTENT))
    about = {"space": "s", "entry": "", "parent": "s", "name": "a", **fields}
    session = Session(
        service, "key", size=len(CONTENT), part_size=PART, file=file, created=1.5, **about
    )
    store.adopt(file, lambda tx: sessions.add(tx, session))
    return store.database.read(lambda connection: sessions.find(connection, service, "key"))


def test_a_session_comes_back_as_it_was_given(store):
    attributes = {"card": False, "names": ["a", "\u00e9"]}
    about = {"digest": "0" * 40, "states": STATES.states, "attributes": attributes}
    session = open_session(store, **about)
    assert (session.digest, session.states, session.attributes) == tuple(about.values())
    assert session.number > 0
    assert session.key == Key("wedrive", "s", "")


def test_sessions_of_two_services_may_have_the_same_id(store):
    one, other = open_session(store), open_session(store, "pds")
    assert one.number != other.number
    store.database.write(lambda tx: sessions.remove_expired(tx, "pds", 2.0))
    assert store.database.read(lambda c: sessions.is_open(c, one))
    assert not store.database.read(lambda c: sessions.is_open(c, other))


def test_parts_are_kept_once_with_their_tags_and_the_missing_ones_are_known(store, tmp_path):
    session = open_session(store)
    for offset in (PART, 0):
        content = content_of(part_at(offset), tmp_path)
        receive_part(store, session, offset, content, is_checked=False, tag=f"etag-{offset}")
        receive_part(store, session, offset, content, is_checked=False, tag="another")
    parts = store.database.read(lambda c: sessions.parts(c, session))
    assert parts == [(0, PART, "etag-0"), (PART, PART, f"etag-{PART}")]
    missing = store.database.read(lambda c: sessions.missing_offsets(c, session))
    assert missing == list(OFFSETS[2:])
    with pytest.raises(OtherBytesError):
        receive_part(store, session, 0, content_of(bytes(PART), tmp_path), is_checked=False)


def test_a_part_of_a_session_that_has_ended_is_refused(store, tmp_path):
    session = open_session(store)
    store.database.write(lambda tx: sessions.abandon(tx, session))
    with pytest.raises(SessionEndedError):
        receive_part(store, session, 0, content_of(part_at(0), tmp_path), is_checked=True)


@pytest.mark.parametrize("by_reset", [True, False])
def test_a_later_session_never_has_the_number_of_one_that_has_ended(store, by_reset):
    first = open_session(store)
    if by_reset:
        store.reset()
    else:
        store.database.write(lambda tx: sessions.abandon(tx, first))
    assert open_session(store).number > first.number


def add_file(store, key, name, data, algorithm="sha1"):
    digest = hashlib.new(algorithm, data).hexdigest()
    file = store.files.save([data], len(data))

    def add(tx):
        content = tree.add_content(tx, algorithm, digest, len(data), file)
        tree.put(tx, Entry(key, "root", name, content, {"of": key.service}, 1, 2))

    store.adopt(file, add)
    return digest


def test_content_is_found_by_its_digest_whichever_service_it_came_by(store, tmp_path):
    for algorithm in ("sha1", "sha256"):
        data = algorithm.encode()
        keys = [Key(service, "space", "id") for service in ("cosv4", "pds")]
        for key in keys:
            digest = add_file(store, key, "a", data, algorithm)
        found = store.database.read(
            lambda c: tree.find_content(c, algorithm, digest, len(data))  # noqa: B023 - called here
        )
        assert found.digest(algorithm) == digest
        assert len(list((tmp_path / "files").iterdir())) == 1, "it is stored once"
        store.database.write(lambda tx: tree.remove(tx, keys[0]))  # noqa: B023 - called here
        assert len(list((tmp_path / "files").iterdir())) == 1
        store.database.write(lambda tx: tree.remove(tx, keys[1]))  # noqa: B023 - called here
        assert list((tmp_path / "files").iterdir()) == []
    with pytest.raises(ValueError, match="md5"):
        store.database.read(lambda c: tree.find_content(c, "md5", "", 0))


def test_two_entries_of_one_folder_may_have_one_name(store):
    """PDS allows it; they differ in their ids."""
    root = Key("pds", "drive", "root")
    for number in (2, 1, 3):
        add_file(store, Key("pds", "drive", f"id-{number}"), "a", b"%d" % number)
    add_file(store, Key("pds", "drive", "id-0"), "b", b"b")
    add_file(store, Key("pds", "other", "id-0"), "a", b"b")
    named = store.database.read(lambda c: tree.find_named(c, root, "a"))
    assert [entry.key.id for entry in named] == ["id-1", "id-2", "id-3"]
    listed, after = [], ("", "")
    while page := store.database.read(
        lambda c: tree.children(c, root, count=2, after=after)  # noqa: B023 - called here
    ):
        listed += [entry.key.id for entry in page]
        after = (page[-1].name, page[-1].key.id)
    assert listed == ["id-1", "id-2", "id-3", "id-0"]
