"""`cosfast mv`: files moved within a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.cli.helptext import describe
from cosfast.cli.relocation import add_relocation_arguments, relocate

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `mv`."""
    describe(
        parser,
        "Give files another path in their bucket. Folders cannot be moved.",
        "cosfast mv cos://my-bucket/film.mp4 cos://my-bucket/videos/",
        "cosfast mv --overwrite cos://my-bucket/new.txt cos://my-bucket/current.txt",
    )
    add_relocation_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Move each."""
    return relocate(options, "moved", lambda client: client.move)
