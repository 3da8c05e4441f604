"""One line a request, with its timing and id, and never anything from which to sign."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp.web import BaseRequest

logger: logging.Logger = logging.getLogger("cosfast.emulator")


@dataclass
class Exchange:
    """What the log says of one request. Sizes are in bytes; `-` stands for nothing known."""

    request_id: str
    method: str
    target: str
    op: str = "-"
    code: int = 0
    began: float = field(default_factory=time.perf_counter)

    def log(self, request: BaseRequest, *, status: int, sent: int | None = None) -> None:
        """Write the line. The query is left out: it may hold a signature."""
        path = self.target.partition("?")[0].encode("ascii", "backslashreplace").decode("ascii")
        logger.info(
            "%s %s op=%s status=%d code=%d received=%d sent=%d ms=%.1f id=%s",
            self.method,
            path,
            self.op,
            status,
            self.code,
            request.content.total_bytes,
            sent or 0,
            (time.perf_counter() - self.began) * 1000,
            self.request_id,
        )
