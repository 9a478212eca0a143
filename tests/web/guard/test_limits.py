import logging
import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mien.web
from mien.web.guard.limits import (
    LOGGERS,
    MAX_BURST,
    MESSAGES_PER_SECOND,
    OpenPages,
    Seldom,
    TokenBucket,
    seldom_logged,
)
from mien.web.protocol import ProtocolError


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_let_through_and_no_more():
    bucket = TokenBucket(3, 1, clock=Clock())
    assert [bucket.take() for _ in range(5)] == [True, True, True, False, False]


def test_time_brings_some_back_but_never_more_than_a_burst():
    clock = Clock()
    bucket = TokenBucket(3, 2, clock=clock)
    for _ in range(3):
        bucket.take()
    clock.now += 0.5
    assert [bucket.take(), bucket.take()] == [True, False]
    clock.now += 1000
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


@given(st.lists(st.floats(0, 3), max_size=200), st.integers(1, 20), st.floats(0.5, 50))
def test_no_more_is_ever_let_through_than_a_burst_and_what_time_brings(gaps, capacity, per_second):
    clock = Clock()
    bucket = TokenBucket(capacity, per_second, clock=clock)
    passed = 0
    for gap in gaps:
        clock.now += gap
        passed += bucket.take()
        assert passed <= capacity + (clock.now - 100) * per_second + 1e-6


@given(st.integers(1, 1000))
def test_a_steady_page_is_never_held_up(frames):
    clock = Clock()
    bucket = TokenBucket(MAX_BURST, MESSAGES_PER_SECOND, clock=clock)
    for _ in range(frames):
        clock.now += 1 / 60
        assert bucket.take()


def test_there_is_room_for_some_pages_and_again_when_one_leaves():
    pages = OpenPages(most=2)
    with pages.one_more():
        with pages.one_more():
            with pytest.raises(ProtocolError, match="2 pages are open") as caught, pages.one_more():
                pass
            assert caught.value.code == 1013
        with pages.one_more():
            pass


def test_a_page_that_breaks_down_gives_its_place_back():
    pages = OpenPages(most=1)
    for _ in range(3):
        with pytest.raises(KeyError), pages.one_more():
            raise KeyError


def test_each_kind_of_message_is_logged_once_a_minute(caplog):
    clock = Clock()
    log = logging.getLogger("a log of this test")
    log.addFilter(Seldom(clock))
    for minute in range(2):
        clock.now += 60 * minute
        for number in range(5):
            log.warning("from %s", number)
            log.error("a task failed\n<Task at %s>", number)
            log.error("it failed", exc_info=ValueError(number))
        log.error("it failed", exc_info=KeyError("another fault"))
    assert [record.levelname for record in caplog.records] == ["WARNING", *["ERROR"] * 3] * 2


def test_only_a_server_that_runs_is_quiet(caplog):
    log = logging.getLogger("uvicorn.error")
    caplog.set_level(logging.WARNING, log.name)  # whatever a server before has set
    with seldom_logged():
        for _ in range(3):
            log.warning("Invalid HTTP request received.")
    assert len(caplog.records) == 1
    for _ in range(3):
        log.warning("Invalid HTTP request received.")
    assert len(caplog.records) == 4


def test_all_that_the_server_logs_passes_there():
    modules = pkgutil.walk_packages(mien.web.__path__, "mien.web.")
    found = [pkgutil.resolve_name(module.name) for module in modules]
    logs = {module.LOG.name for module in found if hasattr(module, "LOG")}
    assert logs == {name for name in LOGGERS if name.startswith("mien.")}
