"""The page of the protocol has every code as the client takes it."""

from __future__ import annotations

import re

from docs.documents import text_of

from cosfast.cosv4.protocol.codes import RETRYABLE_CODES, Code
from cosfast.cosv4.protocol.errors import server_error

_ROW = re.compile(r"^\| (-\d+) \| .+ \| `(\w+)` \| (yes)? ?\|$", re.MULTILINE)


def test_the_table_of_codes():
    rows = {
        int(code): (kind, bool(again))
        for code, kind, again in _ROW.findall(text_of("docs/protocol.md"))
    }
    assert rows == {
        int(code): (type(server_error(code, "", "", 200)).__name__, code in RETRYABLE_CODES)
        for code in Code
        if code is not Code.SUCCESS
    }
