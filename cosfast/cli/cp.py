"""`cosfast cp`: files copied within a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.cli.helptext import describe
from cosfast.cli.relocation import add_relocation_arguments, relocate

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `cp`."""
    describe(
        parser,
        "Copy files within a bucket, on the server: no bytes travel. Folders cannot be copied.",
        "cosfast cp cos://my-bucket/film.mp4 cos://my-bucket/videos/",
        "cosfast cp --overwrite cos://my-bucket/new.txt cos://my-bucket/current.txt",
    )
    add_relocation_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Copy each."""
    return relocate(options, "copied", lambda client: client.copy)
