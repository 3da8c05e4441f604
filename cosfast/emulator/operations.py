"""The table of operations: what runs for an `op`, and which signature it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Callable

from cosfast.emulator.errors import RefusedError
from cosfast.protocol.codes import Code

if TYPE_CHECKING:
    from cosfast.emulator.addressing import Place
    from cosfast.emulator.content import Content
    from cosfast.emulator.folders import Folders
    from cosfast.emulator.forms import Form
    from cosfast.emulator.objects import Objects
    from cosfast.emulator.relocation import Relocation
    from cosfast.emulator.signatures import Signature
    from cosfast.emulator.uploads import SliceUploads

Run = Callable[["Place", "Form", "Content"], Mapping[str, object]]


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


class Operations:
    """Finds the operation that a form asks for."""

    def __init__(
        self, uploads: SliceUploads, objects: Objects, folders: Folders, relocation: Relocation
    ) -> None:
        table = (
            Operation("upload_slice_init", uploads.init),
            Operation("upload_slice_list", uploads.list, writes=False),
            Operation("upload_slice_data", uploads.data),
            Operation("upload_slice_finish", uploads.finish),
            Operation("upload_slice", uploads.step),
            Operation("upload", objects.upload),
            Operation("stat", objects.stat, writes=False),
            Operation("update", objects.update, SignedFor.ONE_USE),
            Operation("delete", objects.delete, SignedFor.ONE_USE),
            Operation("create", folders.create),
            Operation("list", folders.list, writes=False),
            Operation("move", relocation.move, SignedFor.EITHER),
            Operation("copy", relocation.copy, SignedFor.EITHER),
        )
        self._by_name = {operation.name: operation for operation in table}

    def find(self, form: Form, method: str) -> Operation:
        """Look up the form's `op`.

        Raises:
            RefusedError: code -5980 without one, -5993 for one that is unknown or that a
                request of this method cannot ask for.
        """
        name = form.text("op").strip()
        if not name:
            raise RefusedError(Code.OP_MISSING, "op is missing")
        operation = self._by_name.get(name)
        if operation is None:
            raise RefusedError(Code.BAD_FORM, f"unknown op: {name[:80]!r}")
        if operation.writes and method != "POST":
            raise RefusedError(Code.BAD_FORM, f"op {name!r} needs a POST")
        return operation
