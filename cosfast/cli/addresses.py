"""`cos://BUCKET/PATH` on the command line, and `UsageError` for operands that make no sense."""

from __future__ import annotations

from typing import NamedTuple

SCHEME = "cos://"
_SCHEMES = (SCHEME, "cosv4://")  # the second as fsspec has it

_WILDCARDS = frozenset("*?")


class UsageError(Exception):
    """The operands and flags do not fit together; exit code 2."""


class Address(NamedTuple):
    """A parsed ``cos://BUCKET/PATH``.

    Attributes:
        bucket: The bucket's name.
        path: Begins with ``/``; a folder's ends in ``/`` too, and ``/`` alone is the root.
    """

    bucket: str
    path: str

    @property
    def is_folder(self) -> bool:
        """Whether it can only be a folder; without the ``/`` at its end it may still be one."""
        return self.path.endswith("/")

    @property
    def is_pattern(self) -> bool:
        """Whether the path has ``*`` or ``?``, which no name of a file can have."""
        return not _WILDCARDS.isdisjoint(self.path)

    @property
    def name(self) -> str:
        """The last segment of the path."""
        return self.path.rstrip("/").rpartition("/")[2]

    @property
    def parent(self) -> str:
        """The path of the folder that contains it."""
        return self.path.rstrip("/").rpartition("/")[0] + "/"

    @property
    def as_folder(self) -> Address:
        """The address of the folder of this name."""
        return self if self.is_folder else self._replace(path=self.path + "/")

    def below(self, name: str) -> Address:
        """Return the address of `name` in this folder; if this is not a folder, itself."""
        return self._replace(path=self.path + name) if self.is_folder else self

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}{self.path}"


Operand = Address | str
"""An address in a bucket, or a local path as it was given."""


def parse_address(text: str) -> Address:
    """Parse ``cos://BUCKET/PATH`` or ``cosv4://...``; the client checks the bucket and the path.

    Raises:
        UsageError: If it has another form.
    """
    scheme = next(filter(text.startswith, _SCHEMES), None)
    bucket, _, path = text[len(scheme or "") :].partition("/")
    if scheme is None or not bucket:
        raise UsageError(f"{text!r} is not of the form cos://BUCKET/PATH")
    return Address(bucket, f"/{path}")


def parse_operand(text: str) -> Operand:
    """Parse an address as `parse_address` does; return anything else as it is, a local path.

    Raises:
        UsageError: If it begins with ``cos://`` and has no bucket.
    """
    return parse_address(text) if text.startswith(_SCHEMES) else text
