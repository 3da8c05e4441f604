"""The engine with a test service, since it has no code of any service."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import threading
import time

import pytest
from toy_service import PART_SIZE, ToyError, toy_server, upload
from worked_values import content

import cosfast

RETRY = cosfast.RetryPolicy(tries=4, base_delay=0.001, max_delay=0.01)
DATA = content(10 * PART_SIZE + 123)
DIGEST = hashlib.sha1(DATA).hexdigest()


@pytest.fixture
def server():
    with toy_server() as running:
        yield running


def test_content_is_uploaded_and_progress_adds_up(server):
    seen = []
    outcome = upload(server.endpoint, DATA, retry=RETRY, progress=seen.append)
    assert server.files == {DIGEST: DATA}
    assert outcome == ({"sha1": DIGEST, "hashed": DIGEST}, False, len(DATA), 0)
    assert sum(seen) == len(DATA)


def test_failures_within_the_budget_are_retried(server):
    server.failures = [503, 500, 503]
    upload(server.endpoint, DATA, retry=RETRY, max_workers=1)
    assert server.files[DIGEST] == DATA
    assert sum("/part/" in path for path in server.requests) == 11 + 3


def test_a_failure_beyond_it_is_raised_and_ends_the_others(server):
    server.failures = [403]
    with pytest.raises(ToyError, match="403"):
        upload(server.endpoint, DATA, retry=RETRY)
    assert not server.files


def test_parts_that_the_server_has_are_not_sent(server):
    server.parts = {0: DATA[:PART_SIZE], 7: DATA[7 * PART_SIZE : 8 * PART_SIZE]}
    seen = []
    outcome = upload(
        server.endpoint,
        DATA,
        retry=RETRY,
        parts=cosfast.uploadparts(DATA),
        progress=seen.append,
    )
    assert server.files[DIGEST] == DATA
    assert (outcome.sent_bytes, outcome.resumed_bytes) == (len(DATA) - 2 * PART_SIZE, 2 * PART_SIZE)
    assert sum(seen) == len(DATA)


def test_known_content_is_not_sent(server):
    server.files[DIGEST] = DATA
    outcome = upload(server.endpoint, DATA, retry=RETRY, parts=cosfast.uploadparts(DATA))
    assert outcome.instant
    assert server.requests == ["/open/file"]


def test_a_lost_session_starts_over_once(server):
    server.failures = [404]
    seen = []
    outcome = upload(server.endpoint, DATA, retry=RETRY, max_workers=1, progress=seen.append)
    assert server.files[DIGEST] == DATA
    assert server.session == 2
    assert outcome.result["hashed"] == DIGEST
    assert sum(seen) == len(DATA)
    server.files.clear()
    server.failures = [404] * 4
    with pytest.raises(ToyError, match="404"):
        upload(server.endpoint, DATA, retry=RETRY, max_workers=1)


def test_parts_are_sent_in_order_after_the_first_refusal(server):
    server.in_order = True
    server.failures = [409]
    upload(server.endpoint, DATA, retry=RETRY, max_workers=4)
    assert server.files[DIGEST] == DATA


def test_the_bandwidth_limit_is_kept(server):
    started = time.monotonic()
    upload(server.endpoint, DATA, retry=RETRY, max_rate=2 * len(DATA))
    assert time.monotonic() - started > 0.4


def test_cancel_ends_it(server):
    token = cosfast.CancelToken()
    timer = threading.Timer(0.3, token.cancel)
    timer.start()
    with pytest.raises(cosfast.Cancelled):
        upload(server.endpoint, DATA, retry=RETRY, cancel=token, max_rate=len(DATA) / 10)
    timer.join()
    assert not server.files


def test_a_deadline_ends_it(server):
    with pytest.raises(cosfast.DeadlineExceeded):
        upload(server.endpoint, DATA, retry=RETRY, deadline=0.3, max_rate=len(DATA) / 10)
    assert not server.files


# Parts that are read as they are sent.

STREAMED = {"streamed": True, "parts": cosfast.uploadparts(DATA, slice_size=PART_SIZE)}


def test_streamed_parts_arrive_and_are_read_again_for_each_try(server, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(DATA)
    server.failures = [503, 500]
    seen = []
    outcome = upload(server.endpoint, path, retry=RETRY, progress=seen.append, **STREAMED)
    assert server.files == {DIGEST: DATA}
    assert outcome.sent_bytes == sum(seen) == len(DATA)


def test_a_streamed_part_is_sent_at_the_limited_rate(server):
    started = time.monotonic()
    upload(server.endpoint, DATA, retry=RETRY, max_rate=2 * len(DATA), **STREAMED)
    assert time.monotonic() - started > 0.4
    assert server.files == {DIGEST: DATA}


@pytest.mark.parametrize("slice_size", [PART_SIZE, PART_SIZE // 4], ids=["equal", "finer"])
@pytest.mark.parametrize("streamed", [True, False])
def test_a_refused_part_tells_a_changed_source_from_broken_bytes(
    server, tmp_path, streamed, slice_size
):
    parts = cosfast.uploadparts(DATA, slice_size=slice_size)
    server.failures = [422] * 9
    with pytest.raises(ToyError, match="422"):
        upload(server.endpoint, DATA, retry=RETRY, streamed=streamed, parts=parts)
    changed = bytearray(DATA)
    changed[1] ^= 1
    server.failures = [422] * 9
    with pytest.raises(cosfast.SourceChanged, match="slice at offset 0"):
        upload(
            server.endpoint,
            bytes(changed),
            retry=RETRY,
            max_workers=1,
            streamed=streamed,
            parts=parts,
        )


def test_streamed_parts_are_never_whole_in_memory(server):
    class Watched(io.BytesIO):
        longest = 0

        def read(self, count=-1):
            Watched.longest = max(Watched.longest, count)
            return super().read(count)

    data = content(3 * 1024 * 1024)
    toy = cosfast.uploadparts(data)
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr("toy_service.PART_SIZE", 1024 * 1024)
        upload(server.endpoint, Watched(data), retry=RETRY, streamed=True, parts=toy)
    assert server.files == {hashlib.sha1(data).hexdigest(): data}
    assert 0 < Watched.longest <= 256 * 1024


def test_the_engine_imports_no_service():
    modules = (
        "import sys, pkgutil, importlib, cosfast.transfer as engine\n"
        "for found in pkgutil.walk_packages(engine.__path__, 'cosfast.transfer.'):\n"
        "    importlib.import_module(found.name)\n"
        "print([name for name in sys.modules if name.startswith('cosfast.cosv4')])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", modules], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
