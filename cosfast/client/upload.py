"""The upload: a plan (what does the server lack?), tasks (the slices), and one finisher.

It knows the steps of the protocol and when to take which. What is on the wire is `protocol`'s,
how it gets there and how often is `transport`'s, where the bytes come from is `parts.sources`'.
"""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Any

from cosfast.client.folders import with_folders
from cosfast.client.plan import plan_new, plan_resumed
from cosfast.client.result import UploadResult
from cosfast.errors import (
    InputError,
    IntegrityError,
    ServerError,
    SessionError,
    SourceChanged,
    UnfinishedUploadError,
)
from cosfast.hashing.sha1 import sha1
from cosfast.parts.build import parts_of
from cosfast.parts.sources import open_source
from cosfast.parts.verify import slice_matches
from cosfast.protocol import objects, slices
from cosfast.protocol.addresses import require_file
from cosfast.protocol.codes import Code
from cosfast.workers import Progress, run_workers

if TYPE_CHECKING:
    from cosfast.client.options import UploadOptions
    from cosfast.client.plan import SlicePlan
    from cosfast.parts.model import UploadParts
    from cosfast.parts.sources import Source
    from cosfast.protocol.addresses import ObjectAddress
    from cosfast.protocol.slices import UnfinishedUpload, Uploaded
    from cosfast.transport.session import Transport

SIMPLE_LIMIT = 8 * 1024 * 1024
"""Bytes up to which a file goes in one request, as the official SDKs do (PROTOCOL.md, 5)."""


def upload(
    transport: Transport, source: Any, address: ObjectAddress, options: UploadOptions
) -> UploadResult:
    """Upload `source` to `address`; see `Client.upload`."""
    require_file(address)
    with open_source(source) as opened:
        if opened.size is None:
            raise InputError(f"{opened.name} cannot be uploaded: it is not a file that can seek")
        if opened.size <= SIMPLE_LIMIT:
            return _upload_simply(transport, opened, opened.size, address, options)
        return SliceUpload(transport, opened, opened.size, address, options).run()


def _upload_simply(
    transport: Transport, source: Source, size: int, address: ObjectAddress, options: UploadOptions
) -> UploadResult:
    content = source.read_slice(0, size)
    source.check_unchanged()
    digest = sha1(content).hexdigest() if options.integrity == "parts" else ""
    request = objects.upload(
        address,
        content,
        sha=digest or None,
        biz_attr=options.biz_attr,
        overwrite=options.overwrite,
    )
    answer = with_folders(transport, address, lambda: transport.send(request))
    if options.progress is not None:
        options.progress(size)
    return _result(objects.read_upload(answer), digest, size, sent_bytes=size)


class SliceUpload:
    """One file on its way in slices (PROTOCOL.md, section 4).

    Args:
        transport: sends the requests.
        source: the bytes, read at any place by any thread.
        size: how many they are.
        address: the file to be.
        options: how it was asked for.
    """

    def __init__(
        self,
        transport: Transport,
        source: Source,
        size: int,
        address: ObjectAddress,
        options: UploadOptions,
    ) -> None:
        self._transport = transport
        self._source = source
        self._size = size
        self._address = address
        self._options = options
        self._parts: UploadParts | None = None
        self._acknowledged = Progress(options.progress)
        self._sent = Progress(None)

    def run(self) -> UploadResult:
        """Go through all steps; start over once where the server has lost the session."""
        if self._options.integrity == "parts":
            self._parts = parts_of(self._source, progress=self._options.hash_progress)
        try:
            return self._attempt()
        except SessionError:
            self._acknowledged.advance(-self._acknowledged.total)
            return self._attempt()

    def _attempt(self) -> UploadResult:
        opened = with_folders(self._transport, self._address, self._open)
        if isinstance(opened, slices.Uploaded):
            self._acknowledged.advance(self._size)
            return self._result(opened, instant=True)
        self._acknowledged.advance(opened.resumed_bytes)
        self._send_slices(opened)
        self._source.check_unchanged()
        request = slices.slice_finish(
            self._address, session=opened.session, filesize=self._size, sha=self._sha
        )
        done = slices.read_slice_finish(self._transport.send(request))
        return self._result(done, resumed_bytes=opened.resumed_bytes)

    # The plan: where to send what.

    def _open(self) -> SlicePlan | Uploaded:
        try:
            return self._open_new()
        except UnfinishedUploadError as refusal:
            return self._take_up(refusal)

    def _open_new(self) -> SlicePlan | Uploaded:
        request = slices.slice_init(
            self._address,
            filesize=self._size,
            slice_size=self._options.slice_size,
            sha=self._sha,
            uploadparts=None if self._parts is None else self._parts.to_json(),
            biz_attr=self._options.biz_attr,
            overwrite=self._options.overwrite,
        )
        opened = slices.read_slice_init(self._transport.send(request))
        return opened if isinstance(opened, slices.Uploaded) else plan_new(opened, self._size)

    def _take_up(self, refusal: UnfinishedUploadError) -> SlicePlan | Uploaded:
        listed = slices.read_slice_list(self._transport.send(slices.slice_list(self._address)))
        if isinstance(listed, slices.Uploaded):  # another client finished it in between
            return self._open_new()
        # Without a SHA-1 nothing tells of what content those slices are. They are not trusted:
        # all are sent again, into the same session only where nobody allowed to remove it.
        trusted = self._parts is not None
        if self._looks_like_ours(listed) and (trusted or not self._options.overwrite):
            return plan_resumed(listed, trusted=trusted)
        if not self._options.overwrite:
            raise _other_content(refusal) from refusal
        self._transport.send(objects.delete(self._address))
        return self._open_new()

    def _looks_like_ours(self, unfinished: UnfinishedUpload) -> bool:
        return (unfinished.filesize, unfinished.sha) == (self._size, self._sha)

    # The tasks: the slices.

    def _send_slices(self, plan: SlicePlan) -> None:
        stop = Event()
        run_workers(
            lambda piece: self._send_slice(plan.session, piece, stop),
            plan.missing,
            threads=1 if plan.serial else min(self._options.concurrency, len(plan.missing)),
            stop=stop,
        )

    def _send_slice(self, session: str, piece: tuple[int, int], stop: Event) -> None:
        offset, length = piece
        content = self._source.read_slice(offset, length)
        request = slices.slice_data(
            self._address, session=session, offset=offset, content=content, sha=self._sha
        )
        try:
            slices.read_slice_data(self._transport.send(request, cancelled=stop))
        except IntegrityError as exc:
            self._blame_source(offset, content, exc)
            raise
        except ServerError as exc:
            if exc.code != Code.SAME_OFFSET_AGAIN:
                raise
            # The slice is there, by a try whose answer was lost. With the parts list the server
            # has checked it; without, it may be anybody's.
            if self._parts is None:
                raise _other_content(exc) from exc
        self._sent.advance(length)
        self._acknowledged.advance(length)

    def _blame_source(self, offset: int, content: memoryview, refusal: IntegrityError) -> None:
        """Tell a file that changed after it was hashed from bytes that broke on their way."""
        parts = self._parts
        if parts is None or len(content) != min(parts.slice_size, self._size - offset):
            return
        if not slice_matches(parts, offset // parts.slice_size, content):
            raise SourceChanged(
                self._source.name, f"the slice at {offset} is no longer what was hashed"
            ) from refusal

    # The rest.

    @property
    def _sha(self) -> str | None:
        return None if self._parts is None else self._parts.sha1

    def _result(
        self, uploaded: Uploaded, *, instant: bool = False, resumed_bytes: int = 0
    ) -> UploadResult:
        return _result(
            uploaded,
            self._sha or "",
            self._size,
            instant=instant,
            sent_bytes=self._sent.total,
            resumed_bytes=resumed_bytes,
        )


def _other_content(refusal: ServerError) -> UnfinishedUploadError:
    return UnfinishedUploadError(
        refusal.code,
        "an unfinished upload of other content is there: overwrite it, or delete it first",
        refusal.request_id,
        refusal.http_status or 0,
        operation=refusal.operation,
        target=refusal.target,
    )


def _result(
    uploaded: Uploaded,
    digest: str,
    size: int,
    *,
    instant: bool = False,
    sent_bytes: int = 0,
    resumed_bytes: int = 0,
) -> UploadResult:
    return UploadResult(
        access_url=uploaded.access_url,
        url=uploaded.url,
        source_url=uploaded.source_url,
        resource_path=uploaded.resource_path,
        vid=uploaded.vid,
        sha1=digest,
        filesize=size,
        instant=instant,
        sent_bytes=sent_bytes,
        resumed_bytes=resumed_bytes,
    )
