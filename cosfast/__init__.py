"""SHA-1 states at the speed of the machine, and the COS v4 slice uploads that need them.

Hashing and parts are here at once; the client, which needs requests, is imported when one of its
names is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.errors import (
    AnswerError,
    AuthenticationError,
    CosError,
    ExistsError,
    InputError,
    IntegrityError,
    NotFoundError,
    ServerError,
    SessionError,
    SourceChanged,
    ThrottledError,
    TransportError,
)
from cosfast.hashing.dispatch import Kernels, kernels
from cosfast.hashing.sha1 import Sha1, sha1
from cosfast.hashing.state import Sha1State
from cosfast.parts.build import PartsBuilder, extend, uploadparts
from cosfast.parts.model import SLICE_SIZE, UploadPart, UploadParts
from cosfast.parts.verify import verify

if TYPE_CHECKING:
    from cosfast.client import Client, UploadResult
    from cosfast.credentials import Credentials
    from cosfast.transport.retry import NO_RETRY, RetryPolicy

__version__ = "0.1.0"

__all__ = [
    "NO_RETRY",
    "SLICE_SIZE",
    "AnswerError",
    "AuthenticationError",
    "Client",
    "CosError",
    "Credentials",
    "ExistsError",
    "InputError",
    "IntegrityError",
    "Kernels",
    "NotFoundError",
    "PartsBuilder",
    "RetryPolicy",
    "ServerError",
    "SessionError",
    "Sha1",
    "Sha1State",
    "SourceChanged",
    "ThrottledError",
    "TransportError",
    "UploadPart",
    "UploadParts",
    "UploadResult",
    "extend",
    "kernels",
    "sha1",
    "uploadparts",
    "verify",
]

_LAZY = {
    "Client": "cosfast.client",
    "Credentials": "cosfast.credentials",
    "NO_RETRY": "cosfast.transport.retry",
    "RetryPolicy": "cosfast.transport.retry",
    "UploadResult": "cosfast.client",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only where a lazy name is asked for

    value = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
