"""Files that another user has created, or may create, at names which cosfast uses."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import socket
import stat
import tempfile
import warnings
from pathlib import Path

import pytest
from emulated import BUCKET
from worked_values import content

import cosfast
from cosfast.transfer.download_ranges import PIECE_SIZE
from cosfast.transfer.journal import Journal, JournalWarning, RememberedUpload
from cosfast.transfer.partial_file import is_partial, partial_paths

pytestmark = pytest.mark.skipif(os.name != "posix", reason="owners, links and pipes of POSIX")

MIB = 1024 * 1024
DATA = content(PIECE_SIZE + 12345)
SHA = hashlib.sha1(DATA).hexdigest()
HALF = DATA[:PIECE_SIZE]
OTHER_USER = 54321
LONGEST = 40  # seconds that any of these tests may take
needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files to other users"
)


class Interrupted(Exception):
    pass


@pytest.fixture(autouse=True)
def no_hanging():
    """Fail a test that blocks on the other end of a pipe."""

    def fail(*_arguments):
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(LONGEST)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def stored(client):
    client.upload(DATA, BUCKET, "file")
    return client


@pytest.fixture
def target(tmp_path):
    return tmp_path / "folder" / "here"


@pytest.fixture(autouse=True)
def folder(target):
    target.parent.mkdir()
    return target.parent


@pytest.fixture
def victim(tmp_path):
    """A file elsewhere, which must not change."""
    path = tmp_path / "victim"
    path.write_bytes(b"precious")
    path.chmod(0o640)
    yield path
    assert path.read_bytes() == b"precious"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.stat().st_nlink in {1, 2}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def mode_of(path):
    return stat.S_IMODE(path.lstat().st_mode)


def part_of(target):
    return Path(partial_paths(str(target))[0])


def identity_of(target):
    return Path(partial_paths(str(target))[1])


def leave_identity(target):
    identity_of(target).write_text(json.dumps({"filesize": len(DATA), "sha1": SHA}))


def leave_part(target, data=HALF):
    part_of(target).write_bytes(data)
    leave_identity(target)


def interrupt(client, target, **keywords):
    """Begin a download and interrupt it after a range has been written."""

    def stop(_count):
        if part_of(target).exists() and part_of(target).stat().st_size:
            raise Interrupted

    with pytest.raises(Interrupted):
        client.download(BUCKET, "file", target, concurrency=1, progress=stop, **keywords)


def make_link(path, victim):
    path.symlink_to(victim)


def make_dangling_link(path, victim):
    path.symlink_to(victim.parent / "made through a link")


def make_hard_link(path, victim):
    os.link(victim, path)


def make_pipe(path, _victim):
    os.mkfifo(path)


def make_socket(path, _victim):
    # The path may be longer than an address can be.
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(before)


def make_device(path, _victim):
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 7))  # /dev/full: no write succeeds
    except PermissionError:
        pytest.skip("only root makes devices")


def make_folder(path, _victim):
    path.mkdir()


PLANTED = [
    make_link,
    make_dangling_link,
    make_hard_link,
    make_pipe,
    make_socket,
    make_device,
    make_folder,
]
planted = pytest.mark.parametrize("plant", PLANTED, ids=lambda make: make.__name__[5:])


# What is no partial file at all


@planted
@pytest.mark.parametrize("where", [part_of, identity_of], ids=["part", "identity"])
def test_what_is_no_partial_file_is_neither_used_nor_waited_for(
    stored, target, victim, plant, where
):
    if where is identity_of:
        part_of(target).write_bytes(HALF)
    plant(where(target), victim)
    result = stored.download(BUCKET, "file", target, deadline=30)
    assert result.resumed_bytes == 0
    assert target.read_bytes() == DATA
    assert stat.S_ISREG(target.lstat().st_mode)
    assert target.stat().st_nlink == 1
    left = [where(target).name] if plant is make_folder else []
    assert names(target.parent) == sorted([*left, "here"])
    assert not (victim.parent / "made through a link").exists()


@planted
def test_both_at_once(stored, target, victim, plant):
    plant(part_of(target), victim)
    if plant is make_hard_link:
        make_link(identity_of(target), victim)
    else:
        plant(identity_of(target), victim)
    stored.download(BUCKET, "file", target, verify=False)
    assert target.read_bytes() == DATA


@planted
def test_an_interrupted_download_beside_it_leaves_nothing_that_is_not_resumed(
    stored, target, victim, plant
):
    plant(part_of(target), victim)
    seen = []

    def stop(count):
        seen.append(count)
        if sum(seen) > PIECE_SIZE:
            raise Interrupted

    with pytest.raises(Interrupted):
        stored.download(BUCKET, "file", target, concurrency=1, progress=stop)
    left = names(target.parent)
    assert "here" not in left
    result = stored.download(BUCKET, "file", target)
    # Beside a folder, which stays, a download has a name that the next cannot find.
    assert result.resumed_bytes == (0 if plant is make_folder else PIECE_SIZE)
    assert left == ([part_of(target).name] if plant is make_folder else left)
    assert target.read_bytes() == DATA


@planted
def test_planted_in_a_sync(stored, target, victim, plant):
    plant(identity_of(target.parent / "file"), victim)
    (step,) = [
        step
        for step in cosfast.sync_down(stored, BUCKET, "/", target.parent)
        if step.name == "file"
    ]
    assert step.error is None
    assert (target.parent / "file").read_bytes() == DATA


# Files of other users


@needs_root
@pytest.mark.parametrize("which", ["part", "both"])
def test_the_partial_file_of_another_user_is_not_adopted(stored, target, which):
    leave_part(target)
    os.chown(part_of(target), OTHER_USER, OTHER_USER)
    if which == "both":
        os.chown(identity_of(target), OTHER_USER, OTHER_USER)
    result = stored.download(BUCKET, "file", target)
    assert (target.read_bytes(), result.resumed_bytes) == (DATA, 0)
    assert target.stat().st_uid == os.geteuid()
    assert names(target.parent) == ["here"]


@needs_root
def test_the_identity_of_another_user_is_not_believed(stored, target):
    leave_part(target)
    os.chown(identity_of(target), OTHER_USER, OTHER_USER)
    assert stored.download(BUCKET, "file", target).resumed_bytes == 0
    assert target.read_bytes() == DATA
    assert names(target.parent) == ["here"]


@pytest.mark.parametrize("mode", [0o666, 0o660, 0o602])
def test_a_partial_file_that_others_may_have_open_is_not_adopted(stored, target, mode):
    leave_part(target)
    part_of(target).chmod(mode)
    with part_of(target).open("r+b") as held_by_another:
        result = stored.download(BUCKET, "file", target)
        held_by_another.write(b"changed after the check")
    assert (target.read_bytes(), result.resumed_bytes) == (DATA, 0)


def test_a_partial_file_that_others_could_only_read_is_resumed(stored, target):
    leave_part(target)
    part_of(target).chmod(0o644)
    assert stored.download(BUCKET, "file", target).resumed_bytes == len(HALF)
    assert target.read_bytes() == DATA


@pytest.fixture
def unremovable(monkeypatch):
    """Make existing files unremovable, like those of another user in a sticky folder."""
    real, fixed = os.remove, set()

    def remove(path, **keywords):
        if os.fspath(path) in fixed:
            raise PermissionError(1, "Operation not permitted", path)
        real(path, **keywords)

    monkeypatch.setattr(os, "remove", remove)
    return fixed


@needs_root
@pytest.mark.parametrize("verify", [True, False])
def test_what_cannot_be_removed_is_left_where_it_is(stored, target, unremovable, caplog, verify):
    leave_part(target)
    for path in (part_of(target), identity_of(target)):
        os.chown(path, OTHER_USER, OTHER_USER)
        unremovable.add(str(path))
    seen = set()
    stored.download(
        BUCKET,
        "file",
        target,
        verify=verify,
        progress=lambda _: seen.update(names(target.parent)),
    )
    assert target.read_bytes() == DATA
    assert target.stat().st_uid == os.geteuid()
    left = sorted([part_of(target).name, identity_of(target).name])
    assert names(target.parent) == sorted([*left, "here"])
    assert part_of(target).read_bytes() == HALF
    (used,) = seen - set(left)
    assert is_partial(used)
    assert str(part_of(target)) in caplog.text


@needs_root
@pytest.mark.slow
def test_in_a_sticky_folder_as_a_user_who_is_not_root(emulator, stored):
    """Without mocks: the system refuses to remove another user's file."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # below tmp_path only root may go
    try:
        folder.chmod(0o1777)
        target = folder / "here"
        part_of(target).write_bytes(HALF)
        part_of(target).chmod(0o666)
        leave_identity(target)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the emulator's threads, which the child leaves be
            pid = os.fork()
        if not pid:
            code = 1
            try:
                os.setgid(OTHER_USER)
                os.setuid(OTHER_USER)
                stored.download(BUCKET, "file", target)
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert target.read_bytes() == DATA
        assert target.stat().st_uid == OTHER_USER
        assert part_of(target).read_bytes() == HALF
    finally:
        shutil.rmtree(folder)


def test_a_partial_file_that_is_exchanged_meanwhile_does_not_get_the_name(stored, target, victim):
    def exchange(_count):
        part_of(target).unlink(missing_ok=True)
        part_of(target).write_bytes(b"of somebody else")

    with pytest.raises(OSError, match="removed or replaced"):
        stored.download(BUCKET, "file", target, progress=exchange)
    assert not target.exists()
    assert part_of(target).read_bytes() == b"of somebody else"


@pytest.mark.parametrize("said", [b"[" * 100_000, b"9" * 10_000, b'{"a":' * 50_000, bytes(2**21)])
def test_an_identity_that_is_made_to_confuse_is_not_believed(stored, target, said):
    leave_part(target)
    identity_of(target).write_bytes(said)
    assert stored.download(BUCKET, "file", target).resumed_bytes == 0
    assert target.read_bytes() == DATA


# Modes


@pytest.fixture(params=[0o022, 0o077, 0o002, 0], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.parametrize("verify", [True, False])
def test_a_new_file_has_the_mode_of_the_umask_and_none_before(stored, target, umask, verify):
    seen = set()

    def look(_count):
        for path in target.parent.iterdir():
            seen.add(mode_of(path))

    stored.download(BUCKET, "file", target, verify=verify, progress=look)
    assert seen == {0o600}
    assert mode_of(target) == 0o666 & ~umask
    assert names(target.parent) == ["here"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (0o600, 0o600),
        (0o644, 0o644),
        (0o640, 0o640),
        (0o777, 0o777),
        (0o400, 0o400),
        (0o4755, 0o755),
        (0o2755, 0o755),
        (0o1644, 0o644),
        (0o7777, 0o777),
    ],
    ids=oct,
)
def test_the_mode_of_a_replaced_file_is_kept_without_its_privileges(stored, target, before, after):
    target.write_bytes(b"before")
    target.chmod(before)
    seen = set()
    look = lambda _: seen.add(mode_of(part_of(target)))  # noqa: E731
    stored.download(BUCKET, "file", target, overwrite=True, progress=look)
    assert seen == {0o600}
    assert target.read_bytes() == DATA
    assert mode_of(target) == after


def test_the_mode_is_kept_where_the_download_was_resumed(stored, target):
    target.write_bytes(b"before")
    target.chmod(0o640)
    interrupt(stored, target, overwrite=True)
    assert {mode_of(part_of(target)), mode_of(identity_of(target))} == {0o600}
    result = stored.download(BUCKET, "file", target, overwrite=True)
    assert result.resumed_bytes == PIECE_SIZE
    assert mode_of(target) == 0o640


@needs_root
def test_a_group_that_had_no_access_gets_none(stored, target, monkeypatch):
    target.write_bytes(b"before")
    target.chmod(0o664)
    os.chown(target, -1, OTHER_USER)
    stored.download(BUCKET, "file", target, overwrite=True)
    assert (target.stat().st_gid, mode_of(target)) == (OTHER_USER, 0o664)

    def refuse(*_arguments):
        raise PermissionError(1, "not in that group")

    monkeypatch.setattr(os, "fchown", refuse)
    target.write_bytes(b"before")
    stored.download(BUCKET, "file", target, overwrite=True)
    assert target.stat().st_gid != OTHER_USER
    assert mode_of(target) == 0o644


# The target


def test_a_link_at_the_target_leads_to_the_file_that_is_replaced(stored, target, tmp_path):
    real = tmp_path / "real"
    target.symlink_to(real)
    for _ in range(2):  # new, then replaced
        stored.download(BUCKET, "file", target, overwrite=True)
        assert target.is_symlink()
        assert real.read_bytes() == DATA
        real.write_bytes(b"before")


@needs_root
@pytest.mark.parametrize("there", [True, False])
def test_a_link_of_another_user_in_a_sticky_folder_is_not_followed(stored, target, tmp_path, there):
    protected = Path("/proc/sys/fs/protected_symlinks")
    if not protected.exists() or protected.read_text().strip() != "1":
        pytest.skip("the system follows such links itself")
    real = tmp_path / "real"
    if there:
        real.write_bytes(b"before")
    target.parent.chmod(0o1777)
    target.symlink_to(real)
    os.chown(target, OTHER_USER, OTHER_USER, follow_symlinks=False)
    with pytest.raises(PermissionError):
        stored.download(BUCKET, "file", target)
    assert real.exists() == there
    assert not there or real.read_bytes() == b"before"


def test_other_hard_links_of_the_target_keep_the_former_content(stored, target, victim):
    os.link(victim, target)
    stored.download(BUCKET, "file", target, overwrite=True)
    assert target.read_bytes() == DATA
    assert target.stat().st_nlink == 1


def test_a_target_that_becomes_a_folder_meanwhile(stored, target):
    with pytest.raises(cosfast.InputError, match="not a regular file"):
        stored.download(BUCKET, "file", target, progress=lambda _: target.mkdir(exist_ok=True))
    assert target.is_dir()
    target.rmdir()
    assert stored.download(BUCKET, "file", target).resumed_bytes == len(DATA)


def test_a_target_that_becomes_a_link_meanwhile_is_replaced_itself(stored, target, victim):
    def plant(_count):
        if not target.is_symlink():
            target.symlink_to(victim)

    stored.download(BUCKET, "file", target, overwrite=True, progress=plant)
    assert not target.is_symlink()
    assert target.read_bytes() == DATA


@pytest.mark.parametrize("links", [True, False])
def test_a_target_that_appears_in_the_last_moment_is_not_replaced(
    stored, target, monkeypatch, links
):
    """`overwrite=False` holds until the file gets its name."""
    real = os.fsync

    def appear(descriptor):
        real(descriptor)
        if not target.exists():
            target.write_bytes(b"of somebody else")

    def no_links(*_arguments, **_keywords):
        raise PermissionError(1, "this file system has no hard links")

    monkeypatch.setattr(os, "fsync", appear)
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    with pytest.raises(FileExistsError) as caught:
        stored.download(BUCKET, "file", target, overwrite=False)
    assert caught.value.filename == str(target)
    assert target.read_bytes() == b"of somebody else"
    assert names(target.parent) == ["here"]
    monkeypatch.setattr(os, "fsync", real)
    other = target.with_name("other")
    stored.download(BUCKET, "file", other, overwrite=False)
    assert other.read_bytes() == DATA
    assert other.stat().st_nlink == 1
    assert names(target.parent) == ["here", "other"]


@pytest.mark.parametrize("wrong", ["nul\0byte", b"nul\0byte"])
def test_a_target_that_no_file_can_have(stored, wrong):
    with pytest.raises(cosfast.InputError, match="target"):
        stored.download(BUCKET, "file", wrong)


def test_what_is_written_to_a_file_object_is_not_given_a_mode(stored, folder):
    memory = io.BytesIO()
    stored.download(BUCKET, "file", memory)
    assert memory.getvalue() == DATA
    assert names(folder) == []


# The journal


def remember_with(path):
    """Use the journal at `path` as an upload does; return what it remembered of that."""
    key = "http://localhost/file"
    journal = Journal(path)
    remembered = RememberedUpload(
        session="a session", filesize=len(DATA), digest=SHA, part_size=MIB, lifetime=3600
    )
    journal.remember_upload(key, remembered)
    return journal.upload_at(key)


@needs_root
@pytest.mark.parametrize("which", ["file", "link", "folder", "-journal", "-wal"])
def test_a_journal_that_another_user_can_have_written_is_not_believed(tmp_path, which):
    path = tmp_path / "cache" / "mine.sqlite3"
    assert remember_with(path) is not None
    if which == "link":
        path.rename(tmp_path / "real")
        path.symlink_to(tmp_path / "real")
    planted = {"file": path, "link": path, "folder": path.parent}.get(which, Path(f"{path}{which}"))
    if which.startswith("-"):
        planted.write_bytes(b"pages")
    os.chown(planted, OTHER_USER, OTHER_USER, follow_symlinks=False)
    with pytest.warns(JournalWarning, match="belongs to another user"):
        assert remember_with(path) is None


@needs_root
def test_no_journal_is_made_through_the_link_of_another_user(tmp_path):
    path = tmp_path / "mine.sqlite3"
    path.symlink_to(tmp_path / "elsewhere")
    os.chown(path, OTHER_USER, OTHER_USER, follow_symlinks=False)
    with pytest.warns(JournalWarning, match="belongs to another user"):
        assert remember_with(path) is None
    assert not (tmp_path / "elsewhere").exists()


def test_a_journal_may_be_a_link_of_the_user(tmp_path):
    path = tmp_path / "mine.sqlite3"
    path.symlink_to(tmp_path / "elsewhere")
    assert remember_with(path) is not None
    assert mode_of(tmp_path / "elsewhere") == 0o600


@pytest.mark.parametrize("suffix", ["-journal", "-wal"])
def test_a_pipe_beside_the_journal_is_not_waited_for(tmp_path, suffix):
    path = tmp_path / "mine.sqlite3"
    os.mkfifo(f"{path}{suffix}")
    with pytest.warns(JournalWarning, match="not a regular file"):
        assert remember_with(path) is None
