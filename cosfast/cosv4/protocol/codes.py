"""The server's result codes (PROTOCOL.md, section 7).

This table is the only code that the client and the emulator share. Everything else is implemented
twice, so that tests find where the two interpret the documents differently.
"""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """A result code: 0 is success, everything else is negative."""

    SUCCESS = 0

    # -60..-99: signature and proxy
    BUCKET_MISMATCH = -61
    APPID_MISMATCH = -62
    FILEID_MISMATCH = -63
    PROXY_BUSY = -66
    TOO_MANY_REQUESTS = -71
    ONCE_WITH_EXPIRY = -73
    REUSABLE_WITHOUT_EXPIRY = -74
    ONCE_USED_AGAIN = -77
    UNKNOWN_SECRET_ID = -79
    BAD_APPID = -80
    SIGNATURE_MISSING = -81
    SIGNATURE_EXPIRED = -96
    SIGNATURE_WRONG = -97

    # -150..-300: index and store
    INDEX_BUSY = -152
    INDEX_MISSING = -166
    FOLDER_NOT_EMPTY = -173
    SHA_DIFFERS = -174
    SIZE_DIFFERS = -175
    ALREADY_EXISTS = -177
    PATH_CONFLICT = -178
    BAD_PATH = -180
    STORE_BUSY = -196
    NOT_FOUND = -197
    SLICE_SIZE_DIFFERS = -284
    TOO_LARGE = -285
    BAD_SESSION = -290
    BACKEND_BUSY = -300

    # -4000..-4999: upload sessions
    DISK_FULL = -4004
    SESSION_UNREADABLE = -4013
    SAME_OFFSET_AGAIN = -4015
    SLICE_SHA_MISMATCH = -4016
    UPLOAD_BUSY = -4017
    SAME_FILE_EXISTS = -4018
    UNFINISHED_UPLOAD = -4019
    OFFSET_WENT_BACK = -4024
    STORE_TIMED_OUT = -4025
    INDEX_DELETED = -4026
    UPLOAD_AGAIN = -4027

    # -5000..-5999: the shape of the request
    FILESIZE_MISSING = -5971
    OTHER_BUCKET = -5973
    SHA_MISSING = -5979
    OP_MISSING = -5980
    WRONG_SESSION = -5983
    SHA1_MISMATCH = -5984
    GATEWAY_BUSY = -5989
    FILECONTENT_MISSING = -5990
    SLICE_TOO_LARGE = -5991
    BAD_FORM = -5993
    BACKEND_NETWORK = -5997

    # finish
    FINISH_SHA_MISSING = -29094


RETRYABLE_CODES = frozenset(
    {
        Code.TOO_MANY_REQUESTS,
        Code.PROXY_BUSY,
        Code.INDEX_BUSY,
        Code.STORE_BUSY,
        Code.BACKEND_BUSY,
        Code.UPLOAD_BUSY,
        Code.OFFSET_WENT_BACK,
        Code.STORE_TIMED_OUT,
        Code.GATEWAY_BUSY,
        Code.BACKEND_NETWORK,
    }
)
"""Codes after which the same request may be sent again (PROTOCOL.md, section 7, "Retry")."""
