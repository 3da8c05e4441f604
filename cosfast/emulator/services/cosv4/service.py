"""COS v4 as a service of the emulator: its operations and the handling of requests."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusalError
from cosfast.emulator.faults.injector import Injector
from cosfast.emulator.services import Service
from cosfast.emulator.services.cosv4 import addresses, envelope, folders, objects, slices
from cosfast.emulator.services.cosv4.addresses import Links, Place
from cosfast.emulator.services.cosv4.call import Call
from cosfast.emulator.services.cosv4.envelope import RefusedError
from cosfast.emulator.services.cosv4.signatures import Verifier
from cosfast.emulator.wire.downloads import Wanted, send_download
from cosfast.emulator.wire.forms import parse_query, read_form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from cosfast.emulator.services import Context
    from cosfast.emulator.services.cosv4.call import Run
    from cosfast.emulator.services.cosv4.envelope import Answer
    from cosfast.emulator.services.cosv4.signatures import Signature
    from cosfast.emulator.store.overview import File, Upload
    from cosfast.emulator.wire.addressing import RequestTarget
    from cosfast.emulator.wire.forms import Form
    from cosfast.emulator.wire.http import Exchange

DOWNLOAD = "download"
"""Name of the operation of downloads, which have no `op`."""

_CONTENT_FIELD = "filecontent"
_SIGNATURE_FIELD = "sign"


class SignedFor(Enum):
    """The kind of signature that an operation needs (PROTOCOL.md section 2)."""

    REUSE = "reusable"
    ONE_USE = "once"
    EITHER = "either"  # the SDKs differ

    def require(self, signature: Signature) -> None:
        """Refuse a signature of a wrong kind."""
        if self is SignedFor.REUSE:
            signature.require_reusable()
        elif self is SignedFor.ONE_USE:
            signature.require_once()


@dataclass(frozen=True)
class Operation:
    """An operation, by the name of its `op`. If `writes` is set, it needs a POST request."""

    name: str
    run: Run
    signed_for: SignedFor = SignedFor.REUSE
    writes: bool = True


_OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation("upload_slice_init", slices.init),
        Operation("upload_slice_list", slices.list_slices, writes=False),
        Operation("upload_slice_data", slices.data),
        Operation("upload_slice_finish", slices.finish),
        Operation("upload_slice", slices.older_step),
        Operation("upload", objects.upload),
        Operation("stat", objects.stat, writes=False),
        Operation("update", objects.update, SignedFor.ONE_USE),
        Operation("delete", objects.delete, SignedFor.ONE_USE),
        Operation("create", folders.create),
        Operation("list", folders.list_folder, writes=False),
        Operation("move", objects.move, SignedFor.EITHER),
        Operation("copy", objects.copy, SignedFor.EITHER),
    )
}


class CosV4(Service):
    """The JSON API below `/files/v2/`, and downloads from the hosts of buckets."""

    name = addresses.SERVICE
    title = "COS v4"
    operations: ClassVar[frozenset[str]] = frozenset({*_OPERATIONS, DOWNLOAD})

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        settings = context.settings
        self._limits = settings.limits
        self._verifier = Verifier(
            settings.appid, settings.secret_id, settings.secret_key, clock=context.clock
        )

    @property
    def session_lifetime(self) -> float:
        """Lifetime of a session in seconds, by default seven days."""
        return self._limits.session_lifetime

    def owns_host(self, host: str) -> bool:
        """Return whether a host is the download host of a bucket."""
        return addresses.is_bucket_host(host)

    def owns_path(self, path: str) -> bool:
        """Return whether a path has the API's prefix or begins with the host of a bucket."""
        return addresses.is_served(path)

    async def handle(
        self, request: web.BaseRequest, target: RequestTarget, exchange: Exchange
    ) -> web.StreamResponse:
        """Answer a request for an operation or a download."""
        wanted = addresses.parse_target(target)
        if wanted.place.appid != self.context.settings.appid:
            raise RefusedError(Code.BAD_APPID, "this server does not serve the appid in the path")
        buckets = self.context.settings.buckets
        if buckets is not None and wanted.place.bucket not in buckets:
            there = ", ".join(sorted(buckets))
            raise RefusedError(
                Code.INDEX_MISSING, f"the bucket {wanted.place.bucket} does not exist, only {there}"
            )
        injector = Injector(self.context.faults, request, envelope.refused_by_fault)
        if wanted.is_download:
            return await self._download(request, target, wanted.place, exchange, injector)
        try:
            answer = await self._operate(request, target, wanted.place, exchange, injector)
        except RefusalError as refusal:
            response = self.refuse(refusal, exchange)
        else:
            response = envelope.success(injector.alter(answer), exchange.request_id)
        return await injector.after_work(response)

    def headers(self, exchange: Exchange) -> dict[str, str]:
        """Return the headers of every response, including downloads."""
        return envelope.common_headers(exchange.request_id)

    def refuse(self, error: RefusalError, exchange: Exchange) -> web.Response:
        """Return the response to a refused request."""
        exchange.code = int(envelope.code_of(error))
        return envelope.failure(error, exchange.request_id)

    def name_of(self, item: File | Upload) -> str:
        """Return the bucket and the path."""
        return item.space + item.id

    def link_to(self, file: File) -> str:
        """Return the URL of a file below the server's address."""
        place = Place(self.context.settings.appid, file.space, file.id)
        return Links(self.context.endpoint).access_url(place)

    async def _operate(
        self,
        request: web.BaseRequest,
        target: RequestTarget,
        place: Place,
        exchange: Exchange,
        injector: Injector,
    ) -> Answer:
        if request.method not in {"GET", "POST"}:
            raise RefusedError(Code.BAD_FORM, "the API accepts only GET and POST", close=True)
        query = _parse_query(target)
        signature = self._verifier.verify(_signature_of(request, query), place)

        def on_field(name: str, value: bytes) -> None:
            if name == "op":
                injector.operation_is(value.decode("ascii", "replace").strip())

        with self.context.new_content() as content:
            body = await read_form(
                request,
                content,
                self._limits,
                content_field=_CONTENT_FIELD,
                spill=partial(self.context.run, content.add),
                on_field=on_field,
                on_received=injector.body_came,
            )
            form = body.over(query)
            operation = _find_operation(form, request.method)
            exchange.operation = operation.name
            injector.operation_is(operation.name)
            links = Links(self.context.origin_for(target))
            call = Call(self.context, place, form, content, links, injector.slice_size)
            if await injector.before_work():
                await self.context.run(slices.lose_open, self.context, place)
            return await self.context.run(self._run, operation, signature, call)

    def _run(self, operation: Operation, signature: Signature, call: Call) -> Answer:
        operation.signed_for.require(signature)
        if signature.is_once:
            self._spend(signature)
        return operation.run(call)

    def _spend(self, signature: Signature) -> None:
        """Record the use of a one-time signature; refuse a second use."""
        rows = self.context.store.database.write(
            lambda tx: (
                tx.execute(
                    "INSERT OR IGNORE INTO spent_signatures VALUES (?)", (signature.digest,)
                ).rowcount
            )
        )
        if not rows:
            raise RefusedError(
                Code.ONCE_USED_AGAIN, "the one-time signature has been used before: sign again"
            )

    async def _download(
        self,
        request: web.BaseRequest,
        target: RequestTarget,
        place: Place,
        exchange: Exchange,
        injector: Injector,
    ) -> web.StreamResponse:
        exchange.operation = DOWNLOAD
        injector.operation_is(DOWNLOAD)
        await injector.before_work(is_reading=True)
        if request.method not in {"GET", "HEAD"}:
            raise RefusedError(Code.BAD_FORM, "downloads accept only GET and HEAD", close=True)
        sign = _signature_of(request, _parse_query(target))
        if sign:
            signature = self._verifier.verify(sign, place, for_download=True)
            signature.require_reusable()
        download = await self.context.run(
            partial(objects.open_download, is_signed=bool(sign)),
            self.context,
            place,
            Wanted.of(request),
        )
        with download.file:
            return await send_download(
                request,
                download,
                self.headers(exchange),
                read=partial(self.context.run, download.file.read),
                idle_timeout=self._limits.idle_timeout,
            )


def _find_operation(form: Form, method: str) -> Operation:
    """Return the operation of the form's `op`.

    Raises:
        RefusedError: With code -5980 if it is missing, -5993 if it is unknown or needs POST.
    """
    name = form.text("op").strip()
    if not name:
        raise RefusedError(Code.OP_MISSING, "op is missing")
    operation = _OPERATIONS.get(name)
    if operation is None:
        raise RefusedError(Code.BAD_FORM, f"unknown op: {name[:80]!r}")
    if operation.writes and method != "POST":
        raise RefusedError(Code.BAD_FORM, f"op {name!r} needs a POST request")
    return operation


def _parse_query(target: RequestTarget) -> Form:
    return parse_query(target.query, literal_plus={_SIGNATURE_FIELD})


def _signature_of(request: web.BaseRequest, query: Form) -> str:
    return request.headers.get("Authorization", "").strip() or query.text(_SIGNATURE_FIELD)
