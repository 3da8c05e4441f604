"""The shell blocks that no test runs, each with its reason. The list has to be exact."""

from __future__ import annotations

_BUILDS = "it builds the tree anew; the tests may stand elsewhere than in it"
_INSTALLS = "it installs what the tests run in"

NOT_RUN = {
    ("README.md", ("make demo", "make test")): _BUILDS,
    ("README.zh-CN.md", ("make demo", "make test")): _BUILDS,
    ("docs/getting-started.md", ("pip install 'cosfast[cli,emulator]'",)): _INSTALLS,
}


def is_not_run(block):
    """Tell whether a block is one of them."""
    return block.language == "sh" and (block.page, block.commands) in NOT_RUN
