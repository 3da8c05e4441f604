"""The error codes of the service (WEDRIVE.md, "Error codes").

Only this table is shared by the client and the emulator.
"""

from __future__ import annotations

from enum import IntEnum


class ErrCode(IntEnum):
    """An `errcode`; 0 means success."""

    BUSY = -1
    OK = 0

    # The access token and the credentials that it is fetched with
    BAD_SECRET = 40001
    BAD_CORPID = 40013
    INVALID_TOKEN = 40014
    OTHER_SECRET = 40091
    TOKEN_MISSING = 41001
    TOKEN_EXPIRED = 42001

    # Limits
    TOO_MANY_CALLS = 45009
    TOO_MANY_AT_ONCE = 45033

    # The app
    NO_PERMISSION = 48002
    IP_NOT_ALLOWED = 60020

    # WeDrive
    NO_SUCH_SPACE = 640001
    NO_SUCH_FILE = 640002
    FILE_DELETED = 640003
    NO_RIGHT = 640004
    SPACE_FULL = 640006
    CORPORATION_FULL = 640007
    NO_RIGHT_TO_SPACE = 640008
    BAD_NAME = 640009
    BAD_JSON = 640011
    API_OFF = 640017
    API_OFF_FOR_APP = 640018
    QUOTA_USED_UP = 640019
    BAD_FATHERID = 640021
    BAD_BASE64 = 640022
    BAD_FILEID = 640024
    BAD_SPACEID = 640026
    BAD_PARAMETER = 640027
    NOT_A_PLAIN_FILE = 640029
