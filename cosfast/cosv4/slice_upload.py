"""An upload in slices: a plan (what does the server lack?), tasks (the slices), one finisher.

It knows the steps of the protocol (PROTOCOL.md, section 4) and when to take which. What is on the
wire is `protocol`'s, how it gets there and how often is `transport`'s, where the bytes come from
is `parts.sources`'.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from cosfast.concurrency import Progress, run_workers
from cosfast.cosv4.folders import with_folders
from cosfast.cosv4.plan import SlicePlan, plan_new, plan_resumed
from cosfast.cosv4.protocol import objects, slices
from cosfast.cosv4.protocol.codes import Code
from cosfast.cosv4.protocol.errors import is_retryable
from cosfast.cosv4.result import make_result
from cosfast.cosv4.settle import settled, settled_refusal
from cosfast.errors import (
    AuthenticationError,
    ExistsError,
    IntegrityError,
    NotFoundError,
    ServerError,
    SessionError,
    SourceChanged,
    UnfinishedUploadError,
)
from cosfast.parts.verify import slice_matches
from cosfast.transfer.buffers import Buffers
from cosfast.transfer.content import Hashing
from cosfast.transfer.journal import Destination, RememberedUpload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cosfast.cosv4.call import Call
    from cosfast.cosv4.protocol.slices import UnfinishedUpload, Uploaded
    from cosfast.cosv4.result import UploadResult
    from cosfast.parts.model import UploadParts
    from cosfast.parts.sources import Source


class _Piece(NamedTuple):
    """A slice to be sent; read already where the whole file is read in order."""

    offset: int
    length: int
    content: memoryview | None
    buffer: memoryview


class SliceUpload:
    """One file on its way.

    Args:
        call: sends the requests.
        source: the bytes, read at any place by any thread.
        size: how many they are.
        parts: theirs, where they are known already.
    """

    def __init__(self, call: Call, source: Source, size: int, parts: UploadParts | None) -> None:
        self._call = call
        self._source = source
        self._size = size
        self._hashing = Hashing(call, source, parts)
        self._destination = Destination(call.transport.base_url, call.address)
        self._opened_here = ""  # the session, if it is new and nobody else's
        self._acknowledged = Progress(call.options.progress)
        self._sent = Progress(None)
        self._existed = False

    def run(self) -> UploadResult:
        """Go through all steps; start over once where the server lost the session."""
        self._hashing.prepare()
        try:
            return self._attempt()
        except SessionError:
            self._start_over()
        except SourceChanged:
            # The journal's list may be of other bytes that were given the same time stamps.
            if not self._hashing.forget_remembered():
                raise
            self._start_over()
        return self._attempt()

    def _start_over(self) -> None:
        self._allow_more()
        self._call.journal.forget_upload(self._destination)
        self._acknowledged.advance(-self._acknowledged.total)

    def _allow_more(self) -> None:
        """Let workers run again after one has failed; what stopped them from outside still does."""
        self._call.control.stop.clear()
        self._call.control.check()

    def _attempt(self) -> UploadResult:
        opened: SlicePlan | Uploaded
        try:
            opened = with_folders(self._call, self._open)
        except ExistsError as refusal:
            opened = self._existing(refusal)
        if isinstance(opened, slices.Uploaded):
            self._acknowledged.advance(self._size)
            return self._result(opened, instant=True)
        self._acknowledged.advance(opened.resumed_bytes)
        self._send_slices(opened)
        # With the parts list the server has compared each byte with what was hashed.
        self._source.check_unchanged(content_verified=self._sha is not None)
        done = self._finish(opened)
        self._call.journal.forget_upload(self._destination)
        return self._result(done, resumed_bytes=opened.resumed_bytes)

    # The plan: where to send what.

    def _open(self) -> SlicePlan | Uploaded:
        remembered = self._call.journal.upload_at(self._destination)
        if remembered is not None and self._sha and remembered.sha1 == self._sha:
            try:
                return self._take_up(None)  # saves sending the parts list to be told -4019
            except NotFoundError:
                self._call.journal.forget_upload(self._destination)
        try:
            return self._open_new()
        except UnfinishedUploadError as refusal:
            return self._take_up(refusal)

    def _open_new(self) -> SlicePlan | Uploaded:
        options, parts = self._call.options, self._hashing.parts
        request = slices.slice_init(
            self._call.address,
            filesize=self._size,
            slice_size=options.slice_size,
            sha=self._sha,
            uploadparts=None if parts is None else parts.to_json(),
            biz_attr=options.biz_attr,
            overwrite=options.overwrite,
        )
        try:
            opened = slices.read_slice_init(self._call.send(request))
        except ExistsError as exc:
            # An earlier try, whose response was lost, may have been an instant upload.
            done = None
            if exc.tried_before and self._sha:
                done = settled(self._call, self._size, self._hashing.digest)
            if done is None:
                raise
            return done
        if isinstance(opened, slices.Uploaded):
            return opened
        self._opened_here = opened.session
        self._remember(opened.session, opened.slice_size)
        return plan_new(opened, self._size)

    def _take_up(
        self, refusal: UnfinishedUploadError | None, *, reopened: bool = False
    ) -> SlicePlan | Uploaded:
        request = slices.slice_list(self._call.address, filesize=self._size)
        try:
            listed = slices.read_slice_list(self._call.send(request))
        except NotFoundError:
            if refusal is None:
                raise
            return self._open_new()  # it expired in between
        if isinstance(listed, slices.Uploaded):  # finished in between, by us or by another
            return self._open_new()
        # Without a SHA-1 nothing tells of what content those slices are. They are not trusted:
        # all are sent again, into the same session only where nobody allowed to remove it.
        trusted = self._sha is not None
        if self._looks_like_ours(listed) and (trusted or not self._call.options.overwrite):
            self._remember(listed.session, listed.slice_size)
            return plan_resumed(listed, trusted=trusted)
        if not self._call.options.overwrite:
            raise self._other_content(refusal)
        with suppress(NotFoundError):  # it went by a first try whose answer was lost, or by others
            self._call.send(objects.delete(self._call.address))
        try:
            return self._open_new()
        except UnfinishedUploadError as exc:
            if reopened or not exc.tried_before:
                raise
            return self._take_up(exc, reopened=True)  # a try whose response was lost opened it

    def _looks_like_ours(self, unfinished: UnfinishedUpload) -> bool:
        return (unfinished.filesize, unfinished.sha) == (self._size, self._sha)

    def _remember(self, session: str, slice_size: int) -> None:
        self._call.journal.remember_upload(
            self._destination, RememberedUpload(session, self._size, self._sha, slice_size)
        )

    # The tasks: the slices.

    def _send_slices(self, plan: SlicePlan) -> None:
        threads = 1 if plan.serial else min(self._call.options.concurrency, plan.count)
        buffers = Buffers(min(plan.slice_size, self._size))
        pieces = self._pieces(plan, buffers)
        unacknowledged: dict[int, _Piece] = {}

        def note(piece: _Piece) -> _Piece:
            unacknowledged[piece.offset] = piece
            return piece

        def send(piece: _Piece) -> None:
            self._send_slice(plan.session, piece)
            del unacknowledged[piece.offset]
            buffers.give_back(piece.buffer)

        try:
            self._run(send, map(note, pieces), threads)
        except ServerError as refusal:
            if plan.serial is not None or threads <= 1 or not _may_be_out_of_order(refusal):
                raise
            # It did not say whether it takes slices in any order, and may have meant that it
            # does not. The ones that were on their way go first, then the rest.
            self._allow_more()
            in_order = sorted(unacknowledged.values(), key=lambda piece: piece.offset)
            self._run(send, chain(in_order, map(note, pieces)), 1)

    def _run(self, send: Callable[[_Piece], None], pieces: Iterable[_Piece], threads: int) -> None:
        control = self._call.control
        run_workers(send, pieces, threads=threads, stop=control.stop, abort=control.abort)
        control.check()

    def _pieces(self, plan: SlicePlan, buffers: Buffers) -> Iterator[_Piece]:
        hasher = self._hashing.stream()
        for offset, length in plan.slices():
            buffer = buffers.take()
            if hasher is None:
                yield _Piece(offset, length, None, buffer)
                continue
            content = self._source.read_slice(offset, length, buffer)
            yield _Piece(offset, length, content, buffer)
            # The slice is on its way already. Its buffer cannot have been filled anew: that
            # happens here alone.
            hasher.update(content)

    def _send_slice(self, session: str, piece: _Piece) -> None:
        content = piece.content
        if content is None:
            content = self._source.read_slice(piece.offset, piece.length, piece.buffer)
        request = slices.slice_data(
            self._call.address,
            session=session,
            offset=piece.offset,
            content=content,
            sha=self._sha,
        )
        try:
            slices.read_slice_data(self._call.send(request))
        except IntegrityError as exc:
            self._blame_source(piece.offset, content, exc)
            raise
        except ServerError as exc:
            if exc.code != Code.SAME_OFFSET_AGAIN:
                raise
            # The slice is there, by a try whose answer was lost. With the parts list the server
            # has checked it; without, it may be anybody's unless the session is new.
            if self._sha is None and not (exc.tried_before and session == self._opened_here):
                raise self._other_content(exc) from exc
        self._sent.advance(piece.length)
        self._acknowledged.advance(piece.length)

    def _blame_source(self, offset: int, content: memoryview, refusal: IntegrityError) -> None:
        """Tell a file that changed after it was hashed from bytes that broke on their way."""
        parts = self._hashing.parts
        if parts is None or len(content) != min(parts.slice_size, self._size - offset):
            return
        if not slice_matches(parts, offset // parts.slice_size, content):
            raise SourceChanged(
                self._source.name, f"the slice at {offset} is no longer what was hashed"
            ) from refusal

    # The finisher.

    def _finish(self, plan: SlicePlan) -> Uploaded:
        request = slices.slice_finish(
            self._call.address, session=plan.session, filesize=self._size, sha=self._sha
        )
        try:
            done = slices.read_slice_finish(self._call.send(request))
        except ExistsError as refusal:
            done = self._existing(refusal)
        except (SessionError, NotFoundError) as exc:
            # A first try, whose answer was lost, may have finished it.
            found = None
            if exc.tried_before:
                found = settled(self._call, self._size, self._hashing.digest)
            if found is None:
                raise
            done = found
        self._hashing.compare_with_server()
        return done

    def _existing(self, refusal: ExistsError) -> Uploaded:
        """Return the file that is in the way if it has the source's content."""
        done = settled_refusal(self._call, refusal, self._size, self._hashing.digest)
        self._existed = not refusal.tried_before
        self._call.journal.forget_upload(self._destination)
        return done

    # The rest.

    @property
    def _sha(self) -> str | None:
        parts = self._hashing.parts
        return None if parts is None else parts.sha1

    def _other_content(self, refusal: ServerError | None) -> UnfinishedUploadError:
        return UnfinishedUploadError(
            Code.UNFINISHED_UPLOAD if refusal is None else refusal.code,
            "an unfinished upload of other content is there: use overwrite=True (--overwrite) to"
            " replace it, or delete it first",
            "" if refusal is None else refusal.request_id,
            200 if refusal is None else refusal.http_status or 0,
            operation="upload_slice_init",
            target=str(self._call.address),
        )

    def _result(
        self, uploaded: Uploaded, *, instant: bool = False, resumed_bytes: int = 0
    ) -> UploadResult:
        return make_result(
            uploaded,
            self._hashing.sha1,
            self._size,
            instant=instant,
            sent_bytes=self._sent.total,
            resumed_bytes=resumed_bytes,
            existed=self._existed,
        )


def _may_be_out_of_order(refusal: ServerError) -> bool:
    """Tell whether a slice may have been refused only because one before it has not arrived.

    No code is documented for that, so it is any that is not about something else for sure. The
    retries of `is_retryable` have been used up; -4024 is one of them, and is about the order.
    """
    if isinstance(refusal, (AuthenticationError, NotFoundError, UnfinishedUploadError)):
        return False
    return refusal.code == Code.OFFSET_WENT_BACK or not is_retryable(refusal)
