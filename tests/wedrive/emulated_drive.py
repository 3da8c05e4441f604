"""A local server of WeDrive for tests, and a client of it."""

from __future__ import annotations

from emulated import QUICK

from cosfast import wedrive

CORPID, SECRET = "ww-corp-for-tests", "secret-of-the-app-that-must-not-show"
SPACE = "s.ww1"


def start_drive(root=None, **options):
    from cosfast.emulator import Emulator

    return Emulator(root, corpid=CORPID, corpsecret=SECRET, **options)


def connect(endpoint, token=None, **options):
    token = wedrive.CorpToken(CORPID, SECRET) if token is None else token
    return wedrive.Client(token, endpoint=endpoint, **{"retry": QUICK, "journal": None, **options})
