"""SHA-1 with exportable chaining states, and COS v4 slice uploads that use them.

Each public name is imported when it is first used, so code that only hashes does not load requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.lazy import lazy_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.cosv4 import (
        Client,
        DownloadResult,
        UploadJob,
        UploadOptions,
        UploadResult,
    )
    from cosfast.cosv4.credentials import Credentials
    from cosfast.cosv4.protocol.stats import Authority, ObjectStat
    from cosfast.errors import (
        AnswerError,
        AuthenticationError,
        Cancelled,
        ContentMismatchError,
        CosError,
        DeadlineExceeded,
        DeletionRefused,
        ExistsError,
        InputError,
        IntegrityError,
        IntegrityRefusal,
        MismatchError,
        NotFoundError,
        OtherUploadError,
        RequestError,
        ServerError,
        SessionError,
        SourceChanged,
        ThrottledError,
        TransportError,
        TransportTimeout,
        UnfinishedUploadError,
        UnfinishedUploadRefusal,
    )
    from cosfast.hashing.dispatch import Kernels, kernels
    from cosfast.hashing.hashes import Sha1, Sha256, new, sha1, sha256
    from cosfast.hashing.state import Sha1State, Sha256State
    from cosfast.parts.build import PartsBuilder, extend, uploadparts
    from cosfast.parts.formats import SLICE_SIZE, WEDRIVE_BLOCK_SIZE
    from cosfast.parts.many import uploadparts_many, verify_many
    from cosfast.parts.model import UploadPart, UploadParts
    from cosfast.parts.verify import verify
    from cosfast.sync.filters import Filter
    from cosfast.sync.job import sync_down, sync_up
    from cosfast.sync.results import SyncAction, SyncStep
    from cosfast.transfer.cancellation import CancelToken
    from cosfast.transfer.journal import NO_JOURNAL, Journal, JournalWarning
    from cosfast.transfer.options import DownloadOptions
    from cosfast.transfer.retry import NO_RETRY, RetryPolicy

__version__ = "0.1.0"

__all__ = [
    "NO_JOURNAL",
    "NO_RETRY",
    "SLICE_SIZE",
    "WEDRIVE_BLOCK_SIZE",
    "AnswerError",
    "AuthenticationError",
    "Authority",
    "CancelToken",
    "Cancelled",
    "Client",
    "ContentMismatchError",
    "CosError",
    "Credentials",
    "DeadlineExceeded",
    "DeletionRefused",
    "DownloadOptions",
    "DownloadResult",
    "ExistsError",
    "Filter",
    "InputError",
    "IntegrityError",
    "IntegrityRefusal",
    "Journal",
    "JournalWarning",
    "Kernels",
    "MismatchError",
    "NotFoundError",
    "ObjectStat",
    "OtherUploadError",
    "PartsBuilder",
    "RequestError",
    "RetryPolicy",
    "ServerError",
    "SessionError",
    "Sha1",
    "Sha1State",
    "Sha256",
    "Sha256State",
    "SourceChanged",
    "SyncAction",
    "SyncStep",
    "ThrottledError",
    "TransportError",
    "TransportTimeout",
    "UnfinishedUploadError",
    "UnfinishedUploadRefusal",
    "UploadJob",
    "UploadOptions",
    "UploadPart",
    "UploadParts",
    "UploadResult",
    "extend",
    "kernels",
    "new",
    "sha1",
    "sha256",
    "sync_down",
    "sync_up",
    "uploadparts",
    "uploadparts_many",
    "verify",
    "verify_many",
]

_HOMES = {
    "cosfast.cosv4": (
        "Client",
        "DownloadResult",
        "UploadJob",
        "UploadOptions",
        "UploadResult",
    ),
    "cosfast.cosv4.credentials": ("Credentials",),
    "cosfast.errors": (
        "AnswerError",
        "AuthenticationError",
        "Cancelled",
        "ContentMismatchError",
        "CosError",
        "DeadlineExceeded",
        "DeletionRefused",
        "ExistsError",
        "InputError",
        "IntegrityError",
        "IntegrityRefusal",
        "MismatchError",
        "NotFoundError",
        "OtherUploadError",
        "RequestError",
        "ServerError",
        "SessionError",
        "SourceChanged",
        "ThrottledError",
        "TransportError",
        "TransportTimeout",
        "UnfinishedUploadError",
        "UnfinishedUploadRefusal",
    ),
    "cosfast.hashing.dispatch": ("Kernels", "kernels"),
    "cosfast.hashing.hashes": ("Sha1", "Sha256", "new", "sha1", "sha256"),
    "cosfast.hashing.state": ("Sha1State", "Sha256State"),
    "cosfast.parts.build": ("PartsBuilder", "extend", "uploadparts"),
    "cosfast.parts.many": ("uploadparts_many", "verify_many"),
    "cosfast.parts.formats": ("SLICE_SIZE", "WEDRIVE_BLOCK_SIZE"),
    "cosfast.parts.model": ("UploadPart", "UploadParts"),
    "cosfast.parts.verify": ("verify",),
    "cosfast.cosv4.protocol.stats": ("Authority", "ObjectStat"),
    "cosfast.sync.filters": ("Filter",),
    "cosfast.sync.job": ("sync_down", "sync_up"),
    "cosfast.sync.results": ("SyncAction", "SyncStep"),
    "cosfast.transfer.journal": ("NO_JOURNAL", "Journal", "JournalWarning"),
    "cosfast.transfer.cancellation": ("CancelToken",),
    "cosfast.transfer.options": ("DownloadOptions",),
    "cosfast.transfer.retry": ("NO_RETRY", "RetryPolicy"),
}

__getattr__: Callable[[str], object]
__dir__: Callable[[], list[str]]
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
