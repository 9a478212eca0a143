"""Ctrl-C waits for what must be whole, and is never lost."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from mien.errors import SinkError
from mien.pipeline import interrupts
from mien.pipeline.interrupts import ended_like_ctrl_c, ends_by_ctrl_c, uninterrupted

OTHERS = [getattr(signal, name) for name in interrupts.OTHERS if hasattr(signal, name)]
needs_a_timer = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="Windows has no timer that interrupts"
)


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


@pytest.fixture(params=[signal.default_int_handler, signal.SIG_IGN], ids=["attended", "background"])
def ctrl_c(request: pytest.FixtureRequest) -> Iterator[object]:
    """Ctrl-C as a terminal leaves it, and ignored, as a script does for what it starts with `&`."""
    former = signal.signal(signal.SIGINT, request.param)
    yield request.param
    assert signal.getsignal(signal.SIGINT) == request.param
    signal.signal(signal.SIGINT, former)


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupts, "AGAIN_SECONDS", 0.01)


def ended(run: Callable[[], object]) -> None:
    with ended_like_ctrl_c():
        run()


def swallowed(number: int) -> None:
    """As by a finaliser, a module that is being imported, or a callback that C calls."""
    with contextlib.suppress(BaseException):
        signal.raise_signal(number)


@pytest.mark.parametrize("number", OTHERS)
class TestOtherSignals:
    def test_end_as_ctrl_c_does_even_where_that_is_ignored(
        self, number: int, ctrl_c: object
    ) -> None:
        with pytest.raises(KeyboardInterrupt):
            ended(lambda: signal.raise_signal(number))
        assert signal.getsignal(number) is signal.SIG_DFL

    def test_wait_for_what_must_be_whole(self, number: int, ctrl_c: object) -> None:
        done: list[str] = []

        def run() -> None:
            with uninterrupted():
                signal.raise_signal(number)
                done.append("all of it")
            done.append("more")

        with pytest.raises(KeyboardInterrupt):
            ended(run)
        assert done == ["all of it"]

    def test_that_are_ignored_stay_so(self, number: int) -> None:
        former = signal.signal(number, signal.SIG_IGN)
        try:
            ended(lambda: signal.raise_signal(number))
        finally:
            assert signal.signal(number, former) is signal.SIG_IGN

    @needs_a_timer
    @pytest.mark.usefixtures("_soon")
    def test_are_not_lost_where_something_swallows_them(self, number: int, ctrl_c: object) -> None:
        def run() -> None:
            swallowed(number)
            swallowed(number)
            time.sleep(60)

        with pytest.raises(KeyboardInterrupt):
            ended(run)

    def test_are_told_as_what_they_are_where_they_became_an_error(
        self, number: int, ctrl_c: object
    ) -> None:
        def run() -> None:
            swallowed(number)
            raise ImportError("numpy._core: initialization failed")

        with pytest.raises(KeyboardInterrupt):
            ended(run)


@needs_a_timer
@pytest.mark.usefixtures("_soon")
class TestTheReminder:
    def test_does_not_disturb_files_that_are_being_finished(self) -> None:
        done: list[str] = []

        def finish() -> None:
            with contextlib.suppress(OSError):
                time.sleep(0.05)
                raise OSError
            time.sleep(0.05)
            done.append("whole")

        def run() -> None:
            with contextlib.ExitStack() as stack:
                stack.callback(finish)
                signal.raise_signal(signal.SIGINT)

        with pytest.raises(KeyboardInterrupt):
            ended(run)
        assert done == ["whole"]

    def test_waits_for_what_must_be_whole(self) -> None:
        done: list[str] = []

        def run() -> None:
            swallowed(signal.SIGINT)
            with uninterrupted():
                time.sleep(0.05)
                done.append("whole")

        with pytest.raises(KeyboardInterrupt):
            ended(run)
        assert done == ["whole"]

    def test_is_quiet_after_what_ends_by_ctrl_c(self) -> None:
        def run() -> None:
            with ends_by_ctrl_c():
                signal.raise_signal(signal.SIGINT)
            time.sleep(0.05)

        ended(run)

    def test_leaves_the_timer_of_others_as_it_was(self) -> None:
        timer, handler = signal.getitimer(signal.ITIMER_REAL), signal.getsignal(signal.SIGALRM)
        with pytest.raises(KeyboardInterrupt):
            ended(lambda: signal.raise_signal(signal.SIGINT))
        assert bool(timer[0]) == bool(signal.getitimer(signal.ITIMER_REAL)[0])
        assert signal.getsignal(signal.SIGALRM) == handler


@needs_a_timer
@pytest.mark.parametrize("late", ["SIGALRM", "SIGINT", *interrupts.OTHERS])
@pytest.mark.parametrize("when", ["begins", "is set back"])
def test_a_signal_between_the_lines_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, when: str, late: str
) -> None:
    """On a busy machine the reminder comes before it was noted that there is one."""
    numbers = [signal.SIGINT, *OTHERS, signal.SIGALRM]
    before = list(map(signal.getsignal, numbers))
    moments, set_timer = ["begins", "is set back"], signal.setitimer

    def set_and_interrupt(*given: float) -> object:
        former = set_timer(*given)
        if moments and moments.pop(0) == when:
            signal.raise_signal(getattr(signal, late))
        return former

    with monkeypatch.context() as patch:
        patch.setattr(signal, "setitimer", set_and_interrupt)
        with contextlib.suppress(KeyboardInterrupt):
            ended(lambda: swallowed(signal.SIGTERM))
    assert list(map(signal.getsignal, numbers)) == before
    assert signal.getitimer(signal.ITIMER_REAL)[1] == 0


def test_a_file_that_cannot_be_finished_is_the_news() -> None:
    def run() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            raise SinkError("the disk is full")

    with pytest.raises(SinkError, match="full"):
        ended(run)


def test_an_error_after_a_regular_end_is_no_interrupt() -> None:
    def run() -> None:
        with ends_by_ctrl_c():
            signal.raise_signal(signal.SIGINT)
        raise SinkError("the disk is full")

    with pytest.raises(SinkError, match="full"):
        ended(run)


def test_elsewhere_than_in_the_main_thread_nothing_is_changed() -> None:
    seen: list[object] = []
    thread = threading.Thread(
        target=ended, args=(lambda: seen.append(signal.getsignal(OTHERS[0])),)
    )
    thread.start()
    thread.join()
    assert seen == [signal.SIG_DFL]
