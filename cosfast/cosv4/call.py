"""`Call`: everything that the steps of one upload need to send a request."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosfast.transfer.bandwidth import RateLimit
from cosfast.transfer.cancellation import Control

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosfast.cosv4.options import UploadOptions
    from cosfast.cosv4.protocol.addresses import ObjectAddress
    from cosfast.cosv4.protocol.messages import Answer, Request
    from cosfast.transfer.cancellation import CancelToken
    from cosfast.transfer.http import Transport
    from cosfast.transfer.journal import Journal


@dataclass(frozen=True)
class Call:
    """One upload on its way.

    Attributes:
        transport: sends its requests.
        journal: remembers what may be of use to the next one.
        address: the file to be.
        options: how it was asked for.
        control: may stop it.
        limit: spaces out its bytes, or None.
    """

    transport: Transport
    journal: Journal
    address: ObjectAddress
    options: UploadOptions
    control: Control
    limit: RateLimit | None

    @classmethod
    @contextmanager
    def running(
        cls,
        transport: Transport,
        journal: Journal,
        address: ObjectAddress,
        options: UploadOptions,
        stopper: CancelToken | None = None,
    ) -> Iterator[Call]:
        """Yield a call that hears both tokens and its deadline while the block runs."""
        tokens = [token for token in (options.cancel, stopper) if token is not None]
        control = Control(tokens, options.deadline)
        limit = None if options.max_rate is None else RateLimit(options.max_rate)
        with control.running():
            yield cls(transport, journal, address, options, control, limit)

    def send(self, request: Request) -> Answer:
        """Send a request, retried and stoppable; see `Transport.send`."""
        return self.transport.send(request, control=self.control, limit=self.limit)
