"""The journal: what an upload that died leaves behind for the next one, in one small SQLite file.

It remembers parts lists and SHA-1s by the identity of the file, so that nothing is hashed twice,
and unfinished uploads by their destination. It is a cache and no more: the server is still asked
what it has, and losing the journal costs a file's hashing. Hence its rules:

- **It never fails its caller.** Damaged, locked, full, read-only, in no folder, of a later
  version: each is told once, by a `JournalWarning`, and from then on that `Journal` remembers
  nothing. It waits a second for other processes, and never for the disk.
- **It never lies.** Each row is sealed with a digest, since SQLite does not notice a flipped bit
  in a row. A list of a file that may have changed unseen is not taken; see `FileIdentity`.
- **It takes nothing that is not its own.** A SQLite file of another program is left alone. A
  damaged file is moved aside, for a new one to take its place, only if it has the journal's name.
- **It keeps no secret.** No key and no signature is ever given to it. What it keeps, names of
  files and sessions, only its user can read.
"""

from __future__ import annotations

from cosfast.transfer.journal.journal import NO_JOURNAL, Journal, JournalWarning
from cosfast.transfer.journal.place import default_path
from cosfast.transfer.journal.records import Destination, FileIdentity, RememberedUpload

__all__ = [
    "NO_JOURNAL",
    "Destination",
    "FileIdentity",
    "Journal",
    "JournalWarning",
    "RememberedUpload",
    "default_path",
]
