"""Once-signatures that have been used: one row each, for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cosfast.emulator.store.database import Transaction


def spend(tx: Transaction, digest: bytes) -> bool:
    """Use a once-signature up; False where it has been used before."""
    added = tx.execute("INSERT OR IGNORE INTO spent_signatures VALUES (?)", (digest,))
    return added.rowcount == 1
