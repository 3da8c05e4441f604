"""A local PDS server that takes small parts, and clients of it."""

from __future__ import annotations

import cosfast
from cosfast import pds

TOKEN = "token-that-must-not-show"
DRIVE = "drive-1"
QUICK = cosfast.RetryPolicy(tries=4, base_delay=0.001, max_delay=0.002)
PART = 4096


def start_emulator(root=None, *, part_size=64, limits=None, **options):
    from cosfast.emulator import Emulator
    from cosfast.emulator.settings import Limits

    limits = Limits(pds_part_size=part_size, **(limits or {}))
    return Emulator(root, token=TOKEN, limits=limits, **options)


def connect(server, **options):
    endpoint = server if isinstance(server, str) else server.endpoint
    given = {"token": TOKEN, "retry": QUICK, "journal": None, **options}
    return pds.Client(endpoint=endpoint, drive_id=DRIVE, **given)
