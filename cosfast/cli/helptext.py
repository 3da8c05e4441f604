"""How a command's help is laid out: what it does, its words, examples."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

_WIDTH = 79


def describe(parser: argparse.ArgumentParser, text: str, *examples: str) -> None:
    """Set what stands above and below the words in the help.

    Args:
        parser: the command's; its formatter has to leave line breaks as they are.
        text: what the command does; paragraphs are divided by an empty line.
        examples: whole command lines.
    """
    paragraphs = textwrap.dedent(text).strip().split("\n\n")
    parser.description = "\n\n".join(textwrap.fill(each, _WIDTH) for each in paragraphs)
    parser.epilog = "examples:\n" + textwrap.indent("\n".join(examples), "  ")
