"""The table of operations: what runs for an `op`, and which signature it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.operations import (
    folders,
    objects,
    relocation,
    slice_begin,
    slice_data,
    slice_finish,
    slice_older,
)

if TYPE_CHECKING:
    from cosfast.emulator.operations.context import Run
    from cosfast.emulator.wire.forms import Form
    from cosfast.emulator.wire.signatures import Signature


class SignedFor(Enum):
    """How often an operation's signature may be used (PROTOCOL.md section 2)."""

    REUSE = "reusable"
    ONE_USE = "once"
    EITHER = "either"  # the SDKs differ

    def require(self, signature: Signature) -> None:
        """Refuse a signature of the other kind."""
        if self is SignedFor.REUSE:
            signature.require_reusable()
        elif self is SignedFor.ONE_USE:
            signature.require_once()


@dataclass(frozen=True)
class Operation:
    """One `op`. `writes` keeps it from being run by a GET."""

    name: str
    run: Run
    signed_for: SignedFor = SignedFor.REUSE
    writes: bool = True


_TABLE = (
    Operation("upload_slice_init", slice_begin.init),
    Operation("upload_slice_list", slice_begin.list_slices, writes=False),
    Operation("upload_slice_data", slice_data.data),
    Operation("upload_slice_finish", slice_finish.finish),
    Operation("upload_slice", slice_older.step),
    Operation("upload", objects.upload),
    Operation("stat", objects.stat, writes=False),
    Operation("update", objects.update, SignedFor.ONE_USE),
    Operation("delete", objects.delete, SignedFor.ONE_USE),
    Operation("create", folders.create),
    Operation("list", folders.list_folder, writes=False),
    Operation("move", relocation.move, SignedFor.EITHER),
    Operation("copy", relocation.copy, SignedFor.EITHER),
)
_BY_NAME = {operation.name: operation for operation in _TABLE}

OPERATION_NAMES = frozenset(_BY_NAME)
"""Every `op` that this server knows."""


def find_operation(form: Form, method: str) -> Operation:
    """Look up the form's `op`.

    Raises:
        RefusedError: code -5980 without one, -5993 for one that is unknown or that a
            request of this method cannot ask for.
    """
    name = form.text("op").strip()
    if not name:
        raise RefusedError(Code.OP_MISSING, "op is missing")
    operation = _BY_NAME.get(name)
    if operation is None:
        raise RefusedError(Code.BAD_FORM, f"unknown op: {name[:80]!r}")
    if operation.writes and method != "POST":
        raise RefusedError(Code.BAD_FORM, f"op {name!r} needs a POST")
    return operation
