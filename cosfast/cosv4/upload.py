"""Uploads to COS v4: a small file in one request, a larger one in slices (PROTOCOL.md, 4 and 5)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cosfast.concurrency import Progress
from cosfast.cosv4.objects import create_parents, find_completed_upload, find_existing
from cosfast.cosv4.plan import missing_parts
from cosfast.cosv4.protocol import objects, slices
from cosfast.cosv4.protocol.addresses import check_text, require_file
from cosfast.cosv4.protocol.codes import Code
from cosfast.cosv4.protocol.errors import is_retryable
from cosfast.cosv4.protocol.slices import PARTS_SLICE_SIZE, SLICE_SIZES, Uploaded
from cosfast.errors import (
    AuthenticationError,
    ContentMismatchError,
    ExistsError,
    InputError,
    NotFoundError,
    OtherUploadError,
    ServerError,
    SessionError,
    SourceChanged,
    UnfinishedUploadError,
    UnfinishedUploadRefusal,
)
from cosfast.hashing.hashes import sha1
from cosfast.parsing import shown
from cosfast.parts.formats import SLICE_SIZE
from cosfast.parts.sources import PathSource, open_source
from cosfast.transfer.content import UploadContent, measured_content
from cosfast.transfer.journal import FileIdentity, RememberedUpload
from cosfast.transfer.options import check_transfer
from cosfast.transfer.upload import (
    Completed,
    Part,
    PartSession,
    PartUpload,
    upload_in_parts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.cosv4.protocol.addresses import ObjectAddress
    from cosfast.cosv4.protocol.slices import UnfinishedUpload
    from cosfast.errors import CosError
    from cosfast.parts.model import UploadParts
    from cosfast.transfer.cancellation import CancelToken
    from cosfast.transfer.context import TransferContext

SIMPLE_LIMIT = 8 * 1024 * 1024
"""Maximum bytes of an upload in one request, as in the official SDKs (PROTOCOL.md, 5)."""

ASK_FIRST_FROM = 1024 * 1024
"""Minimum size in bytes of a file for which the server is first asked whether it exists.

The server refuses to replace a file only after it has received the new one. From about this size
on, a refused upload costs more than a `stat` before each upload.
"""

SESSION_SECONDS = 7 * 24 * 3600
"""How long the server keeps an unfinished upload (PROTOCOL.md, section 4)."""

INTEGRITIES = ("parts", "stream", "none")


@dataclass(frozen=True)
class UploadOptions:
    """The keyword arguments of `Client.upload`, which documents them.

    Raises:
        InputError: If one is not valid.
    """

    overwrite: bool = False
    biz_attr: str = ""
    integrity: str = "parts"
    slice_size: int = PARTS_SLICE_SIZE
    concurrency: int = 8
    progress: Callable[[int], object] | None = None
    hash_progress: Callable[[int], object] | None = None
    max_rate: float | None = None
    deadline: float | None = None
    cancel: CancelToken | None = None

    def __post_init__(self) -> None:
        check_text("biz_attr", self.biz_attr)
        if self.integrity not in INTEGRITIES:
            raise InputError(f"integrity must be one of {INTEGRITIES}, not {self.integrity!r}")
        allowed = (PARTS_SLICE_SIZE,) if self.integrity == "parts" else SLICE_SIZES
        if self.slice_size not in allowed:
            raise InputError(
                f"slice_size must be one of {allowed} with integrity={self.integrity!r},"
                f" not {shown(self.slice_size)}"
            )
        check_transfer(self.concurrency, self.max_rate, self.deadline, self.cancel)


@dataclass(frozen=True)
class UploadResult:
    """A completed upload.

    Attributes:
        access_url: URL of downloads through the CDN.
        url: URL of the file in the API.
        source_url: URL of downloads without the CDN.
        resource_path: ``/<appid>/<bucket>/<path>``.
        vid: The server's id of this version, if it sent one.
        sha1: SHA-1 of the content, 40 hex digits; empty if nothing was hashed
            (``integrity="none"``).
        filesize: Size in bytes.
        instant: Whether the server already had the content and received no bytes.
        sent_bytes: Bytes of content that this call sent and the server acknowledged.
        resumed_bytes: Bytes that the server had from an earlier, interrupted upload.
        existed: Whether a file of this content existed at the path and was left as it is.
    """

    access_url: str
    url: str
    source_url: str
    resource_path: str
    vid: str
    sha1: str
    filesize: int
    instant: bool
    sent_bytes: int
    resumed_bytes: int
    existed: bool = False


def upload(
    client_context: TransferContext,
    source: Any,
    address: ObjectAddress,
    options: UploadOptions,
    *,
    parts: UploadParts | None = None,
    stopper: CancelToken | None = None,
) -> UploadResult:
    """Upload `source` to `address`; see `Client.upload`.

    Args:
        client_context: Sends the requests.
        source: Path, bytes-like object or binary file.
        address: Destination of the file.
        options: Options of the upload.
        parts: Parts list of the source, if it is already known.
        stopper: Second token that cancels the upload, for callers that run many uploads.
    """
    require_file(address)
    with (
        open_source(source) as opened,
        client_context.transfer(
            progress=options.progress,
            max_rate=options.max_rate,
            deadline=options.deadline,
            cancel=options.cancel,
            stopper=stopper,
        ) as context,
        measured_content(
            opened,
            parts,
            check=context.cancellation.check,
            hash_progress=options.hash_progress,
        ) as content,
    ):
        if content.size <= SIMPLE_LIMIT:
            return _upload_whole(context, content, address, options)
        sliced = SliceUpload(context, content, address, options)
        sliced.prepare()
        outcome = upload_in_parts(context, content, sliced, max_workers=options.concurrency)
        return _result(
            outcome.result,
            content.digest,
            content.size,
            instant=outcome.instant,
            sent_bytes=outcome.sent_bytes,
            resumed_bytes=outcome.resumed_bytes,
            existed=sliced.existed,
        )


def _result(
    uploaded: Uploaded,
    digest: str,
    size: int,
    *,
    instant: bool = False,
    sent_bytes: int = 0,
    resumed_bytes: int = 0,
    existed: bool = False,
) -> UploadResult:
    return UploadResult(
        **vars(uploaded),
        sha1=digest,
        filesize=size,
        instant=instant,
        sent_bytes=sent_bytes,
        resumed_bytes=resumed_bytes,
        existed=existed,
    )


# One request.


def _upload_whole(
    context: TransferContext, content: UploadContent, address: ObjectAddress, options: UploadOptions
) -> UploadResult:
    """Upload the file in one request, with the SHA-1 of the bytes that are sent."""
    data = content.source.read_slice(0, content.size)
    content.source.check_unchanged()
    digest = sha1(data).hexdigest()
    if content.parts is not None and digest != content.parts.sha1:
        raise SourceChanged(
            content.source.name, "the content changed after it was hashed: upload it again"
        )
    shown = "" if options.integrity == "none" else digest
    if content.size >= ASK_FIRST_FROM and not options.overwrite:
        existing = find_completed_upload(context, address, content.size, lambda: digest)
        if existing is not None:
            context.progress.advance(content.size)
            return _result(existing, digest, content.size, instant=True, existed=True)
    request = objects.upload(
        address,
        data,
        sha1=shown or None,
        biz_attr=options.biz_attr,
        overwrite=options.overwrite,
    )
    sent = Progress(context.progress.advance, limit=content.size)
    try:
        try:
            uploaded = context.call(request, sent=sent)
        except NotFoundError:
            if not create_parents(context, address):
                raise
            uploaded = context.call(request, sent=sent)
    except ExistsError as refusal:
        uploaded = find_existing(context, address, refusal, content.size, lambda: digest)
        if not refusal.tried_before:
            context.progress.advance(content.size)
            return _result(uploaded, digest, content.size, instant=True, existed=True)
        # otherwise an earlier attempt, whose response was lost, created it
    context.progress.advance(content.size - sent.total)
    return _result(uploaded, shown, content.size, sent_bytes=content.size)


# Slices.


class SliceUpload(PartUpload[Uploaded]):
    """The COS v4 steps of an upload in slices (PROTOCOL.md, section 4).

    Args:
        context: Sends the requests.
        content: Content of the upload.
        address: Destination of the file.
        options: Options of the upload.

    Attributes:
        existed: Whether a file of the same content existed at the path and was left as it is.
    """

    def __init__(
        self,
        context: TransferContext,
        content: UploadContent,
        address: ObjectAddress,
        options: UploadOptions,
    ) -> None:
        self._context = context
        self._content = content
        self._address = address
        self._options = options
        # All requests of the upload go to this URL, which no other upload has.
        self._key = f"{context.http.base_url}{address.url_path}"
        self._opened_here = ""  # session that this upload opened, if any
        self.existed: bool = False
        source = content.source
        self._identity = (
            FileIdentity.of(source.status()) if isinstance(source, PathSource) else None
        )

    # The parts list

    def prepare(self) -> None:
        """Make the parts list, load it from the journal, or arrange to hash while sending."""
        integrity, content = self._options.integrity, self._content
        if integrity == "none":
            content.parts = None
        elif content.parts is None and not self._recall():
            if integrity == "parts":
                self._hash()
            else:
                content.hash_on_the_way()

    def _hash(self) -> UploadParts:
        parts = self._content.hash(SLICE_SIZE, self._hashed)
        self._remember_parts(parts)
        return parts

    def _hashed(self, count: int) -> None:
        self._context.cancellation.check()
        if self._options.hash_progress is not None:
            self._options.hash_progress(count)

    def _recall(self) -> bool:
        if self._identity is None or self._options.slice_size != SLICE_SIZE:
            return False
        parts = self._context.journal.parts_of(self._identity, SLICE_SIZE)
        if parts is None:
            return False
        return self._content.recall(parts, self._rehash)

    def _rehash(self) -> UploadParts | None:
        if self._options.integrity == "parts":
            return self._hash()
        self._content.hash_on_the_way()
        return None

    def _remember_parts(self, parts: UploadParts) -> None:
        if self._identity is not None:
            self._context.journal.remember_parts(self._identity, parts)

    # The steps

    def open(self) -> PartSession | Completed[Uploaded]:
        """Resume the session in the journal, open a new one, or resume one found on the server."""
        try:
            try:
                return self._resume_remembered() or self._open_new()
            except UnfinishedUploadError:
                return self._resume()
            except NotFoundError:
                if not create_parents(self._context, self._address):
                    raise
            try:
                return self._open_new()
            except UnfinishedUploadError:
                return self._resume()
        except ExistsError as refusal:
            return Completed(self._find_existing(refusal))

    def _resume_remembered(self) -> PartSession | Completed[Uploaded] | None:
        """Resume the session in the journal, which saves sending the parts list for a -4019."""
        remembered = self._context.journal.upload_at(self._key)
        if remembered is None or not self._sha1 or remembered.digest != self._sha1:
            return None
        try:
            return self._resume(remembered=True)
        except NotFoundError:
            self.forget()
            return None

    def _open_new(self) -> PartSession | Completed[Uploaded]:
        options, parts = self._options, self._content.parts
        request = slices.slice_init(
            self._address,
            filesize=self._content.size,
            slice_size=options.slice_size,
            sha1=self._sha1,
            uploadparts=None if parts is None else parts.to_json(),
            biz_attr=options.biz_attr,
            overwrite=options.overwrite,
        )
        try:
            opened = self._context.call(request)
        except ExistsError as exc:
            # An earlier attempt, whose response was lost, may have been an instant upload.
            found = self._find_completed() if exc.tried_before and self._sha1 else None
            if found is None:
                raise
            opened = found
        if isinstance(opened, Uploaded):
            return Completed(opened)
        self._opened_here = opened.session
        self._remember_session(opened.session, opened.slice_size)
        missing, _ = missing_parts(self._content.size, opened.slice_size, ())
        return PartSession(opened.session, opened.slice_size, missing, serial=opened.serial_upload)

    def _resume(
        self, *, remembered: bool = False, reopened: bool = False
    ) -> PartSession | Completed[Uploaded]:
        """Resume the unfinished upload on the server, or replace it if its content differs.

        Args:
            remembered: Whether only the journal knows of the unfinished upload.
            reopened: Whether this upload opened it after deleting another one.
        """
        request = slices.slice_list(self._address, filesize=self._content.size)
        try:
            listed = self._context.call(request)
        except NotFoundError:
            if remembered:
                raise
            return self._open_new()  # the session has expired since
        if isinstance(listed, Uploaded):  # finished since, by this or another client
            return self._open_new()
        # Without a SHA-1, the content of the slices on the server is unknown. Send all of them
        # again; use the same session only if `overwrite` does not allow to delete it.
        trusted = self._sha1 is not None
        if self._is_ours(listed) and (trusted or not self._options.overwrite):
            self._remember_session(listed.session, listed.slice_size)
            held = listed.parts if trusted else ()
            missing, resumed = missing_parts(listed.filesize, listed.slice_size, held)
            return PartSession(
                listed.session, listed.slice_size, missing, resumed, listed.serial_upload
            )
        if not self._options.overwrite:
            raise self._other_content()
        with suppress(NotFoundError):  # deleted by an earlier attempt or by another client
            self._context.call(objects.delete(self._address))
        try:
            return self._open_new()
        except UnfinishedUploadRefusal as refusal:
            if reopened or not refusal.tried_before:
                raise
            return self._resume(reopened=True)  # an attempt whose response was lost opened it

    def _is_ours(self, unfinished: UnfinishedUpload) -> bool:
        return (unfinished.filesize, unfinished.sha1) == (self._content.size, self._sha1)

    def send_part(self, session: PartSession, part: Part, data: memoryview) -> None:
        """Send one slice."""
        request = slices.slice_data(
            self._address, session=session.token, offset=part.offset, content=data, sha1=self._sha1
        )
        try:
            self._context.call(request)
        except ServerError as exc:
            if exc.code != Code.SAME_OFFSET_AGAIN:
                raise
            # The server has the slice from an attempt whose response was lost. With a parts list
            # it has checked the slice; without, another client may have sent it, unless this
            # upload opened the session.
            is_own = exc.tried_before and session.token == self._opened_here
            if self._sha1 is None and not is_own:
                raise self._other_content() from exc

    def finish(self, session: PartSession) -> Uploaded:
        """Complete the upload; compare the server's SHA-1 if the content was hashed while sent."""
        request = slices.slice_finish(
            self._address, session=session.token, filesize=self._content.size, sha1=self._sha1
        )
        try:
            done = self._context.call(request)
        except ExistsError as refusal:
            done = self._find_existing(refusal)
        except (SessionError, NotFoundError) as exc:
            # An earlier attempt, whose response was lost, may have finished it.
            found = self._find_completed() if exc.tried_before else None
            if found is None:
                raise
            done = found
        self._compare_with_server()
        return done

    def forget(self) -> None:
        """Remove the session from the journal."""
        self._context.journal.forget_upload(self._key)

    def is_session_lost(self, error: CosError) -> bool:
        """Return whether `error` means that the server no longer knows the session."""
        return isinstance(error, SessionError)

    def wants_order(self, session: PartSession, error: CosError) -> bool:
        """Return whether a slice may have been refused because an earlier one has not arrived.

        The response to `upload_slice_list` may not say whether slices are accepted in any order
        (PROTOCOL.md, section 4). No code is documented for such a refusal, so any code counts that
        does not certainly mean something else. Retryable errors have already used up their retries;
        of those, only -4024 is about the order.
        """
        if session.serial is not None or not isinstance(error, ServerError):
            return False
        if isinstance(error, (AuthenticationError, NotFoundError, UnfinishedUploadError)):
            return False
        return error.code == Code.OFFSET_WENT_BACK or not is_retryable(error)

    # Helpers

    @property
    def _sha1(self) -> str | None:
        return None if self._content.parts is None else self._content.parts.sha1

    def _remember_session(self, session: str, slice_size: int) -> None:
        self._context.journal.remember_upload(
            self._key,
            RememberedUpload(
                session=session,
                filesize=self._content.size,
                digest=self._sha1,
                part_size=slice_size,
                lifetime=SESSION_SECONDS,
            ),
        )

    def _digest(self) -> str:
        return self._content.find_digest(self._hashed)

    def _find_completed(self) -> Uploaded | None:
        return find_completed_upload(self._context, self._address, self._content.size, self._digest)

    def _find_existing(self, refusal: ExistsError) -> Uploaded:
        """Return the existing file if it has the content of the source."""
        found = find_existing(
            self._context, self._address, refusal, self._content.size, self._digest
        )
        self.existed = not refusal.tried_before
        self.forget()
        return found

    def _compare_with_server(self) -> None:
        hasher = self._content.hasher
        if hasher is None or self._content.parts is not None:
            return
        found = self._context.call(objects.stat(self._address))
        if found.sha1 != hasher.sha1:
            raise ContentMismatchError(
                f"the server's file has the SHA-1 {found.sha1}, not {hasher.sha1} as sent: upload"
                " it again with overwrite=True (--overwrite)",
                operation="stat",
                target=str(self._address),
            )
        self._remember_parts(hasher.finish())

    def _other_content(self) -> OtherUploadError:
        return OtherUploadError(
            "an unfinished upload of different content exists; use overwrite=True (--overwrite) to"
            " replace it, or delete it first",
            operation="upload_slice_init",
            target=str(self._address),
        )
