"""Calls to a client, a line of JSON each, from standard input; the answers on standard output.

Runs inside a client's own environment, so it stands on the standard library alone, and for the
oldest of them on that of Python 2. The first line holds the settings.
"""

import json
import sys


def serve(connect):
    """Answer until the input ends; `connect` makes of the settings what carries out a call."""
    answers, sys.stdout = sys.stdout, sys.stderr  # clients print what they like
    carry_out = connect(json.loads(sys.stdin.readline()))
    for line in iter(sys.stdin.readline, ""):  # Python 2's own iteration reads ahead
        answers.write(json.dumps(_answer(carry_out, json.loads(line))) + "\n")
        answers.flush()


def _answer(carry_out, call):
    try:
        returned = carry_out(call["method"], *call["args"], **call["options"])
    except Exception as error:  # noqa: BLE001 - the test judges what a client raises
        return {"raised": type(error).__name__ + ": " + str(error)}
    return {"returned": returned}
