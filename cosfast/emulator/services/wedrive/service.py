"""WeDrive and WeDoc as a service of the emulator: operations and the handling of requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qsl, quote, unquote

from cosfast.emulator.errors import BadRequestError, Problem, RefusalError
from cosfast.emulator.faults.injector import Injector
from cosfast.emulator.services import Service
from cosfast.emulator.services.wedrive import entries, envelope, uploads
from cosfast.emulator.services.wedrive.access import COOKIE_NAME, Cookies, Meter, Tokens
from cosfast.emulator.services.wedrive.envelope import Answer, RefusedError
from cosfast.emulator.services.wedrive.fields import Call, parse_fields
from cosfast.emulator.wire.body import read_whole
from cosfast.emulator.wire.downloads import Version, Wanted, prepare_download, send_download
from cosfast.wedrive.protocol.codes import ErrCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from cosfast.emulator.services import Context
    from cosfast.emulator.store.overview import File, Upload
    from cosfast.emulator.store.tree import Entry
    from cosfast.emulator.wire.addressing import RequestTarget
    from cosfast.emulator.wire.downloads import Download
    from cosfast.emulator.wire.http import Exchange

API_PATH = "/cgi-bin/"
FILES_PATH = "/wedrive-files/"

KIB = 1024
_SMALL = 64 * KIB
_LIST = 1024 * KIB
"""Maximum bytes of a body with 10,240 entries of `block_sha`."""

Run = Callable[[Call], Answer]

GETTOKEN = "wedrive.gettoken"
DOWNLOAD = "wedrive.download"

_LARGEST_BODIES = {
    "file_upload_init": _LIST,
    "file_upload_part": uploads.ENCODED_BLOCK + _SMALL,
    "file_upload": uploads.MAX_ENCODED + _SMALL,
}
_UPLOADS: Mapping[str, Run] = {
    "file_upload_init": uploads.init,
    "file_upload_part": uploads.part,
    "file_upload_finish": uploads.finish,
}
_OPERATIONS: Mapping[str, Run] = {
    **{f"wedrive.{name}": run for name, run in _UPLOADS.items()},
    **{f"wedoc.{name}": run for name, run in _UPLOADS.items()},
    "wedrive.file_upload": uploads.upload,
    "wedrive.file_list": entries.list_folder,
    "wedrive.file_info": entries.info,
    "wedrive.space_create": entries.create_space,
    "wedrive.file_create": entries.create,
    "wedrive.file_rename": entries.rename,
    "wedrive.file_move": entries.move,
    "wedrive.file_delete": entries.delete,
}
_FILE_DOWNLOAD = "wedrive.file_download"


class WeDrive(Service):
    """The APIs of WeDrive and WeDoc, and the access tokens of both."""

    name = "wedrive"
    title = "WeCom WeDrive"
    operations: ClassVar[frozenset[str]] = frozenset(
        {*_OPERATIONS, _FILE_DOWNLOAD, GETTOKEN, DOWNLOAD}
    )

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._tokens = Tokens(context)
        self._meter = Meter(context)
        self._cookies = Cookies(context)

    @property
    def session_lifetime(self) -> float:
        """Lifetime of an `upload_key` in seconds."""
        return self.context.settings.limits.upload_key_lifetime

    def owns_path(self, path: str) -> bool:
        """Return whether a path belongs to the API or to a download."""
        return path.startswith((API_PATH, FILES_PATH, uploads.DOC_PATH))

    async def handle(
        self, request: web.BaseRequest, target: RequestTarget, exchange: Exchange
    ) -> web.StreamResponse:
        """Answer a request for an operation or a download."""
        injector = Injector(self.context.faults, request, envelope.refused_by_fault)
        if not target.path.startswith(API_PATH):
            return await self._send_file(request, target, exchange, injector)
        operation = target.path.removeprefix(API_PATH).replace("/", ".")
        operation = GETTOKEN if operation == "gettoken" else operation
        if operation not in self.operations or operation == DOWNLOAD:
            raise BadRequestError(Problem.NOT_FOUND, "this API does not exist", close=True)
        exchange.operation = operation
        injector.operation_is(operation)
        try:
            answer = await self._operate(request, target, operation, injector)
        except RefusalError as refusal:
            response = self.refuse(refusal, exchange)
        else:
            response = envelope.success(answer)
        return await injector.after_work(response)

    def refuse(self, error: RefusalError, exchange: Exchange) -> web.Response:
        """Return the response to a refused request."""
        exchange.code = envelope.code_of(error)
        return envelope.failure(error)

    def reset(self) -> None:
        """Revoke all tokens and reset the counts of calls."""
        self._tokens.revoke_all()
        self._meter.reset()

    def name_of(self, item: File | Upload) -> str:
        """Return the space and the name."""
        return f"{item.space}/{item.name}"

    async def _operate(
        self,
        request: web.BaseRequest,
        target: RequestTarget,
        operation: str,
        injector: Injector,
    ) -> Answer:
        query = dict(parse_qsl(target.query, keep_blank_values=True, errors="replace"))
        if operation == GETTOKEN:
            await injector.before_work()
            token, seconds = self._tokens.fetch(
                query.get("corpid", ""), query.get("corpsecret", "")
            )
            return {"access_token": token, "expires_in": seconds}
        if request.method != "POST":
            raise RefusedError(ErrCode.BAD_PARAMETER, "this API accepts only POST", close=True)
        with self._meter.active():
            body = await read_whole(
                request,
                self.context.settings.limits,
                _LARGEST_BODIES.get(operation.rpartition(".")[2], _SMALL),
                on_received=injector.body_came,
            )
            ends_session = await injector.before_work()
            if ends_session and "_part" not in operation and "_finish" not in operation:
                self._tokens.revoke_all()
            self._tokens.check(query.get("access_token", ""))
            self._meter.count()
            return await self.context.run(
                self._run, operation, body, self.context.origin_for(target), ends_session
            )

    def _run(self, operation: str, body: bytes, origin: str, ends_session: bool) -> Answer:  # noqa: FBT001 - called with positional arguments in a thread
        call = Call(self.context, origin, parse_fields(body), operation.startswith("wedoc."))
        if operation == _FILE_DOWNLOAD:
            return self._locate(call)
        if ends_session and call.given("upload_key"):
            key = call.text("upload_key")
            self.context.store.database.write(lambda tx: entries.lose_upload(tx, key))
        return _OPERATIONS[operation](call)

    def _locate(self, call: Call) -> Answer:
        """Return the download URL of a file and the cookie that it needs."""
        if call.given("selected_ticket"):
            raise RefusedError(ErrCode.BAD_PARAMETER, "tickets of this server are only for uploads")
        fileid = call.id("fileid", ErrCode.BAD_FILEID)
        entry = self.context.store.database.read(
            lambda connection: entries.find(connection, fileid)
        )
        if entry.content is None:
            raise RefusedError(ErrCode.NOT_A_PLAIN_FILE, "fileid is a folder, not a file")
        return {
            "download_url": f"{call.origin}{FILES_PATH}{quote(fileid, safe='')}",
            "cookie_name": COOKIE_NAME,
            "cookie_value": self._cookies.make(fileid),
        }

    async def _send_file(
        self,
        request: web.BaseRequest,
        target: RequestTarget,
        exchange: Exchange,
        injector: Injector,
    ) -> web.StreamResponse:
        exchange.operation = DOWNLOAD
        injector.operation_is(DOWNLOAD)
        if await injector.before_work(is_reading=True):
            return envelope.forbidden()  # as if the URL had expired
        if request.method not in {"GET", "HEAD"}:
            raise RefusedError(
                ErrCode.BAD_PARAMETER, "downloads accept only GET and HEAD", close=True
            )
        of_document = target.path.startswith(uploads.DOC_PATH)
        fileid = unquote(target.path.removeprefix(uploads.DOC_PATH).removeprefix(FILES_PATH))
        cookie = request.cookies.get(COOKIE_NAME, "")
        if not of_document and not self._cookies.is_good(cookie, fileid):
            return envelope.forbidden()
        download = await self.context.run(
            partial(self._open, Wanted.of(request), of_document=of_document), fileid
        )
        with download.file:
            return await send_download(
                request,
                download,
                self.headers(exchange),
                read=partial(self.context.run, download.file.read),
                idle_timeout=self.context.settings.limits.idle_timeout,
            )

    def _open(self, wanted: Wanted, fileid: str, *, of_document: bool) -> Download:
        entry = self.context.store.database.read(
            lambda connection: entries.find(connection, fileid)
        )
        if entry.content is None or entry.key.space.startswith("doc.") is not of_document:
            raise RefusedError(ErrCode.NO_SUCH_FILE, "the file does not exist")
        return _prepared(self.context, entry, wanted)


def _prepared(context: Context, entry: Entry, wanted: Wanted) -> Download:
    content = entry.content
    if content is None:
        raise RefusedError(ErrCode.NOT_A_PLAIN_FILE, "fileid is a folder, not a file")
    try:
        file = context.store.files.open(content.file)
    except FileNotFoundError:
        raise RefusedError(ErrCode.FILE_DELETED, "the file has just been deleted") from None
    version = Version(f'"{content.sha1}"', entry.modified)
    return prepare_download(file, content.size, version, {}, wanted)
