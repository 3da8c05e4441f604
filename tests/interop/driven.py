"""A client that nobody here wrote, in a process of its own, called from a test."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from emulator.wire import APPID, SECRET_ID, SECRET_KEY

DRIVERS = Path(__file__).parent / "drivers"
TIME_LIMIT = 90.0  # seconds for one call and the client's start; a stuck client is ended


class ClientRaised(Exception):
    """What the client raised, as `Type: message`."""


class DrivenClient:
    """Methods of the client by their own names: `client.upload(...)`."""

    def __init__(self, command: list[str], environment: dict[str, str], settings: dict[str, Any]):
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **environment},
        )
        self._send(settings)

    def __enter__(self) -> DrivenClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(TIME_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def __getattr__(self, method: str) -> Any:
        return lambda *args, **options: self.call(method, *args, **options)

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        """Return what the client returned.

        Raises:
            ClientRaised: the client raised.
            RuntimeError: it ended, or did not answer in time.
        """
        self._send({"method": method, "args": args, "options": options})
        watchdog = threading.Timer(TIME_LIMIT, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        if not line:
            raise RuntimeError(f"the client ended, or was stuck, in {method}{args}")
        answer = json.loads(line)
        if "raised" in answer:
            raise ClientRaised(answer["raised"])
        return answer.get("returned")

    def _send(self, message: dict[str, Any]) -> None:
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()


def settings_for(endpoint: str, **changes: str) -> dict[str, str]:
    return {
        "address": urlsplit(endpoint).netloc,
        "appid": APPID,
        "secret_id": SECRET_ID,
        "secret_key": SECRET_KEY,
        "token": "local-token",
        **changes,
    }


def node_command(installed: Path, driver: str) -> tuple[list[str], dict[str, str]]:
    """`--no-deprecation`: the clients are older than the Node that runs them."""
    environment = {"NODE_PATH": str(installed / "node" / "node_modules"), "no_proxy": "*"}
    return ["node", "--no-deprecation", str(DRIVERS / driver)], environment


def python_command(python: Path, driver: str) -> tuple[list[str], dict[str, str]]:
    return [str(python), str(DRIVERS / driver)], {"no_proxy": "*"}


def jython_command(folder: Path, driver: str, proxy: str) -> tuple[list[str], dict[str, str]]:
    """`proxy`: where the client goes, whatever host it wants."""
    environment = {
        "JYTHONPATH": os.pathsep.join((str(folder / "client"), str(folder / "needs"))),
        "http_proxy": proxy,
        "no_proxy": "",
    }
    return ["jython", "-B", str(DRIVERS / driver)], environment
