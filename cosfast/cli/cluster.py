"""`--dask`: the executor of a Dask cluster."""

from __future__ import annotations

from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cosfast.errors import CosError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor


@contextmanager
def open_cluster(address: str) -> Iterator[Executor]:
    """Connect to a Dask scheduler; yield an executor whose tasks the cluster runs.

    Args:
        address: The scheduler's, such as ``tcp://10.0.0.1:8786``.

    Raises:
        InputError: If Dask is not installed; it names the extra.
        CosError: If no scheduler answers there, or the cluster fails while the block runs.
    """
    try:
        import distributed  # noqa: PLC0415 - an extra
        from distributed.comm import resolve_address  # noqa: PLC0415 - as above
    except ModuleNotFoundError as exc:
        raise InputError(f"--dask needs {exc.name}: install the extra cosfast[dask]") from exc
    try:
        resolve_address(address)  # a client of a wrong address is never closed, noisily
        client = distributed.Client(address, set_as_default=False)
    except (OSError, ValueError) as exc:
        raise CosError(f"{address}: cannot connect to the Dask scheduler: {exc}") from exc
    # The errors of dead workers, of a dead scheduler, and of workers that lack cosfast.
    failures = (distributed.KilledWorker, CancelledError, ImportError, RuntimeError)
    with client:
        try:
            yield client.get_executor()
        except failures as exc:
            raise CosError(f"{address}: the Dask cluster failed: {exc!r}") from exc
