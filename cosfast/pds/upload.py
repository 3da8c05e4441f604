"""Uploads to PDS: hash once, send parts in any order, complete, and compare the hash."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cosfast.errors import AnswerError, ContentMismatchError, InputError, RequestError
from cosfast.hashing.hashes import sha1
from cosfast.parsing import load_json
from cosfast.parts.build import PartsBuilder
from cosfast.parts.sources import FileSource, PathSource, open_source
from cosfast.pds.errors import (
    ExistsError,
    NotFoundError,
    ParallelUploadError,
    PartExistsError,
    PartOrderError,
    PreHashMatchedError,
    SessionError,
)
from cosfast.pds.options import (
    DEFAULT_PART_SIZE,
    Place,
    UploadOptions,
    UploadResult,
    part_size_for,
    slice_size_for,
)
from cosfast.pds.protocol import calls, messages, values
from cosfast.pds.urls import UploadUrls
from cosfast.transfer.content import UploadContent, measured_content
from cosfast.transfer.journal import FileIdentity, RememberedUpload
from cosfast.transfer.upload import (
    READ_SIZE,
    Completed,
    Part,
    PartSession,
    PartUpload,
    StreamedPart,
    upload_in_parts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cosfast.errors import CosError
    from cosfast.parts.model import UploadParts
    from cosfast.parts.sources import Source
    from cosfast.pds.protocol.values import CreatedFile, File, PartUrl, UploadedPart
    from cosfast.transfer.context import TransferContext

SESSION_SECONDS = 10 * 24 * 3600
"""Seconds that the service keeps an unfinished upload."""

URLS_AT_ONCE = 50
"""Number of URLs fetched with one call, few enough to be used before they expire."""

PRE_HASHED = 1024
"""Number of bytes at the beginning of a file whose SHA-1 is sent as `pre_hash`."""


def upload(
    client_context: TransferContext,
    source: Any,
    options: UploadOptions,
    *,
    drive_id: str,
    parent_file_id: str,
    name: str | None,
) -> UploadResult:
    """Upload `source`; see `Client.upload`."""
    with (
        open_source(source) as opened,
        client_context.transfer(
            progress=options.progress,
            max_rate=options.max_rate,
            deadline=options.deadline,
            cancel=options.cancel,
        ) as context,
    ):
        place = Place(drive_id, parent_file_id, _name_of(opened) if name is None else name)
        with measured_content(
            opened,
            None,
            check=context.cancellation.check,
            hash_progress=options.hash_progress,
            slice_size=slice_size_for(options.part_size or DEFAULT_PART_SIZE),
            algorithm=options.algorithm,
        ) as content:
            job = PdsUpload(context, content, place, options)
            job.prepare()
            outcome = upload_in_parts(context, content, job, max_workers=options.concurrency)
            return UploadResult(
                file_id=outcome.result.file_id,
                name=outcome.result.name,
                size=content.size,
                algorithm=options.algorithm,
                digest=job.digest,
                instant=outcome.instant,
                sent_bytes=outcome.sent_bytes,
                resumed_bytes=outcome.resumed_bytes,
            )


@dataclass(frozen=True)
class _Opened:
    """An upload in progress, as the journal stores it."""

    file_id: str
    upload_id: str
    name: str

    @classmethod
    def from_text(cls, text: str) -> _Opened | None:
        """Parse the result of `to_text`; return None if the text is not valid."""
        try:
            fields = load_json(text)
            return cls(**fields) if isinstance(fields, dict) else None
        except (ValueError, TypeError):
            return None

    def to_text(self) -> str:
        return json.dumps(vars(self))


@dataclass(frozen=True)
class Uploaded:
    """A file on the server: its id and its name."""

    file_id: str
    name: str


@dataclass
class _Sending:
    """State of one session while parts are sent."""

    opened: _Opened
    parallel: bool
    urls: UploadUrls
    etags: dict[int, str] = field(default_factory=dict)  # by number from 1


class PdsUpload(PartUpload[Uploaded]):
    """The steps of an upload to PDS.

    Args:
        context: Sends the requests.
        content: Content of the upload.
        place: Destination of the file.
        options: Options of the upload.
    """

    def __init__(
        self,
        context: TransferContext,
        content: UploadContent,
        place: Place,
        options: UploadOptions,
    ) -> None:
        self._context = context
        self._content = content
        self._place = place
        self._options = options
        self._part_size = part_size_for(content.size, options.part_size)
        self._slice_size = slice_size_for(self._part_size)
        # An empty file has one part, of 0 bytes.
        self._count = max(1, -(-content.size // self._part_size))
        self._key = (
            f"pds/{context.http.base_url}/{place.drive_id}/{place.parent_file_id}/{place.name}"
        )
        self._earlier: _Opened | None = None
        self._states: dict[int, Any] = {}  # before each part, by number, if hashed while sending
        source = content.source
        self._identity = (
            FileIdentity.of(source.status()) if isinstance(source, PathSource) else None
        )

    # The parts list

    def prepare(self) -> None:
        """Make the parts list, or load it from the journal, unless it is made while sending."""
        parts = self._content.parts
        if parts is not None and parts.slice_size == self._slice_size:
            return
        self._content.parts = None
        if self._recall() or (self._options.pre_hash and self._count > 1):
            return
        self._hash()

    @property
    def digest(self) -> str:
        """Hash of the content in lower-case hex."""
        return self._parts.digest

    @property
    def _parts(self) -> UploadParts:
        parts = self._content.parts
        if parts is None:
            raise RuntimeError("the content is not hashed yet")
        return parts

    def _hash(self) -> UploadParts:
        parts = self._content.hash(self._slice_size, self._hashed)
        self._remember_parts(parts)
        return parts

    def _remember_parts(self, parts: UploadParts) -> None:
        if self._identity is not None:
            self._context.journal.remember_parts(self._identity, parts)

    def _hashed(self, count: int) -> None:
        self._context.cancellation.check()
        if self._options.hash_progress is not None:
            self._options.hash_progress(count)

    def _recall(self) -> bool:
        if self._identity is None:
            return False
        parts = self._context.journal.parts_of(
            self._identity, self._slice_size, algorithm=self._options.algorithm
        )
        return parts is not None and self._content.recall(parts, self._hash)

    # The steps

    def open(self) -> PartSession | Completed[Uploaded]:
        """Resume the upload in the journal, or open a new one."""
        if self._content.parts is None:
            if self._earlier is None:
                session = self._open_unhashed()
                if session is not None:
                    return session
            self._hash()
        if self._earlier is not None:
            # The session was lost. Another process, or an attempt whose response was lost, may
            # have completed it.
            found = self._find_completed(self._earlier.file_id)
            if found is not None:
                return Completed(found)
        return self._resume() or self._create(parallel=True)

    def _open_unhashed(self) -> PartSession | None:
        """Open an upload of content that is new to the server, and hash it while it is sent.

        Returns:
            The session; None if the server may have the content, or accepts parts only in order.
            Then the whole content has to be hashed first.
        """
        beginning = self._content.source.read_slice(0, min(PRE_HASHED, self._content.size))
        self._states = {1: None}
        request = self._create_request(parallel=True, pre_hash=sha1(beginning).hexdigest())
        try:
            created = self._context.call(request)
        except (PreHashMatchedError, ParallelUploadError):
            return None
        if created.rapid_upload or not created.upload_id:
            return None
        opened = _Opened(created.file_id, created.upload_id, created.name)
        missing = self._hash_on_the_way(opened)
        return self._session(opened, (), parallel=True, urls=created.urls, missing=missing)

    def _hash_on_the_way(self, opened: _Opened) -> Iterator[Part]:
        """Yield each part as soon as the chaining state before it is known, then hash it."""
        builder = PartsBuilder(self._slice_size, algorithm=self._options.algorithm)
        source = self._content.source
        buffer = memoryview(bytearray(READ_SIZE))
        for part in map(self._part, range(self._count)):
            yield part
            end = part.offset + part.length
            for start in range(part.offset, end, READ_SIZE):
                piece = source.read_slice(start, min(READ_SIZE, end - start), buffer)
                builder.update(piece)
                self._hashed(len(piece))
            self._states[part.number + 2] = builder.state
        self._content.parts = builder.finish()
        self._remember_parts(self._content.parts)
        self._remember(opened)

    def _create_request(
        self, *, parallel: bool, digest: str = "", pre_hash: str = ""
    ) -> messages.ApiRequest[CreatedFile]:
        place, options = self._place, self._options
        return calls.create_file(
            str(place),
            drive_id=place.drive_id,
            parent_file_id=place.parent_file_id,
            name=place.name,
            size=self._content.size,
            check_name_mode=options.check_name_mode,
            content_type=options.content_type,
            parallel=parallel,
            parts=self._entries(self._batch(1), parallel=parallel),
            algorithm=options.algorithm,
            digest=digest,
            pre_hash=pre_hash,
        )

    def _create(self, *, parallel: bool) -> PartSession | Completed[Uploaded]:
        place = self._place
        request = self._create_request(parallel=parallel, digest=self.digest)
        try:
            created = self._context.call(request)
        except ParallelUploadError:
            if not parallel:
                raise
            return self._create(parallel=False)
        except ExistsError as refusal:
            # An earlier attempt, whose response was lost, may have been an instant upload.
            found = None
            if refusal.tried_before and refusal.file_id:
                found = self._find_completed(refusal.file_id)
            if found is None:
                raise
            return Completed(found)
        if created.rapid_upload:
            return Completed(Uploaded(created.file_id, created.name))
        if not created.upload_id:
            raise AnswerError(
                "the answer has no upload_id", operation=request.operation, target=str(place)
            )
        opened = _Opened(created.file_id, created.upload_id, created.name)
        self._remember(opened)
        return self._session(opened, (), parallel=parallel, urls=created.urls)

    def _resume(self) -> PartSession | Completed[Uploaded] | None:
        """Resume the upload in the journal; return None if there is none that can be used."""
        remembered = self._context.journal.upload_at(self._key)
        if remembered is None:
            return None
        opened = _Opened.from_text(remembered.session)
        told = (remembered.filesize, remembered.digest, remembered.algorithm, remembered.part_size)
        ours = (self._content.size, self.digest, self._options.algorithm, self._part_size)
        if opened is None or told != ours:
            return None
        try:
            parts, parallel = self._list_parts(opened)
        except (SessionError, NotFoundError):
            self.forget()
            found = self._find_completed(opened.file_id)
            return None if found is None else Completed(found)
        return self._session(opened, parts, parallel=parallel)

    def _list_parts(self, opened: _Opened) -> tuple[list[UploadedPart], bool | None]:
        """Return the parts that the server has, and whether it accepts them in any order."""
        parts: dict[int, UploadedPart] = {}
        marker, parallel = 0, None
        while True:
            request = calls.list_uploaded_parts(
                str(self._place),
                drive_id=self._place.drive_id,
                file_id=opened.file_id,
                upload_id=opened.upload_id,
                marker=marker,
            )
            page = self._context.call(request)
            parallel = page.parallel if parallel is None else parallel
            parts.update((part.number, part) for part in page.parts)
            if page.next_marker <= marker:  # the last page, or a marker that repeats
                return list(parts.values()), parallel
            marker = page.next_marker

    def _session(
        self,
        opened: _Opened,
        held: Sequence[UploadedPart],
        *,
        parallel: bool | None,
        urls: Mapping[int, PartUrl] | None = None,
        missing: Iterator[Part] | None = None,
    ) -> PartSession:
        self._earlier = opened
        good = {
            part.number: part.etag
            for part in held
            if 1 <= part.number <= self._count and part.size == self._part(part.number - 1).length
        }
        if parallel is False:  # in order, so parts after a gap cannot be used
            good = {number: good[number] for number in _first_numbers(good)}
        sending = _Sending(
            opened,
            parallel is not False,
            UploadUrls(
                lambda numbers: self._fetch_urls(sending, numbers),
                lambda number: [each for each in self._batch(number) if each not in good],
            ),
            good,
        )
        sending.urls.add(urls or {})
        resumed = sum(self._part(number - 1).length for number in good)
        lacking = (number for number in range(self._count) if number + 1 not in good)
        return PartSession(
            sending,
            self._part_size,
            map(self._part, lacking) if missing is None else missing,
            resumed,
            serial=None if parallel is None else not parallel,
            streamed=True,
        )

    def send_part(self, session: PartSession, part: Part, data: StreamedPart) -> None:
        """Send one part to its signed URL."""
        sending: _Sending = session.token
        number = part.number + 1
        target = f"{self._place} part {number}"
        signed = sending.urls.of(number)
        try:
            etag = self._context.call(calls.put_part(target, signed, data))
        except PartExistsError:  # from an attempt whose response was lost; `complete` compares it
            etag = ""
        sending.etags[number] = etag
        sending.urls.forget(number)

    def finish(self, session: PartSession) -> Uploaded:
        """Combine the parts to the file, and compare its hash."""
        sending: _Sending = session.token
        opened = sending.opened
        known = len(sending.etags) == self._count and all(sending.etags.values())
        request = calls.complete(
            str(self._place),
            drive_id=self._place.drive_id,
            file_id=opened.file_id,
            upload_id=opened.upload_id,
            etags=sending.etags if known else None,
        )
        try:
            done = self._context.call(request)
        except (SessionError, NotFoundError, ExistsError):
            # An earlier attempt, or another process, may have completed it.
            found = self._find_completed(opened.file_id)
            if found is None:
                raise
            return found
        if not done.content_hash or done.size is None:
            done = self._get(opened.file_id)
        self._compare(done, opened)
        return Uploaded(done.file_id, done.name or opened.name)

    def forget(self) -> None:
        """Delete the upload from the journal."""
        self._context.journal.forget_upload(self._key)

    def is_session_lost(self, error: CosError) -> bool:
        """Return whether the server no longer knows the upload, or has completed it."""
        if isinstance(error, SessionError):
            return True
        if not isinstance(error, (NotFoundError, ExistsError)):
            return False
        return error.operation in {"get_upload_url", "put_part", "complete"}

    def wants_order(self, session: PartSession, error: CosError) -> bool:
        """Return whether a part was refused because earlier parts are missing."""
        del session
        return isinstance(error, PartOrderError)

    # Helpers

    def _part(self, number: int) -> Part:
        offset = number * self._part_size
        return Part(number, offset, min(self._part_size, self._content.size - offset))

    def _batch(self, number: int) -> Sequence[int]:
        """Return the numbers of the parts whose URLs are fetched with that of the given part."""
        numbers = range(number, min(number + URLS_AT_ONCE, self._count + 1))
        if self._content.parts is not None:
            return numbers
        return [each for each in numbers if each in self._states]

    def _entries(self, numbers: Sequence[int], *, parallel: bool) -> list[dict[str, Any]]:
        return [
            calls.part_entry(
                number, self._options.algorithm, self._state_before(number) if parallel else None
            )
            for number in numbers
        ]

    def _state_before(self, number: int) -> dict[str, Any]:
        """Return the chaining state before a part; parts are numbered from 1."""
        offset = (number - 1) * self._part_size
        if not offset:
            return {"h": [], "part_offset": 0}
        parts = self._content.parts
        if parts is None:
            state = self._states[number]
        else:
            state = parts.state_before(offset // self._slice_size)
        return {"h": list(state.words), "part_offset": offset}

    def _fetch_urls(self, sending: _Sending, numbers: Sequence[int]) -> Mapping[int, PartUrl]:
        request = calls.get_upload_url(
            str(self._place),
            drive_id=self._place.drive_id,
            file_id=sending.opened.file_id,
            upload_id=sending.opened.upload_id,
            parts=self._entries(numbers, parallel=sending.parallel),
        )
        urls = self._context.call(request)
        if numbers[0] not in urls:
            raise AnswerError(
                f"the answer has no URL for part {numbers[0]}",
                operation=request.operation,
                target=request.target,
            )
        return urls

    def _remember(self, opened: _Opened) -> None:
        self._context.journal.remember_upload(
            self._key,
            RememberedUpload(
                session=opened.to_text(),
                filesize=self._content.size,
                digest=self.digest,
                algorithm=self._options.algorithm,
                part_size=self._part_size,
                lifetime=SESSION_SECONDS,
            ),
        )

    def _get(self, file_id: str) -> File:
        request = calls.get(str(self._place), drive_id=self._place.drive_id, file_id=file_id)
        return self._context.call(request)

    def _find_completed(self, file_id: str) -> Uploaded | None:
        """Return the file with that id if it is complete and has the content of the source."""
        try:
            found = self._get(file_id)
        except NotFoundError:
            return None
        if found.status not in {"", "available"} or not self._is_ours(found):
            return None
        return Uploaded(found.file_id, found.name)

    def _is_ours(self, file: File) -> bool:
        told = (file.size, file.content_hash_name, file.content_hash)
        return told == (self._content.size, self._options.algorithm, self.digest)

    def _compare(self, done: File, opened: _Opened) -> None:
        """Compare size and hash of the server's file with those of the source.

        If they differ, the server's file is deleted.

        Raises:
            AnswerError: If the server does not send the size, or the hash of this algorithm.
            SourceChanged: If they differ because the source changed.
            ContentMismatchError: If they differ although the source did not change.
        """
        if self._is_ours(done):
            return
        algorithm, told = self._options.algorithm, done.content_hash_name
        if told != algorithm or not done.content_hash or done.size is None:
            advice = ""
            if told != algorithm and told in values.HASHES and done.content_hash:
                advice = f"; the domain goes by {told}: use that algorithm (--algorithm {told})"
            raise AnswerError(
                f"the server does not tell the file's size and {algorithm}, so that it cannot be"
                f" compared (file_id {opened.file_id}){advice}",
                operation="complete",
                target=str(self._place),
            )
        refusal = ContentMismatchError(
            f"the server's file has {done.size} bytes and the {algorithm}"
            f" {done.content_hash}, not {self._content.size} and {self.digest}; it was deleted",
            operation="complete",
            target=str(self._place),
        )
        request = calls.delete(
            str(self._place), drive_id=self._place.drive_id, file_id=opened.file_id
        )
        with suppress(RequestError):
            self._context.call(request)
        self._content.check_part(0, self._content.size, None, refusal)
        raise refusal


def _first_numbers(held: Mapping[int, str]) -> Iterator[int]:
    """Yield 1, 2, 3 and so on, up to the first number that is not in `held`."""
    number = 1
    while number in held:
        yield number
        number += 1


def _name_of(source: Source) -> str:
    """Return the name of the file that a source is read from.

    Raises:
        InputError: If the source is not a file or has no name.
    """
    if isinstance(source, (PathSource, FileSource)):
        name = os.path.basename(os.path.abspath(source.name))  # noqa: PTH119, PTH100
        if name and not name.startswith("<"):
            return name
    raise InputError(f"{source.name} has no name of its own: give name=")
