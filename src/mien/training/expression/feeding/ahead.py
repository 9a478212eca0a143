"""What is needed next is made while what is here is used."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
_END = object()


def ahead(made: Iterator[T], count: int) -> Iterator[T]:
    """Yield what an iterator gives, of which a thread has made the next `count` already.

    What goes wrong in the thread is raised here, in its turn.
    """
    thread = ThreadPoolExecutor(1)
    try:
        waiting = deque(thread.submit(next, made, _END) for _ in range(count))
        while (one := waiting.popleft().result()) is not _END:
            waiting.append(thread.submit(next, made, _END))
            yield one  # type: ignore[misc]
    finally:
        thread.shutdown(cancel_futures=True)
