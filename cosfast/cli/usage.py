"""What every command's words have in common: wrong usage, settings, `cos://` addresses."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cosfast.errors import InputError

if TYPE_CHECKING:
    import argparse

SCHEME = "cos://"


class UsageError(Exception):
    """The command line as a whole makes no sense; exit code 2."""


class Destination(NamedTuple):
    """Where ``cos://BUCKET/PATH`` points: a folder where the path is empty or ends in ``/``."""

    bucket: str
    path: str

    @property
    def is_folder(self) -> bool:
        """Whether a file's name is to be added."""
        return not self.path or self.path.endswith("/")


def parse_destination(text: str) -> Destination:
    """Read ``cos://BUCKET/PATH``.

    Raises:
        UsageError: where it is not of this form.
    """
    bucket, _, path = text[len(SCHEME) :].partition("/")
    if not text.startswith(SCHEME) or not bucket:
        raise UsageError(f"a destination is cos://BUCKET/PATH, not {text!r}")
    return Destination(bucket, path)


def add_server_options(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say which server is meant; secrets come from the environment alone."""
    parser.add_argument(
        "--endpoint", help="server address, such as http://127.0.0.1:8080 (or COSFAST_ENDPOINT)"
    )
    parser.add_argument("--region", help="region, such as gz (or COSFAST_REGION)")


def server_settings(options: argparse.Namespace) -> tuple[str | None, str | None]:
    """Return `endpoint` and `region`, from the flags, else from the environment.

    Raises:
        InputError: where neither is set.
    """
    endpoint = options.endpoint or os.environ.get("COSFAST_ENDPOINT")
    region = options.region or os.environ.get("COSFAST_REGION")
    if not (endpoint or region):
        raise InputError("no server is set: use --region, --endpoint, or their variables")
    return endpoint or None, region or None
