"""`Page`: runs the blocks of one page, as a reader would who goes through it from the top."""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import os
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from docs.documents import ROOT, Block, regions_of
from docs.not_run import is_not_run
from sybil.document import Document
from sybil.evaluators.python import PythonEvaluator

_OPTIONAL = (
    "argcomplete",
    "check_jsonschema",
    "dask",
    "distributed",
    "fsspec",
    "pandas",
    "pyarrow",
    "tqdm",
    "yaml",
)
_COMMANDS_NEED = {"cosfast completion": "argcomplete"}
_TIMEOUT = 120  # seconds for a shell block
_CHECKER = doctest.OutputChecker()
_SOURCES = ROOT / "csrc"


class Missing(Exception):
    """A block needs something that need not be installed."""


class Page:
    """Blocks share the names of Python, the variables of the shell, and a folder.

    Args:
        name: of the page, such as ``docs/parts.md``.
        folder: where everything happens.
    """

    def __init__(self, name, folder):
        self._name = name
        self._folder = folder
        self._python = PythonEvaluator()
        self._variables = folder / ".variables"
        self._groups = []  # of processes that go on in the background
        self._printed = None

    def run(self):
        """Run every block in order.

        Raises:
            Missing: where the rest of the page cannot run here; it says why.
        """
        document = Document.parse(str(ROOT / self._name), self._parse)
        document.namespace["__name__"] = "a_page"
        try:
            for example in document.examples():
                example.evaluate()
        finally:
            document.namespace.clear()

    def close(self):
        """End what blocks have left running."""
        for group in self._groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGTERM)

    def _parse(self, document):
        languages = {
            "python": self._run_python,
            "sh": self._run_shell,
            "c": self._run_c,
            "text": self._compare,
            "yaml": self._run_workflow,
        }
        for region in regions_of(document):
            language = region.lexemes["language"]
            if is_not_run(Block(self._name, language, str(region.parsed))):
                continue
            region.evaluator = languages[language]
            yield region

    def _run_python(self, example):
        _require(_imported(example.parsed))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            self._python(example)
        self._printed = printed.getvalue()

    def _run_shell(self, example):
        _require(module for words, module in _COMMANDS_NEED.items() if words in example.parsed)
        script = (
            f"set -eu -o pipefail\n[ ! -e {self._variables} ] || . {self._variables}\n"
            f"{example.parsed}\nexport -p > {self._variables}\n"
        )
        code = self._call(["bash", "-c", script])
        return f"exit code {code}: {self._printed}" if code else None

    def _run_c(self, example):
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None or not _SOURCES.is_dir():
            raise Missing("the C core's sources, or a compiler, are not here")
        program = self._folder / "block.c"
        program.write_text(example.parsed, "utf-8")
        core = sorted(map(str, _SOURCES.glob("*.c")))
        flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-DCOSFAST_PORTABLE", f"-I{_SOURCES}"]
        code = self._call([compiler, *flags, "-o", "block", str(program), *core, "-pthread"])
        code = code or self._call(["./block"])
        return self._printed if code else None

    def _run_workflow(self, example):
        """Validate a workflow of GitHub Actions, and run its commands except installations."""
        _require(["check_jsonschema", "yaml"])
        workflow = self._folder / "workflow.yaml"
        workflow.write_text(example.parsed, "utf-8")
        schema = ["--builtin-schema", "vendor.github-workflows"]
        code = self._call([sys.executable, "-m", "check_jsonschema", *schema, str(workflow)])
        for command in () if code else _commands_of(workflow):
            code = code or self._call(["bash", "-c", command])
        return f"exit code {code}: {self._printed}" if code else None

    def _compare(self, example):
        printed, self._printed = self._printed, None
        if printed is None:
            return "no block before it has printed this"
        wanted = doctest.Example("", example.parsed)
        if _CHECKER.check_output(wanted.want, printed, doctest.ELLIPSIS):
            return None
        return _CHECKER.output_difference(wanted, printed, doctest.ELLIPSIS)

    def _call(self, command):
        """Run a program to its end, though not to that of what it started; return its code."""
        output = self._folder / ".output"
        with output.open("wb") as sink:
            process = subprocess.Popen(
                command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            )
            try:
                code = process.wait(_TIMEOUT)
            finally:
                self._note_group(process)
        self._printed = output.read_text("utf-8")
        return code

    def _note_group(self, process):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 0)
            self._groups.append(process.pid)


def _commands_of(workflow):
    """Yield the commands of a workflow's steps that do not change what is installed."""
    import yaml

    for job in yaml.safe_load(workflow.read_text("utf-8"))["jobs"].values():
        commands = [step["run"] for step in job["steps"] if "run" in step]
        yield from (each for each in commands if "pip install" not in each)


def _require(modules):
    for module in modules:
        if module in _OPTIONAL and find_spec(module) is None:
            raise Missing(f"{module} is not installed")


def _imported(source):
    """Yield the modules that a block imports."""
    for node in ast.walk(ast.parse(source)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name.partition(".")[0] for name in names)
