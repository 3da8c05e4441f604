"""Each public name as a user's typed program has it; type checkers read this, nothing runs it.

`tools/public_types.py` has mypy and pyright look at it, and test_typed_usage.py sees that no public
name is left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import datetime
from os import PathLike
from typing import TYPE_CHECKING, Any

import cosfast
import cosfast.emulator
import cosfast.fs

if TYPE_CHECKING:
    from typing import assert_type  # noqa: TC004 - nothing here runs


def hashing() -> None:
    hasher = cosfast.sha1(b"data", usedforsecurity=False)
    assert_type(hasher, cosfast.Sha1)
    hasher.update(memoryview(b"more"))
    assert_type(hasher.digest(), bytes)
    assert_type(hasher.hexdigest(), str)
    assert_type(hasher.copy(), cosfast.Sha1)
    state = hasher.state()
    assert_type(state, cosfast.Sha1State)
    assert_type(state.words, tuple[int, int, int, int, int])
    assert_type(state.pending, bytes)
    assert_type(state.datasha, str)
    assert_type(cosfast.Sha1State.from_bytes(state.to_bytes()), cosfast.Sha1State)
    assert_type(cosfast.Sha1.from_state(state), cosfast.Sha1)
    other = cosfast.sha256(string=b"data")
    assert_type(other, cosfast.Sha256)
    assert_type(other.state(), cosfast.Sha256State)
    assert_type(other.state().words, tuple[int, int, int, int, int, int, int, int])
    assert_type(cosfast.Sha256.from_state(cosfast.Sha256State(range(8), 64)), cosfast.Sha256)
    assert_type(cosfast.new("sha256"), cosfast.Sha1 | cosfast.Sha256)
    found = cosfast.kernels()
    assert_type(found, cosfast.Kernels)
    assert_type(found.supported, tuple[str, ...])


def parts() -> None:
    made = cosfast.uploadparts("file", slice_size=cosfast.SLICE_SIZE, progress=print)
    assert_type(made, cosfast.UploadParts)
    assert_type(cosfast.WEDRIVE_BLOCK_SIZE, int)
    assert_type(made[0], cosfast.UploadPart)
    assert_type(made[1:], tuple[cosfast.UploadPart, ...])
    assert_type(made[0].datasha, str)
    assert_type(made.datashas, list[str])
    assert_type(made.to_json(), str)
    assert_type(cosfast.UploadParts.from_json("[]"), cosfast.UploadParts)
    assert_type(cosfast.extend(b"data", made), cosfast.UploadParts)
    assert_type(cosfast.verify("file", made, max_workers=2), list[int])
    longer = cosfast.uploadparts(b"data", slice_size=cosfast.WEDRIVE_BLOCK_SIZE, algorithm="sha256")
    assert_type(longer.digest, str)
    assert_type(longer.algorithm, str)
    assert_type(longer.contexts(), list[dict[str, Any]])
    assert_type(made.oss_hash_contexts(), list[str | None])
    assert_type(longer.parallel_hash_contexts(), list[dict[str, Any] | None])
    builder = cosfast.PartsBuilder(algorithm="sha1")
    builder.update(b"data")
    assert_type(builder.finish(), cosfast.UploadParts)
    for path, outcome in cosfast.uploadparts_many(["a", "b"]):
        assert_type(path, str | PathLike[str])
        if isinstance(outcome, OSError):
            raise outcome
        assert_type(outcome, cosfast.UploadParts)
    for path, found in cosfast.verify_many([("a", made)]):
        assert_type(path, str | PathLike[str])
        assert_type(found, list[int] | cosfast.CosError | OSError)


def connect() -> cosfast.Client:
    credentials = cosfast.Credentials("1250000000", "id", "key")
    assert_type(cosfast.Credentials.from_env(), cosfast.Credentials)
    assert_type(credentials.sign_once("bucket", "path"), str)
    journal: cosfast.Journal = cosfast.NO_JOURNAL
    warnings.simplefilter("error", cosfast.JournalWarning)
    retry: cosfast.RetryPolicy = cosfast.NO_RETRY
    return cosfast.Client(credentials, region="gz", journal=journal, retry=retry)


def transfers(client: cosfast.Client) -> None:
    token = cosfast.CancelToken()
    token.cancel()
    assert_type(token.cancelled, bool)
    result = client.upload(b"data", "bucket", "path", cancel=token, max_rate=1e6)
    assert_type(result, cosfast.UploadResult)
    assert_type(result.instant, bool)
    job = cosfast.UploadJob("file", "bucket", "path", cosfast.UploadOptions(concurrency=4))
    for done, outcome in client.upload_many([job]):
        assert_type(done, cosfast.UploadJob)
        if not isinstance(outcome, Exception):
            assert_type(outcome, cosfast.UploadResult)
    got = client.download("bucket", "path", "file", overwrite=False)
    assert_type(got, cosfast.DownloadResult)
    assert_type(client.read("bucket", "path", 10, 20), bytes)
    assert_type(client.download_url("bucket", "path", expires_in=60), str)


def objects(client: cosfast.Client) -> None:
    stat = client.stat("bucket", "path")
    assert_type(stat, cosfast.ObjectStat)
    assert_type(stat.mtime, datetime)
    assert_type(stat.filesize, int | None)
    assert_type(stat.authority, cosfast.Authority | None)
    assert_type(client.exists("bucket", "path"), bool)
    assert_type(client.list("bucket", recursive=True), Iterator[cosfast.ObjectStat])
    client.update("bucket", "path", authority=cosfast.Authority.PRIVATE)


def sync(client: cosfast.Client) -> None:
    filters = [cosfast.Filter.exclude("*.tmp")]
    options = cosfast.DownloadOptions(verify=False)
    steps = cosfast.sync_down(client, "bucket", "/", "folder", filters=filters, options=options)
    assert_type(steps, Iterator[cosfast.SyncStep])
    for step in cosfast.sync_up(client, "folder", "bucket", delete=True):
        assert_type(step.action, cosfast.SyncAction)
        assert_type(step.result, cosfast.UploadResult | cosfast.DownloadResult | None)


def errors() -> None:
    try:
        connect()
    except (cosfast.AuthenticationError, cosfast.ExistsError, cosfast.IntegrityRefusal) as exc:
        assert_type(exc.code, int)
    except (cosfast.NotFoundError, cosfast.SessionError, cosfast.ThrottledError) as exc:
        assert_type(exc.request_id, str)
    except (cosfast.UnfinishedUploadRefusal, cosfast.ServerError) as exc:
        assert_type(exc.message, str)
    except cosfast.AnswerError as exc:
        assert_type(exc.excerpt, str)
    except (cosfast.TransportTimeout, cosfast.TransportError, cosfast.RequestError) as exc:
        assert_type(exc.http_status, int | None)
    except cosfast.SourceChanged as exc:
        assert_type(exc.path, str)
    except cosfast.DeletionRefused as exc:
        assert_type(exc.max_delete, int | None)
    except (cosfast.InputError, cosfast.Cancelled, cosfast.DeadlineExceeded) as exc:
        as_any: cosfast.CosError = exc
        raise as_any from None


def found_here() -> None:
    try:
        connect()
    except (cosfast.ContentMismatchError, cosfast.OtherUploadError, cosfast.MismatchError) as exc:
        assert_type(exc.operation, str)
    except (cosfast.IntegrityError, cosfast.UnfinishedUploadError) as exc:
        assert_type(str(exc), str)


def server() -> None:
    limits = cosfast.emulator.Limits(workers=4)
    refusal: cosfast.CosError = cosfast.emulator.EmulatorError("in use")
    assert_type(str(refusal), str)
    with cosfast.emulator.Emulator(
        appid="1250000000", secret_id="id", secret_key="key", limits=limits
    ) as emulator:
        assert_type(emulator, cosfast.emulator.Emulator)
        assert_type(emulator.endpoint, str)
    errors: list[cosfast.emulator.EmulatorError] = []
    errors.append(cosfast.emulator.RootInUseError("another server has it"))
    errors.append(cosfast.emulator.SchemaError("a newer version wrote it"))
    cosfast.emulator.serve(
        host="127.0.0.1", port=0, root=None, appid="1", secret_id="id", secret_key="key",
        on_ready=print,
    )  # fmt: skip


def filesystem() -> None:
    fs = cosfast.fs.CosV4FileSystem(region="gz")
    assert_type(fs.client, cosfast.Client)
    reading = cosfast.fs.ReadingFile(fs, "bucket/path")
    assert_type(reading.details, dict[str, Any])
    writing = cosfast.fs.WritingFile(fs, "bucket/path", "wb")
    writing.commit()
