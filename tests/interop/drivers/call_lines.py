"""Calls to a client, a line of JSON each, from standard input; the answers on standard output.

Runs inside a client's own virtual environment, so it stands on the standard library alone. The
first line holds the settings.
"""

from __future__ import annotations

import json
import sys


def serve(connect):
    """Answer until the input ends; `connect` makes of the settings what carries out a call."""
    answers, sys.stdout = sys.stdout, sys.stderr  # clients print what they like
    carry_out = connect(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        print(json.dumps(_answer(carry_out, json.loads(line))), file=answers, flush=True)


def _answer(carry_out, call):
    try:
        returned = carry_out(call["method"], *call["args"], **call["options"])
    except Exception as error:  # noqa: BLE001 - the test judges what a client raises
        return {"raised": f"{type(error).__name__}: {error}"}
    return {"returned": returned}
