"""A local server for tests of what talks to one, and a client of it."""

from __future__ import annotations

import cosfast

CREDENTIALS = cosfast.Credentials("1250000000", "id-for-tests", "key-that-must-not-show")
QUICK = cosfast.RetryPolicy(tries=4, base_delay=0.001, max_delay=0.002)
BUCKET = "bucket"


def start_emulator(root=None, **options):
    from cosfast.emulator import Emulator

    return Emulator(
        root,
        appid=CREDENTIALS.appid,
        secret_id=CREDENTIALS.secret_id,
        secret_key=CREDENTIALS.secret_key,
        **options,
    )


def connect(endpoint, **options):
    return cosfast.Client(
        CREDENTIALS, endpoint=endpoint, **{"retry": QUICK, "journal": None, **options}
    )
