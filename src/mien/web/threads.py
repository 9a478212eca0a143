"""Blocking calls to devices and streams, off the event loop."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_daemon_thread(function: Callable[[], T]) -> T:
    """Await a blocking call in a thread that cannot keep the process alive.

    A camera or network stream may hang for many seconds. The threads of a pool are joined when the
    process ends, so Ctrl-C would hang with it. A cancelled call is left to itself.
    """
    future: concurrent.futures.Future[T] = concurrent.futures.Future()

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = function()
        except BaseException as error:  # handed to the caller whole, whatever it is
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name="mien source", daemon=True).start()
    return await asyncio.wrap_future(future)
