"""The journal: what a transfer that died leaves behind for the next one, in one small SQLite file.

It remembers parts lists and digests by the identity of the file, so that nothing is hashed twice,
and unfinished uploads by their destination. It is a cache: the server is still asked what it has
if it can tell, and losing the journal costs hashing a file again. It has four rules:

- **It never fails its caller.** If the file is damaged, locked, full, read-only, or written by a
  later version, one `JournalWarning` says so, and from then on that `Journal` remembers nothing.
  It waits at most a second for other processes, and never for the disk.
- **It never lies.** Each row carries a digest of itself, since SQLite does not notice a flipped
  bit in a row. The list of a file that may have changed unnoticed is not kept; see `FileIdentity`.
- **It takes nothing that is not its own.** A SQLite file of another program is left alone. A
  damaged file is moved aside, to make room for a new one, only if it has the journal's name.
- **It keeps no credentials.** It keeps the names of files and sessions, and only its user can read
  them.
"""

from __future__ import annotations

from cosfast.transfer.journal.journal import (
    DEFAULT_JOURNAL,
    NO_JOURNAL,
    DefaultJournal,
    Journal,
    JournalWarning,
    default_path,
    journal_of,
)
from cosfast.transfer.journal.records import FileIdentity, RememberedUpload

__all__ = [
    "DEFAULT_JOURNAL",
    "NO_JOURNAL",
    "DefaultJournal",
    "FileIdentity",
    "Journal",
    "JournalWarning",
    "RememberedUpload",
    "default_path",
    "journal_of",
]
