"""PDS as a service of the emulator: operations and the handling of requests."""

from __future__ import annotations

import hmac
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from cosfast.emulator.errors import RefusalError
from cosfast.emulator.faults.injector import Injector
from cosfast.emulator.services import Service
from cosfast.emulator.services.pds import answers, files, uploads
from cosfast.emulator.services.pds.answers import RefusedError
from cosfast.emulator.services.pds.call import SERVICE, Call
from cosfast.emulator.services.pds.fields import Fields
from cosfast.emulator.services.pds.links import PREFIX, Link, Signer, require_content_type
from cosfast.emulator.wire.body import read_content, read_whole
from cosfast.emulator.wire.downloads import Wanted, send_download

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from cosfast.emulator.services import Context
    from cosfast.emulator.services.pds.call import Run
    from cosfast.emulator.store.overview import File
    from cosfast.emulator.wire.addressing import RequestTarget
    from cosfast.emulator.wire.http import Exchange

API = "/v2/"
"""Prefix of the path of every operation."""

PUT_PART = "put_part"
DOWNLOAD = "download"
"""Names of the two operations at signed URLs."""

_FILE_API = "/v2/file/"
_LARGEST_BODY = 8 * 1024 * 1024  # of the API: 10,000 parts with their contexts
_BEARER = "bearer "

_OPERATIONS: Mapping[str, Run] = {
    "create": uploads.create,
    "get_upload_url": uploads.get_upload_url,
    "list_uploaded_parts": uploads.list_uploaded_parts,
    "complete": uploads.complete,
    "get": files.get,
    "list": files.list_folder,
    "delete": files.delete,
    "get_download_url": files.get_download_url,
}
_STATUSES = {"create": 201, "delete": 204}


class Pds(Service):
    """PDS: the JSON API below `/v2/file/`, and content at signed URLs."""

    name = SERVICE
    title = "Alibaba Cloud PDS"
    operations: ClassVar[frozenset[str]] = frozenset(
        f"{SERVICE}.{name}" for name in (*_OPERATIONS, PUT_PART, DOWNLOAD)
    )

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._limits = context.settings.limits
        self._signer = Signer(context.settings.token, context.clock)

    @property
    def session_lifetime(self) -> float:
        """Lifetime of an upload in seconds; ten days by default."""
        return self._limits.pds_session_lifetime

    def owns_path(self, path: str) -> bool:
        """Return whether a path belongs to the API or to a signed URL."""
        return path.startswith((API, PREFIX))

    async def handle(
        self, request: web.BaseRequest, target: RequestTarget, exchange: Exchange
    ) -> web.StreamResponse:
        """Answer a request for an operation or to a signed URL."""
        injector = Injector(self.context.faults, request, answers.refused_by_fault)
        if target.path.startswith(PREFIX) and request.method in {"GET", "HEAD"}:
            return await self._download(request, target, exchange, injector)
        try:
            if target.path.startswith(PREFIX):
                response = await self._put_part(request, target, exchange, injector)
            else:
                response = await self._operate(request, target, exchange, injector)
        except RefusalError as refusal:
            response = self.refuse(refusal, exchange)
        return await injector.after_work(response)

    def refuse(self, error: RefusalError, exchange: Exchange) -> web.Response:
        """Return the response to a refused request, in the format of the API or of the storage."""
        exchange.code = answers.code_of(error)
        of_storage = PREFIX in exchange.target
        return answers.failure(error, exchange.request_id, of_storage=of_storage)

    def link_to(self, file: File) -> str:
        """Return a signed URL of a file."""
        link = Link("GET", file.space, file.id)
        return self._signer.sign(self.context.endpoint, link, self._limits.pds_url_lifetime)

    async def _operate(
        self,
        request: web.BaseRequest,
        target: RequestTarget,
        exchange: Exchange,
        injector: Injector,
    ) -> web.Response:
        name = target.path.removeprefix(_FILE_API)
        run = _OPERATIONS.get(name)
        if run is None or not target.path.startswith(_FILE_API):
            raise RefusedError("NotFound.Operation", "there is no such operation", close=True)
        exchange.operation = f"{SERVICE}.{name}"
        injector.operation_is(exchange.operation)
        if request.method != "POST":
            raise RefusedError("MethodNotAllowed", "the API takes POST alone", close=True)
        body = await read_whole(
            request, self._limits, _LARGEST_BODY, on_received=injector.body_came
        )
        self._require_token(request)
        call = Call(self.context, Fields(body), self._signer, self.context.origin_for(target))
        if await injector.before_work():
            upload_id = call.fields.text("upload_id", "")
            await self.context.run(uploads.lose_open, self.context, call.drive, upload_id)
        answer = await self.context.run(run, call)
        return answers.success(answer, exchange.request_id, _STATUSES.get(name, 200))

    def _require_token(self, request: web.BaseRequest) -> None:
        given = request.headers.get("Authorization", "")
        token = given[len(_BEARER) :] if given.lower().startswith(_BEARER) else ""
        token = token or request.headers.get("x-share-token", "")
        wanted = self.context.settings.token
        if not hmac.compare_digest(token.encode("utf-8", "replace"), wanted.encode()):
            raise RefusedError("AccessTokenInvalid", "the access token is not that of this server")

    async def _put_part(
        self,
        request: web.BaseRequest,
        target: RequestTarget,
        exchange: Exchange,
        injector: Injector,
    ) -> web.Response:
        exchange.operation = f"{SERVICE}.{PUT_PART}"
        injector.operation_is(exchange.operation)
        if request.method != "PUT":
            raise RefusedError("MethodNotAllowed", "a signed URL takes PUT or GET", close=True)
        try:
            link = self._signer.check("PUT", target)
            require_content_type(link, request.headers.get("Content-Type", ""))
        except RefusedError as refusal:
            refusal.close = True  # the body of the request is not read
            raise
        with self.context.new_content() as content:
            await read_content(
                request,
                content,
                self._limits,
                self._limits.pds_largest_part,
                spill=partial(self.context.run, content.add),
                on_received=injector.body_came,
            )
            if await injector.before_work():
                await self.context.run(uploads.lose_open, self.context, link.space, link.id)
            etag = await self.context.run(uploads.put_part, self.context, link, content)
        response = answers.success(None, exchange.request_id)
        response.headers["ETag"] = etag
        return response

    async def _download(
        self,
        request: web.BaseRequest,
        target: RequestTarget,
        exchange: Exchange,
        injector: Injector,
    ) -> web.StreamResponse:
        exchange.operation = f"{SERVICE}.{DOWNLOAD}"
        injector.operation_is(exchange.operation)
        await injector.before_work(is_reading=True)
        link = self._signer.check("GET", target)
        download = await self.context.run(
            files.open_download, self.context, link, Wanted.of(request)
        )
        with download.file:
            return await send_download(
                request,
                download,
                answers.common_headers(exchange.request_id),
                read=partial(self.context.run, download.file.read),
                idle_timeout=self._limits.idle_timeout,
            )
