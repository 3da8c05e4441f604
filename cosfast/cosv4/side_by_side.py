"""`side_by_side`: the same done with many items in threads, each failure its own item's."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Callable, TypeVar, Union

from cosfast.errors import CosError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

Item = TypeVar("Item")
Result = TypeVar("Result")
Failure = Union[CosError, OSError]


def side_by_side(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    threads: int,
    abort: Callable[[], object] | None = None,
) -> Generator[tuple[Item, Result | Failure], None, None]:
    """Call ``work(item)`` in threads; yield each item with the result, or its error, when done.

    Args:
        work: its `CosError` or `OSError` is an item's own.
        items: taken as they are needed.
        threads: how many.
        abort: is called where the caller leaves, to end what the threads are at.
    """
    pending: dict[Future[Result | Failure], Item] = {}
    with ThreadPoolExecutor(threads, thread_name_prefix="cosfast-transfer") as pool:
        try:
            for item in items:
                pending[pool.submit(_attempt, work, item)] = item
                if len(pending) >= 2 * threads:
                    yield from _finished(pending)
            while pending:
                yield from _finished(pending)
        finally:
            for future in pending:
                future.cancel()
            if pending and abort is not None:
                abort()


def _attempt(work: Callable[[Item], Result], item: Item) -> Result | Failure:
    try:
        return work(item)
    except (CosError, OSError) as exc:
        return exc


def _finished(
    pending: dict[Future[Result | Failure], Item],
) -> Iterator[tuple[Item, Result | Failure]]:
    done, _ = wait(pending, return_when=FIRST_COMPLETED)
    for future in done:
        yield pending.pop(future), future.result()
