"""The shell blocks that no test runs, each with its reason. The list has to be exact."""

from __future__ import annotations

_BUILDS = "it builds the tree anew; the tests may stand elsewhere than in it"
_INSTALLS = "it installs what the tests run in"
_CONTAINER = "it needs a container engine; test_containerfile.py tests what it runs"
_ACCOUNT = "it sets an account that only the reader has"

_ENVIRONMENT = ("python3 -m venv .venv", ". .venv/bin/activate")
_WITH_EMULATOR = (*_ENVIRONMENT, "pip install -e '.[cli,emulator]'")
_WITHOUT_EMULATOR = (*_ENVIRONMENT, "pip install -e '.[cli]'")
_WHEEL = ('pip install "$(ls dist/cosfast-*.whl)[cli,emulator]"',)
_DOCKER = (
    "docker build -f docs/Containerfile -t cosfast-emulator .",
    "docker run --rm -p 127.0.0.1:8080:8080 cosfast-emulator",
)
_CORPORATION = ("export COSFAST_WEDRIVE_CORPID=ww... COSFAST_WEDRIVE_SECRET=...",)

NOT_RUN = {
    ("README.md", _WITH_EMULATOR): _INSTALLS,
    ("README.md", ("make demo", "make test")): _BUILDS,
    ("README.zh-CN.md", _WITH_EMULATOR): _INSTALLS,
    ("README.zh-CN.md", ("make demo", "make test")): _BUILDS,
}
for _folder in ("docs/", "docs/zh/"):
    NOT_RUN |= {
        (f"{_folder}getting-started.md", _WITH_EMULATOR): _INSTALLS,
        (f"{_folder}getting-started.md", _WHEEL): _INSTALLS,
        (f"{_folder}testing.md", _DOCKER): _CONTAINER,
        (f"{_folder}wedrive.md", _WITHOUT_EMULATOR): _INSTALLS,
        (f"{_folder}wedrive.md", _CORPORATION): _ACCOUNT,
    }


def is_not_run(block):
    """Tell whether a block is one of them."""
    return block.language == "sh" and (block.page, block.commands) in NOT_RUN
