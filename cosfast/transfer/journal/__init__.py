"""The journal: a small SQLite file from which a later process resumes interrupted transfers.

It stores parts lists and digests by the identity of the file, so that no file is hashed twice, and
unfinished uploads by their destination. It is a cache: a server that can list its parts is still
asked, and without the journal a file is hashed again. It has four rules:

- **It never makes a transfer fail.** If the file is damaged, locked, full, read-only, or written by
  a later version, one `JournalWarning` is issued, and that `Journal` stores nothing from then on.
  It waits at most a second for other processes, and never for the disk.
- **It never returns wrong data.** Each row contains a digest of its values, since SQLite does not
  detect a flipped bit in a row. The list of a file that may change without a trace is not stored;
  see `FileIdentity`.
- **It changes no other files.** A SQLite file of another program is not touched. A damaged file is
  renamed, to make room for a new one, only if it has the journal's name.
- **It stores no credentials.** It stores the names of files and sessions, readable only by its
  user.
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
