"""`/_emulator/faults`: the queue over HTTP, for tests in other languages. Only where asked for.

POST adds a fault, or a list of them, as application/json: ``{"operation": "upload_slice_data",
"fault": "status", "status": 503, "times": 2}``. GET tells which wait and which have fired. DELETE
forgets all. Browsers send neither of the two for a foreign page without a permission that is never
given here, see `control`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from cosfast.emulator.faults.kinds import fault_from
from cosfast.emulator.faults.queue import check_entry
from cosfast.emulator.wire.body import read_whole
from cosfast.emulator.wire.values import load_json

if TYPE_CHECKING:
    from cosfast.emulator.faults.kinds import Fault
    from cosfast.emulator.faults.queue import FaultQueue
    from cosfast.emulator.settings import Limits

PATH = "/_emulator/faults"
_MAX_BODY = 64 * 1024
_JSON = "application/json"


async def answer(request: web.BaseRequest, faults: FaultQueue, limits: Limits) -> web.Response:
    """Answer a request to `PATH`; a malformed one gets status 400 and changes nothing.

    Raises:
        RefusedError: If the body does not come, or is too large.
    """
    try:
        if request.method == "POST":
            if request.content_type != _JSON:
                return web.json_response({"error": f"the Content-Type must be {_JSON}"}, status=415)
            _add_all(await read_whole(request, limits, _MAX_BODY), faults)
        elif request.method == "DELETE":
            faults.clear()
        elif request.method != "GET":
            return web.json_response({"error": "GET, POST or DELETE"}, status=405)
    except (ValueError, TypeError) as exc:
        return web.json_response({"error": str(exc)}, status=400)
    return web.json_response(faults.describe())


def _add_all(body: bytes, faults: FaultQueue) -> None:
    document = load_json(body)
    entries = [_read(entry) for entry in (document if isinstance(document, list) else [document])]
    for operation, _, times in entries:
        check_entry(operation, times)  # all of them first, so that all are added or none
    for operation, fault, times in entries:
        faults.add(operation, fault, times=times)


def _read(entry: object) -> tuple[str, Fault, int]:
    if not isinstance(entry, dict):
        raise ValueError("a fault is a JSON object")  # noqa: TRY004 - the document is at fault
    attributes = dict(entry)
    operation, times = attributes.pop("operation", None), attributes.pop("times", 1)
    if not isinstance(operation, str):
        raise ValueError("a fault has an operation")  # noqa: TRY004 - as above
    return operation, fault_from(attributes), times
