"""Acknowledged data survive a restart, and a kill at any time."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from emulator.wire import MIB, Api, fileid, sign, slices, with_parts

from cosfast.emulator import Emulator
from cosfast.emulator.errors import RootInUseError

SERVER = """
import sys
from cosfast.emulator import serve
serve(host="127.0.0.1", port=0, root=sys.argv[1], appid="1250000000", secret_id="local-secret-id",
      secret_key="local-secret-key", on_ready=lambda endpoint: print(endpoint, flush=True))
"""
KILLS = int(os.environ.get("COSFAST_EMULATOR_KILLS", "5"))
REPOSITORY = Path(__file__).resolve().parents[2]


class Server:
    """A server in a separate process, which can be killed."""

    def __init__(self, root):
        paths = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(root)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
        self.endpoint = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()


def test_everything_survives_a_restart(tmp_path, two_slices):
    content = two_slices["content"]
    with Emulator(tmp_path) as emulator:
        api = Api(emulator.endpoint)
        api.json("/folder/", op="create", biz_attr="mine")
        api.upload("/folder/a.txt", b"content", biz_attr="yours")
        session = api.init("/b.bin", content, **with_parts(two_slices)).data["session"]
        api.data("/b.bin", session, MIB, content[MIB:])
    with Emulator(tmp_path) as emulator:
        api = Api(emulator.endpoint)
        assert api.stat("/folder/").data["biz_attr"] == "mine"
        assert api.stat("/folder/a.txt").data["biz_attr"] == "yours"
        assert api.download("/folder/a.txt").content == b"content"
        assert api.list_slices("/b.bin").data["listparts"] == [{"offset": MIB, "datalen": 1}]
        assert api.data("/b.bin", session, 0, content[:MIB]).code == 0
        assert api.finish("/b.bin", session, content, sha=two_slices["sha1"]).code == 0
        assert api.download("/b.bin").content == content


def test_files_without_a_row_are_removed_at_the_start(tmp_path):
    with Emulator(tmp_path) as emulator:
        Api(emulator.endpoint).upload("/a.txt", b"content")
    (tmp_path / "files" / "0123abcd").write_bytes(b"of a request that was never finished")
    with Emulator(tmp_path) as emulator:
        assert Api(emulator.endpoint).download("/a.txt").content == b"content"
        assert [path.read_bytes() for path in (tmp_path / "files").iterdir()] == [b"content"]


@pytest.mark.parametrize("as_link", [False, True])
def test_a_folder_of_another_program_is_not_changed(tmp_path, as_link):
    root, files = tmp_path / "root", tmp_path / "root" / "files"
    root.mkdir()
    mine = tmp_path / "mine" if as_link else files
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    if as_link:
        files.symlink_to(mine, target_is_directory=True)
    for _ in range(2):
        with pytest.raises(RootInUseError, match="choose another folder"), Emulator(root):
            pass
    assert (mine / "thesis.txt").read_text() == "years of work"


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
@pytest.mark.parametrize("plant", ["link", "pipe"])
def test_a_lock_that_is_not_a_regular_file_is_refused(tmp_path, plant):
    root, victim = tmp_path / "root", tmp_path / "victim"
    root.mkdir()
    victim.write_text("precious")
    if plant == "link":
        (root / "lock").symlink_to(victim)
    else:
        os.mkfifo(root / "lock")
    with pytest.raises((OSError, RootInUseError)), Emulator(root):
        pass
    assert victim.read_text() == "precious"


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_new_root_is_for_its_user_alone(tmp_path):
    with Emulator(tmp_path / "root"):
        assert (tmp_path / "root").stat().st_mode & 0o777 == 0o700


class Load:
    """Clients that upload until the server is killed, and record what it has acknowledged."""

    def __init__(self, endpoint, seed, case):
        self._endpoint = endpoint
        self._seed = seed
        self._case = case
        self.objects = {}
        self.deleted = set()
        self.slices = {}

    def is_acknowledged(self):
        """Return whether the server has acknowledged anything."""
        return bool(self.objects) or any(self.slices.copy().values())

    def run(self, worker):
        rng = random.Random(self._seed * 100 + worker)
        api = Api(self._endpoint)
        try:
            for number in range(10_000):
                self._step(api, rng, f"/{worker}-{number}")
        except requests.RequestException:
            return

    def _step(self, api, rng, path):
        if rng.random() < 0.5:
            self._upload(api, path, rng.randbytes(rng.randrange(200_000)), rng)
        else:
            self._slices(api, path, rng)

    def _upload(self, api, path, content, rng):
        assert api.upload(path, content).code == 0
        self.objects[path] = hashlib.sha1(content).hexdigest()
        if rng.random() < 0.3:
            del self.objects[path]
            assert api.delete(path).code == 0
            self.deleted.add(path)

    def _slices(self, api, path, rng):
        content = self._case["content"]
        data = api.init(path, content, insertOnly="0", **with_parts(self._case)).data
        if "session" not in data:
            self.objects[path] = self._case["sha1"]
            return
        pieces = slices(content)
        rng.shuffle(pieces)
        acknowledged = self.slices.setdefault(path, set())
        for offset, piece in pieces:
            assert api.data(path, data["session"], offset, piece).code == 0
            acknowledged.add(offset)
        del self.slices[path]
        reply = api.finish(path, data["session"], content, sha=self._case["sha1"])
        assert reply.code == 0
        self.objects[path] = self._case["sha1"]
        once = sign(fileid(path), once=True)
        del self.objects[path]
        assert api.json(path, once, op="delete").code == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(KILLS))
def test_a_kill_at_any_instant_loses_nothing_acknowledged(tmp_path, two_slices, seed):
    with Server(tmp_path) as server:
        load = Load(server.endpoint, seed, two_slices)
        with ThreadPoolExecutor(4) as pool:
            runs = [pool.submit(load.run, worker) for worker in range(4)]
            deadline = time.monotonic() + 30
            while not load.is_acknowledged() and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(random.Random(seed).random() / 4)
            server.process.kill()
        for run in runs:
            run.result()
    assert load.objects or load.slices, "the kill came before anything was acknowledged"
    with Emulator(tmp_path) as emulator:
        api = Api(emulator.endpoint)
        for path, sha1 in load.objects.items():
            assert hashlib.sha1(api.download(path).content).hexdigest() == sha1
        for path in load.deleted:
            assert api.stat(path).status == 404
        for path, acknowledged in load.slices.items():
            listed = api.list_slices(path).data
            arrived = {entry["offset"] for entry in listed.get("listparts", ())}
            assert acknowledged <= arrived or "access_url" in listed
            _finish(api, path, listed, two_slices)
    assert not list(tmp_path.glob("tmp*")), "no temporary file stays"


def _finish(api, path, listed, case):
    """The acknowledged slices are listed, and the upload can be finished with them."""
    if "session" not in listed:
        return
    arrived = {entry["offset"] for entry in listed["listparts"]}
    for offset, piece in slices(case["content"]):
        if offset not in arrived:
            assert api.data(path, listed["session"], offset, piece).code == 0
    assert api.finish(path, listed["session"], case["content"], sha=case["sha1"]).code == 0
    assert api.download(path).content == case["content"]
