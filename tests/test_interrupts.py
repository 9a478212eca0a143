"""Ctrl-C waits for what must be whole, and is never lost."""

import signal
import threading
from collections.abc import Callable

import pytest

from mien.interrupts import uninterrupted


def work(end: Callable[[], object]) -> None:
    with uninterrupted():
        signal.raise_signal(signal.SIGINT)
        end()


def test_ctrl_c_comes_at_the_end_of_the_block() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        work(lambda: done.append("all of it"))
    assert done == ["all of it"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_ctrl_c_nothing_happens() -> None:
    with uninterrupted():
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_failure_is_the_news_and_not_ctrl_c() -> None:
    with pytest.raises(ZeroDivisionError):
        work(lambda: 1 / 0)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_may_use_it_too() -> None:
    done = []

    def elsewhere() -> None:
        with uninterrupted():
            done.append(1)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert done == [1]
