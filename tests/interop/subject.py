"""What every client is asked to handle, so that their requests can be held against each other."""

from __future__ import annotations

import hashlib

FOLDER = "/d/"
NAME = "文件~(1).bin"
FILE = f"/d/{NAME}"
OTHER = "/d/other"
PREFIX = "ot"
PAGE = 1
LARGEST_PAGE = 1000
BIZ_ATTR = "mine"
AUTHORITY = "eWPrivateRPublic"
HEADERS = {"Content-Type": "text/x-mine", "x-cos-meta-note": "kept"}
SLICE_SIZE = 1048576
SMALL = b"twelve bytes"
LARGE = hashlib.shake_128(b"recorded").digest(SLICE_SIZE + 5)
