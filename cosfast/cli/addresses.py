"""`cos://BUCKET/PATH` on the command line."""

from __future__ import annotations

from typing import NamedTuple

from cosfast.cli.usage import UsageError

SCHEME = "cos://"


class Address(NamedTuple):
    """Where ``cos://BUCKET/PATH`` points.

    Attributes:
        bucket: its name.
        path: begins with ``/``; a folder's ends with it too, and ``/`` alone is the root.
    """

    bucket: str
    path: str

    @property
    def is_folder(self) -> bool:
        """Whether it can only be a folder; without the ``/`` at the end it may be one yet."""
        return self.path.endswith("/")

    @property
    def name(self) -> str:
        """The last segment."""
        return self.path.rstrip("/").rpartition("/")[2]

    @property
    def parent(self) -> str:
        """The path of the folder that it is in."""
        return self.path.rstrip("/").rpartition("/")[0] + "/"

    @property
    def as_folder(self) -> Address:
        """The folder of this name."""
        return self if self.is_folder else self._replace(path=self.path + "/")

    def below(self, name: str) -> Address:
        """Return the address of `name` in this folder; this itself where it is none."""
        return self._replace(path=self.path + name) if self.is_folder else self

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}{self.path}"


Operand = Address | str
"""A word that names a place: in a bucket, or, as it was given, in the local file system."""


def parse_address(text: str) -> Address:
    """Read ``cos://BUCKET/PATH``; what a bucket and a path may be is the client's to say.

    Raises:
        UsageError: where it is not of this form.
    """
    bucket, _, path = text[len(SCHEME) :].partition("/")
    if not text.startswith(SCHEME) or not bucket:
        raise UsageError(f"{text!r} is not of the form cos://BUCKET/PATH")
    return Address(bucket, f"/{path}")


def parse_operand(text: str) -> Operand:
    """Read ``cos://BUCKET/PATH``, or leave a local path as it is.

    Raises:
        UsageError: where it begins like the first and is not of its form.
    """
    return parse_address(text) if text.startswith(SCHEME) else text
