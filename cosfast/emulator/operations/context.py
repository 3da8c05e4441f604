"""What every operation is given: the server around it, and the call itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cosfast.emulator.operations.locks import NamedLocks

if TYPE_CHECKING:
    from cosfast.emulator.settings import Settings
    from cosfast.emulator.store import Store
    from cosfast.emulator.wire.addressing import Place
    from cosfast.emulator.wire.content import Content
    from cosfast.emulator.wire.forms import Form
    from cosfast.emulator.wire.links import Links


@dataclass(frozen=True)
class Context:
    """The parts of a running server that operations work with."""

    store: Store
    settings: Settings
    clock: Callable[[], float] = time.time
    slice_locks: NamedLocks = field(default_factory=NamedLocks)

    def now(self) -> int:
        """Whole seconds since 1970, as answers have them."""
        return int(self.clock())


@dataclass(frozen=True)
class Call:
    """One request for an operation: where, with which fields, and with which bytes.

    `links` builds the URLs of its answer. `slice_size` is the slice size of a session that this
    request opens, if it was chosen for this request alone.
    """

    place: Place
    form: Form
    content: Content
    links: Links
    slice_size: int | None = None


Answer = Mapping[str, object]
"""The `data` of a successful answer."""

Run = Callable[[Context, Call], Answer]
"""An operation. It blocks, so it runs in a worker thread; it refuses by RefusedError."""
