"""Uploads to WeDrive and WeDoc: small files in one call, larger ones in blocks."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from cosfast.concurrency import Progress
from cosfast.errors import InputError, SourceChanged
from cosfast.hashing.hashes import sha1
from cosfast.parts.formats import WEDRIVE_BLOCK_SIZE
from cosfast.parts.sources import PathSource, open_source
from cosfast.transfer.bodies import base64_length
from cosfast.transfer.content import UploadContent, measured_content
from cosfast.transfer.journal import FileIdentity, RememberedUpload
from cosfast.transfer.options import check_transfer
from cosfast.transfer.upload import (
    Completed,
    Part,
    PartSession,
    PartUpload,
    UploadOutcome,
    upload_in_parts,
)
from cosfast.wedrive.protocol import uploads
from cosfast.wedrive.protocol.errors import (
    BlockRefusedError,
    NotFoundError,
    ParameterError,
    UnconfirmedError,
)
from cosfast.wedrive.protocol.files import NEWEST_FIRST, file_list
from cosfast.wedrive.protocol.targets import Folder, Ticket, check_name, check_size
from cosfast.wedrive.protocol.uploads import Uploaded, UploadKey
from cosfast.wedrive.service import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosfast.errors import CosError
    from cosfast.parts.model import UploadParts
    from cosfast.transfer.cancellation import CancelToken
    from cosfast.transfer.context import TransferContext
    from cosfast.wedrive.protocol.targets import Target

MAX_CONCURRENCY = 10
"""Maximum number of blocks in flight that the vendor recommends."""

KEY_SECONDS = 24 * 3600
"""Assumed lifetime of an `upload_key`; the vendor does not document it."""


@dataclass(frozen=True)
class UploadOptions:
    """The keyword arguments of `Client.upload`, which documents them.

    Raises:
        InputError: If one is not valid.
    """

    skip_push_card: bool = False
    concurrency: int = 8
    progress: Callable[[int], object] | None = None
    hash_progress: Callable[[int], object] | None = None
    max_rate: float | None = None
    deadline: float | None = None
    cancel: CancelToken | None = None

    def __post_init__(self) -> None:
        check_transfer(self.concurrency, self.max_rate, self.deadline, self.cancel)
        if self.concurrency > MAX_CONCURRENCY:
            raise InputError(
                f"concurrency must be from 1 to {MAX_CONCURRENCY}, not {self.concurrency}: the"
                " service does not accept more blocks at a time"
            )


@dataclass(frozen=True)
class UploadResult:
    """A completed upload to WeDrive.

    Attributes:
        fileid: Fileid of the file.
        sha1: SHA-1 of the content, 40 hex digits.
        size: Size in bytes.
        instant: Whether the service already had the content and received no bytes.
        sent_bytes: Bytes of content that this call sent and the service acknowledged.
        resumed_bytes: Bytes that the service had from an earlier, interrupted upload.
        calls: Number of API calls, including retries and calls that fetch tokens.
    """

    fileid: str
    sha1: str
    size: int
    instant: bool
    sent_bytes: int
    resumed_bytes: int
    calls: int


@dataclass(frozen=True)
class DocumentUploadResult:
    """A completed upload to a document of WeDoc.

    Attributes:
        file_url: URL of the file.
        sha1: SHA-1 of the content, 40 hex digits.
        size: Size in bytes.
        instant: Whether the service already had the content and received no bytes.
        sent_bytes: Bytes of content that this call sent and the service acknowledged.
        resumed_bytes: Bytes that the service had from an earlier, interrupted upload.
        calls: Number of API calls, including retries and calls that fetch tokens.
    """

    file_url: str
    sha1: str
    size: int
    instant: bool
    sent_bytes: int
    resumed_bytes: int
    calls: int


class Report(NamedTuple):
    """The outcome of an upload: the fields of both kinds of result, in their order."""

    location: str
    sha1: str
    size: int
    instant: bool
    sent_bytes: int
    resumed_bytes: int
    calls: int


def upload(
    client_context: TransferContext,
    source: Any,
    target: Target,
    name: str | None,
    options: UploadOptions,
) -> Report:
    """Upload `source` to `target`; see `Client.upload`."""
    if name is not None:
        check_name(name)
    with (
        open_source(source) as opened,
        client_context.transfer(
            progress=options.progress,
            max_rate=options.max_rate,
            deadline=options.deadline,
            cancel=options.cancel,
        ) as transfer,
    ):
        name = _name_of(source) if name is None else name
        if opened.size is not None:
            check_size(name, opened.size)
        context, calls = counted(transfer)
        with measured_content(
            opened,
            None,
            check=context.cancellation.check,
            hash_progress=options.hash_progress,
            slice_size=WEDRIVE_BLOCK_SIZE,
        ) as content:
            check_size(name, content.size)
            if _fits_in_one_call(target, content.size, options):
                outcome = _upload_whole(context, content, target, name)
            else:
                blocks = BlockUpload(context, content, target, name, options)
                blocks.prepare()
                outcome = upload_in_parts(context, content, blocks, max_workers=options.concurrency)
            return Report(
                outcome.result.location,
                content.digest,
                content.size,
                outcome.instant,
                outcome.sent_bytes,
                outcome.resumed_bytes,
                calls.count,
            )


def _name_of(source: Any) -> str:
    """Return the default name of the uploaded file.

    Raises:
        InputError: If the source has no name, or one that the service does not accept.
    """
    path = source if isinstance(source, (str, os.PathLike)) else getattr(source, "name", None)
    if not isinstance(path, (str, bytes, os.PathLike)):
        raise InputError("the source has no name: give one as `name`")
    name = os.path.basename(os.fsdecode(path))  # noqa: PTH119 - any kind of path
    check_name(name)
    return name


# One call.


def _fits_in_one_call(target: Target, size: int, options: UploadOptions) -> bool:
    """Return whether `file_upload` can be used; it cannot skip the card or reach a document."""
    whole = isinstance(target, (Folder, Ticket)) and not options.skip_push_card
    return whole and base64_length(size) <= uploads.MAX_ENCODED


def _upload_whole(
    context: TransferContext, content: UploadContent, target: Any, name: str
) -> UploadOutcome[Uploaded]:
    data = content.source.read_slice(0, content.size)
    content.source.check_unchanged()
    digest = sha1(data).hexdigest()
    if content.parts is not None and digest != content.parts.sha1:
        raise SourceChanged(
            content.source.name, "the content changed after it was hashed: upload it again"
        )
    content.know_digest(digest)
    request = uploads.upload_whole(target, name, data)

    def find_result() -> Uploaded:
        found = find_uploaded(context, target, name, content.size, digest)
        if found is None and not isinstance(target, Folder):
            raise unconfirmed(request.operation, request.target)
        return found  # type: ignore[return-value]

    sent = Progress(context.progress.advance, limit=content.size)  # of base64, so it runs ahead
    uploaded = context.call(request, find_result=find_result, sent=sent)
    context.progress.advance(content.size - sent.total)
    return UploadOutcome(uploaded, instant=False, sent_bytes=content.size, resumed_bytes=0)


# Blocks.


class BlockUpload(PartUpload[Uploaded]):
    """The steps of an upload in blocks of 2 MiB to WeDrive or WeDoc.

    Args:
        context: Sends the calls.
        content: Content of the upload.
        target: Destination of the file.
        name: Name of the file.
        options: Options of the upload.
    """

    def __init__(
        self,
        context: TransferContext,
        content: UploadContent,
        target: Target,
        name: str,
        options: UploadOptions,
    ) -> None:
        self._context = context
        self._content = content
        self._target = target
        self._name = name
        self._options = options
        self._key = _journal_key(context.http.base_url, target, name)
        self._was_whole = False  # every block was acknowledged before this call
        source = content.source
        self._identity = (
            FileIdentity.of(source.status()) if isinstance(source, PathSource) else None
        )

    # The parts list

    def prepare(self) -> None:
        """Make the parts list, or load it from the journal."""
        if self._content.parts is None and not self._recall():
            self._hash()

    def _hash(self) -> UploadParts:
        parts = self._content.hash(WEDRIVE_BLOCK_SIZE, self._hashed)
        if self._identity is not None:
            self._context.journal.remember_parts(self._identity, parts)
        return parts

    def _hashed(self, count: int) -> None:
        self._context.cancellation.check()
        if self._options.hash_progress is not None:
            self._options.hash_progress(count)

    def _recall(self) -> bool:
        if self._identity is None:
            return False
        parts = self._context.journal.parts_of(self._identity, WEDRIVE_BLOCK_SIZE)
        return parts is not None and self._content.recall(parts, self._hash)

    # The steps

    def open(self) -> PartSession | Completed[Uploaded]:
        """Resume the upload in the journal, or open a new one."""
        parts = self._parts
        remembered = self._context.journal.upload_at(self._key)
        if remembered is not None and (
            remembered.digest,
            remembered.filesize,
            remembered.part_size,
        ) == (parts.sha1, self._content.size, WEDRIVE_BLOCK_SIZE):
            key = remembered.session
            held = set(self._context.journal.parts_acknowledged(self._key, key))
            self._was_whole = held.issuperset(range(len(parts)))
            return self._session(key, held)
        request = uploads.upload_init(
            self._target,
            self._name,
            size=self._content.size,
            block_sha=parts.datashas,
            skip_push_card=self._options.skip_push_card,
        )
        opened = self._context.call(request, find_result=self._find)
        if isinstance(opened, Uploaded):
            return Completed(opened)
        self._was_whole = False
        self._context.journal.remember_upload(
            self._key,
            RememberedUpload(
                session=opened.value,
                filesize=self._content.size,
                digest=parts.sha1,
                part_size=WEDRIVE_BLOCK_SIZE,
                lifetime=KEY_SECONDS,
            ),
        )
        return self._session(opened.value, set())

    def send_part(self, session: PartSession, part: Part, data: memoryview) -> None:
        """Send one block."""
        key: UploadKey = session.token
        request = uploads.upload_part(
            self._target, self._name, key=key.value, index=part.number + 1, content=data
        )
        try:
            self._context.call(request)
        except ParameterError as refusal:
            # The block differs from the parts list, or the service no longer knows the upload.
            raise BlockRefusedError.of(refusal) from refusal
        self._context.journal.remember_part(self._key, key.value, part.number)

    def finish(self, session: PartSession) -> Uploaded:
        """Combine the blocks to the file."""
        request = uploads.upload_finish(self._target, self._name, key=session.token.value)
        try:
            return self._context.call(request)
        except (ParameterError, NotFoundError) as refusal:
            # An earlier attempt, in this call or in a previous run, may have created the file.
            found = self._find()
            if found is not None:
                return found
            lost = refusal.tried_before or self._was_whole
            if lost and not isinstance(self._target, Folder):
                self.forget()
                raise unconfirmed(request.operation, request.target) from refusal
            raise

    def forget(self) -> None:
        """Delete the upload from the journal."""
        self._context.journal.forget_upload(self._key)

    def is_session_lost(self, error: CosError) -> bool:
        """Return whether the service may no longer know the upload.

        No code is documented for that, but it is the most likely reason if a block that matches the
        parts list is refused.
        """
        return isinstance(error, (ParameterError, NotFoundError)) and error.operation.endswith(
            (uploads.PART, uploads.FINISH)
        )

    # Helpers

    @property
    def _parts(self) -> UploadParts:
        parts = self._content.parts
        if parts is None:
            raise AssertionError("the parts list is made before the upload begins")
        return parts

    def _session(self, key: str, held: set[int]) -> PartSession:
        parts = self._parts
        resumed = sum(parts[number].datalen for number in held if number < len(parts))

        def missing() -> Iterator[Part]:
            for number, part in enumerate(parts):
                if number not in held:
                    yield Part(number, part.offset, part.datalen)

        return PartSession(UploadKey(key), WEDRIVE_BLOCK_SIZE, missing(), resumed)

    def _find(self) -> Uploaded | None:
        return find_uploaded(
            self._context, self._target, self._name, self._content.size, self._parts.sha1
        )


def find_uploaded(
    context: TransferContext, target: Target, name: str, size: int, digest: str
) -> Uploaded | None:
    """Return the file that an upload created, if it is among the newest of its folder.

    It must have the content, and the requested name, or that name with a number if it was taken.
    """
    if not isinstance(target, Folder):
        return None
    page = context.call(file_list(target, sort_type=NEWEST_FIRST))
    found = [
        entry
        for entry in page.entries
        if entry.is_file
        and (entry.size, entry.sha1) == (size, digest)
        and is_numbered(entry.name, name)
    ]
    if not found:
        return None
    return Uploaded(max(found, key=lambda entry: entry.created).fileid)


def is_numbered(given: str, wanted: str) -> bool:
    """Return whether the service may have named a file `given` for the requested name `wanted`."""
    if given == wanted:
        return True
    stem, dot, extension = wanted.rpartition(".")
    if not stem:
        stem, dot, extension = wanted, "", ""
    return bool(re.fullmatch(rf"{re.escape(stem)}\([0-9]+\){re.escape(dot + extension)}", given))


def unconfirmed(operation: str, target: str) -> UnconfirmedError:
    """Return the error for an upload of unknown outcome."""
    return UnconfirmedError(
        "the response was lost, and the service has no call to check whether the file exists: check"
        " it by hand before you upload the file again",
        operation=operation,
        target=target,
    )


def _journal_key(endpoint: str, target: Target, name: str) -> str:
    """Return the journal key of an upload, with a hash in place of a ticket, which is a secret."""
    place = {"ticket": target.mark} if isinstance(target, Ticket) else target.fields
    return json.dumps([endpoint, uploads.service_of(target), place, name], sort_keys=True)
