"""Uploads to COS v4: a small file in one request, a larger one in slices (PROTOCOL.md, 4 and 5)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
from cosfast.hashing.sha1 import sha1
from cosfast.parsing import shown
from cosfast.parts.model import SLICE_SIZE
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
"""Bytes up to which a file goes in one request, as the official SDKs do (PROTOCOL.md, 5)."""

ASK_FIRST_FROM = 1024 * 1024
"""Bytes from which the server is asked first whether the file is there.

It refuses an existing file only after it has received all of the new one. From about this size on,
sending the file in vain costs more than a question before it.
"""

SESSION_SECONDS = 7 * 24 * 3600
"""How long the server keeps an unfinished upload (PROTOCOL.md, section 4)."""

INTEGRITIES = ("parts", "stream", "none")


@dataclass(frozen=True)
class UploadOptions:
    """The keywords of `Client.upload`, which explains them.

    Raises:
        InputError: If one makes no sense; it names which.
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
    """A file that is on the server, whole.

    Attributes:
        access_url: Where to read it, through the CDN.
        url: Where to operate on it.
        source_url: Where to read it, past the CDN.
        resource_path: ``/<appid>/<bucket>/<path>``.
        vid: The server's mark of this version, if it gave one.
        sha1: 40 hex digits; empty if nothing was hashed (``integrity="none"``).
        filesize: Bytes.
        instant: The server had the content already, and took no bytes.
        sent_bytes: Bytes of content that this call sent and the server acknowledged.
        resumed_bytes: Bytes that the server held from an earlier upload that was not finished.
        existed: The file was at this path before, with this content, and was left as it is.
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
        source: A path, bytes, or a binary file.
        address: The file to be.
        options: How.
        parts: The source's parts list, if it is known already.
        stopper: Stops the upload as the token in `options` does, for whoever runs many.
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
            content.sha1,
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
    """Send the whole file and its SHA-1, both of the same one reading."""
    data = content.source.read_slice(0, content.size)
    content.source.check_unchanged()
    digest = sha1(data).hexdigest()
    if content.parts is not None and digest != content.parts.sha1:
        raise SourceChanged(content.source.name, "it is no longer what was hashed")
    shown = "" if options.integrity == "none" else digest
    if content.size >= ASK_FIRST_FROM and not options.overwrite:
        existing = find_completed_upload(context, address, content.size, lambda: digest)
        if existing is not None:
            context.progress.advance(content.size)
            return _result(existing, digest, content.size, instant=True, existed=True)
    request = objects.upload(
        address,
        data,
        sha=shown or None,
        biz_attr=options.biz_attr,
        overwrite=options.overwrite,
    )
    try:
        try:
            uploaded = context.call(request)
        except NotFoundError:
            if not create_parents(context, address):
                raise
            uploaded = context.call(request)
    except ExistsError as refusal:
        uploaded = find_existing(context, address, refusal, content.size, lambda: digest)
        if not refusal.tried_before:
            context.progress.advance(content.size)
            return _result(uploaded, digest, content.size, instant=True, existed=True)
        # else it is there by an earlier try, whose answer was lost
    context.progress.advance(content.size)
    return _result(uploaded, shown, content.size, sent_bytes=content.size)


# Slices.


class SliceUpload(PartUpload[Uploaded]):
    """One slice upload, as COS v4 sees it (PROTOCOL.md, section 4).

    Args:
        context: Sends the requests.
        content: What is uploaded.
        address: The file to be.
        options: How.

    Attributes:
        existed: Whether a file of the same content was at the path, and was left as it is.
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
        # The URL that all requests of the upload go to tells it from any other.
        self._key = f"{context.http.base_url}{address.url_path}"
        self._opened_here = ""  # the session, if it is new and nobody else's
        self.existed: bool = False
        source = content.source
        self._identity = (
            FileIdentity.of(source.status()) if isinstance(source, PathSource) else None
        )

    # What is known of the content

    def prepare(self) -> None:
        """Make or recall the parts list, or have it made on the way, as `integrity` says."""
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
        """Resume the session that the journal knows, or open one, or find an unfinished one."""
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
        """Ask for the remembered session: it saves sending the parts list to be told -4019."""
        remembered = self._context.journal.upload_at(self._key)
        if remembered is None or not self._sha or remembered.digest != self._sha:
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
            sha=self._sha,
            uploadparts=None if parts is None else parts.to_json(),
            biz_attr=options.biz_attr,
            overwrite=options.overwrite,
        )
        try:
            opened = self._context.call(request)
        except ExistsError as exc:
            # An earlier try, whose response was lost, may have been an instant upload.
            found = self._find_completed() if exc.tried_before and self._sha else None
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
        """Ask what the server has of an unfinished upload, and take it up or replace it.

        Args:
            remembered: Whether only the journal says that there is one.
            reopened: Whether it is the one that this upload has opened in the place of another.
        """
        request = slices.slice_list(self._address, filesize=self._content.size)
        try:
            listed = self._context.call(request)
        except NotFoundError:
            if remembered:
                raise
            return self._open_new()  # it expired in between
        if isinstance(listed, Uploaded):  # finished in between, by us or by another
            return self._open_new()
        # Without a SHA-1 nothing tells of what content those slices are. They are not trusted:
        # all are sent again, into the same session only if nobody allowed to remove it.
        trusted = self._sha is not None
        if self._is_ours(listed) and (trusted or not self._options.overwrite):
            self._remember_session(listed.session, listed.slice_size)
            held = listed.parts if trusted else ()
            missing, resumed = missing_parts(listed.filesize, listed.slice_size, held)
            return PartSession(
                listed.session, listed.slice_size, missing, resumed, listed.serial_upload
            )
        if not self._options.overwrite:
            raise self._other_content()
        with suppress(NotFoundError):  # it went by a first try whose answer was lost, or by others
            self._context.call(objects.delete(self._address))
        try:
            return self._open_new()
        except UnfinishedUploadRefusal as refusal:
            if reopened or not refusal.tried_before:
                raise
            return self._resume(reopened=True)  # a try whose response was lost opened it

    def _is_ours(self, unfinished: UnfinishedUpload) -> bool:
        return (unfinished.filesize, unfinished.sha) == (self._content.size, self._sha)

    def send_part(self, session: PartSession, part: Part, data: memoryview) -> None:
        """Send one slice."""
        request = slices.slice_data(
            self._address, session=session.token, offset=part.offset, content=data, sha=self._sha
        )
        try:
            self._context.call(request)
        except ServerError as exc:
            if exc.code != Code.SAME_OFFSET_AGAIN:
                raise
            # The slice is there, by a try whose answer was lost. With the parts list the server
            # has checked it; without, it may be anybody's unless the session is new.
            is_own = exc.tried_before and session.token == self._opened_here
            if self._sha is None and not is_own:
                raise self._other_content() from exc

    def finish(self, session: PartSession) -> Uploaded:
        """Make the file, and compare its SHA-1 if it was hashed on the way."""
        request = slices.slice_finish(
            self._address, session=session.token, filesize=self._content.size, sha=self._sha
        )
        try:
            done = self._context.call(request)
        except ExistsError as refusal:
            done = self._find_existing(refusal)
        except (SessionError, NotFoundError) as exc:
            # A first try, whose answer was lost, may have finished it.
            found = self._find_completed() if exc.tried_before else None
            if found is None:
                raise
            done = found
        self._compare_with_server()
        return done

    def forget(self) -> None:
        """Forget the session."""
        self._context.journal.forget_upload(self._key)

    def is_session_lost(self, error: CosError) -> bool:
        """Tell whether the server does not know the session any more."""
        return isinstance(error, SessionError)

    def wants_order(self, session: PartSession, error: CosError) -> bool:
        """Tell whether a slice may have been refused only because one before it has not arrived.

        A list of an unfinished upload may not say whether slices are taken in any order
        (PROTOCOL.md, section 4). No code is documented for the refusal, so it is any that is not
        about something else for sure. The retries of `is_retryable` have been used up; -4024 is
        one of them, and is about the order.
        """
        if session.serial is not None or not isinstance(error, ServerError):
            return False
        if isinstance(error, (AuthenticationError, NotFoundError, UnfinishedUploadError)):
            return False
        return error.code == Code.OFFSET_WENT_BACK or not is_retryable(error)

    # The rest

    @property
    def _sha(self) -> str | None:
        return None if self._content.parts is None else self._content.parts.sha1

    def _remember_session(self, session: str, slice_size: int) -> None:
        self._context.journal.remember_upload(
            self._key,
            RememberedUpload(
                session=session,
                filesize=self._content.size,
                digest=self._sha,
                part_size=slice_size,
                lifetime=SESSION_SECONDS,
            ),
        )

    def _digest(self) -> str:
        return self._content.digest(self._hashed)

    def _find_completed(self) -> Uploaded | None:
        return find_completed_upload(self._context, self._address, self._content.size, self._digest)

    def _find_existing(self, refusal: ExistsError) -> Uploaded:
        """Return the file that is in the way if it has the source's content."""
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
        if found.sha != hasher.sha1:
            raise ContentMismatchError(
                f"the server's file has the SHA-1 {found.sha}, not {hasher.sha1}",
                operation="stat",
                target=str(self._address),
            )
        self._remember_parts(hasher.finish())

    def _other_content(self) -> OtherUploadError:
        return OtherUploadError(
            "an unfinished upload of other content is there: use overwrite=True (--overwrite) to"
            " replace it, or delete it first",
            operation="upload_slice_init",
            target=str(self._address),
        )
