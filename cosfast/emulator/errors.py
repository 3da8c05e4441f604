"""What the server raises: at its start, and when an operation says no."""

from __future__ import annotations

from cosfast.cosv4.protocol.codes import Code
from cosfast.errors import CosError

_NOT_FOUND_CODES = frozenset({Code.NOT_FOUND, Code.INDEX_MISSING})
_FIRST_SIGNATURE_CODE, _LAST_SIGNATURE_CODE = -60, -99


class EmulatorError(CosError, RuntimeError):
    """The server cannot start, is not running, or did not stop; the message says why."""


class RootInUseError(EmulatorError):
    """Another server has the data folder."""


class SchemaError(EmulatorError):
    """The data folder cannot be read: a newer version wrote it, or it is damaged."""


class RefusedError(Exception):
    """A request that is answered with a failure envelope.

    `code` and `message` go into the envelope, `status` into the HTTP status line
    (200, 400, 403 and 404 are the ones clients know: PROTOCOL.md section 1).
    `close` asks for the connection to be closed after the answer, which is needed
    wherever the end of the request's body is in doubt (section 6, item 6).
    """

    def __init__(self, code: Code, message: str, *, close: bool = False) -> None:
        super().__init__(f"{int(code)}: {message}")
        self.code = code
        self.message = message
        self.close = close

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        if self.code is Code.BACKEND_NETWORK:
            return 500
        if self.code in _NOT_FOUND_CODES:
            return 404
        if _LAST_SIGNATURE_CODE <= self.code <= _FIRST_SIGNATURE_CODE:
            return 403
        return 400
