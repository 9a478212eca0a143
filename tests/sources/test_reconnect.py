"""What breaks off is waited for and picked up again, told in two lines; its time goes on."""

import itertools
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import RecordingError, SourceError
from mien.protocols import Source
from mien.sources.latest import NewestFrame
from mien.sources.reconnect import Notice, Reconnecting
from mien.types import Frame

# Only ever waited out by a test that fails.
LONG = 20.0
LOST = Notice("fake: unplugged; mien waits for it and goes on when it is back", waiting=True)
BACK = Notice("fake: is back", waiting=False)


class Clock:
    """Time that runs only as told."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


class Connection(Source):
    """Frames at the given times of its own, and then an error, or the end."""

    name = "fake"
    live = True

    def __init__(self, *times: float, error: Exception | None = None) -> None:
        self._times, self._error = times, error
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        for index, time in enumerate(self._times):
            yield Frame(np.zeros((4, 4, 3), np.uint8), index, time, self.name)
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        self.closed.set()


def unplugged(*times: float) -> Connection:
    return Connection(*times, error=SourceError("fake: unplugged"))


def opener(*plan: Connection | Exception) -> Callable[[], Source]:
    """Open one after the other; an error is raised in place of opening."""
    planned = iter(plan)

    def open_next() -> Source:
        result = next(planned)
        if isinstance(result, Exception):
            raise result
        return result

    return open_next


def test_it_is_a_live_source_of_the_same_name() -> None:
    source = Reconnecting(opener(Connection(0.0, 0.5)))
    assert isinstance(source, Source)
    assert (source.name, source.live) == ("fake", True)
    assert [(frame.index, frame.timestamp) for frame in source] == [(0, 0.0), (1, 0.5)]


def test_what_breaks_off_is_picked_up_again_and_told_in_two_lines() -> None:
    first, second = unplugged(0.0, 0.1), Connection(0.0, 0.1, 0.2)
    notices: list[Notice] = []
    frames = list(Reconnecting(opener(first, second), on_notice=notices.append, retry=0))
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert {frame.source for frame in frames} == {"fake"}
    assert notices == [LOST, BACK]
    assert first.closed.is_set()
    assert second.closed.is_set()


def test_it_is_tried_again_and_again_in_silence() -> None:
    failing = [unplugged(), SourceError("fake: absent"), SourceError("fake: busy")] * 20
    notices: list[Notice] = []
    plan = opener(unplugged(0.0), *failing, Connection(0.0))
    assert len(list(Reconnecting(plan, on_notice=notices.append, retry=0))) == 2
    assert notices == [LOST, BACK]
    assert all(c.closed.is_set() for c in failing if isinstance(c, Connection))


def test_that_it_is_back_is_told_with_the_frame_and_each_outage_anew() -> None:
    notices: list[Notice] = []
    plan = opener(unplugged(0.0), unplugged(), unplugged(0.0), Connection(0.0))
    told = [len(notices) for _ in Reconnecting(plan, on_notice=notices.append, retry=0)]
    assert told == [0, 2, 4]
    assert notices == [LOST, BACK, LOST, BACK]


def test_it_may_be_waited_for_untold() -> None:
    assert len(list(Reconnecting(opener(unplugged(0.0), Connection(0.0)), retry=0))) == 2


@pytest.mark.parametrize("plan", [[SourceError("fake: absent")], [unplugged(), Connection(0.0)]])
def test_what_never_gave_a_picture_is_an_error_at_once(plan: list[Connection | Exception]) -> None:
    notices: list[Notice] = []
    with pytest.raises(SourceError, match=r"fake: (absent|unplugged)$"):
        list(Reconnecting(opener(*plan), on_notice=notices.append))
    assert notices == []
    assert all(c.closed.is_set() for c in plan[:1] if isinstance(c, Connection))


@pytest.mark.parametrize("error", [ZeroDivisionError("a mistake"), RecordingError("fake: cut")])
def test_a_mistake_and_a_recording_that_is_cut_off_are_raised(error: Exception) -> None:
    broken, notices = Connection(0.0, error=error), []
    frames = iter(Reconnecting(opener(broken, Connection(0.0)), on_notice=notices.append, retry=0))
    next(frames)
    with pytest.raises(type(error), match=str(error)):
        next(frames)
    assert notices == []
    assert broken.closed.is_set()


def test_an_outage_counts_as_time() -> None:
    clock = Clock()
    # The first frame after the outage has a time of its own already: those before it were dropped.
    plan = opener(unplugged(0.0, 0.1), Connection(0.3, 0.4))
    source = Reconnecting(
        plan, on_notice=lambda n: clock.wait(5.0 * n.waiting), retry=0, clock=clock
    )
    assert [frame.timestamp for frame in source] == pytest.approx([0.0, 0.1, 5.1, 5.2])


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1e6),  # the connection's own time at its first frame
            st.lists(st.floats(0, 10), min_size=1, max_size=4),  # and from frame to frame
        ),
        min_size=1,
        max_size=5,
    ),
    st.floats(0, 1e6),
)
def test_time_never_runs_backwards(
    connections: list[tuple[float, list[float]]], outage: float
) -> None:
    clock = Clock()
    plan = [unplugged(*itertools.accumulate(steps, initial=begin)) for begin, steps in connections]
    source = Reconnecting(
        opener(*plan, Connection()),
        on_notice=lambda n: clock.wait(outage * n.waiting),
        retry=0,
        clock=clock,
    )
    frames = list(source)
    steps = [b.timestamp - a.timestamp for a, b in itertools.pairwise(frames)]
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert min(steps) >= 0
    ends = itertools.accumulate(len(steps) + 1 for _, steps in connections[:-1])
    assert [steps[end - 1] for end in ends] == pytest.approx(
        [outage] * (len(connections) - 1), abs=1e-6
    )


class TestClosing:
    def consume(self, source: Reconnecting) -> tuple[threading.Thread, list[int]]:
        seen: list[int] = []
        consumer = threading.Thread(target=lambda: seen.extend(f.index for f in source))
        consumer.start()
        return consumer, seen

    def test_it_ends_the_wait_at_once(self) -> None:
        waiting = threading.Event()
        source = Reconnecting(opener(unplugged(0.0)), on_notice=lambda _: waiting.set(), retry=LONG)
        consumer, seen = self.consume(source)
        assert waiting.wait(LONG)
        source.close()
        consumer.join(LONG / 2)
        assert not consumer.is_alive()
        assert seen == [0]

    def test_what_is_opened_meanwhile_is_closed(self) -> None:
        late = Connection(0.0)
        plan = iter((unplugged(0.0), late))

        def open_slowly() -> Source:
            result = next(plan)
            if result is late:
                source.close()
            return result

        source = Reconnecting(open_slowly, retry=0)
        assert len(list(source)) == 1
        assert late.closed.is_set()

    def test_what_breaks_off_for_it_is_no_outage(self) -> None:
        notices: list[Notice] = []
        source = Reconnecting(opener(unplugged(0.0)), on_notice=notices.append, retry=0)
        for _ in source:
            source.close()
        assert notices == []

    def test_it_wakes_a_source_that_stalls(self) -> None:
        begun = threading.Event()

        class Stalling(Connection):
            def __iter__(self) -> Iterator[Frame]:
                yield from super().__iter__()
                begun.set()
                self.closed.wait(LONG)

        source = Reconnecting(lambda: NewestFrame(Stalling(0.0)))
        consumer, seen = self.consume(source)
        assert begun.wait(LONG)
        source.close()
        consumer.join(LONG / 2)
        assert not consumer.is_alive()
        assert seen in ([0], [])

    def test_leaving_the_loop_frees_the_source(self) -> None:
        inner = Connection(0.0, 0.1)
        for _ in Reconnecting(opener(inner)):
            break
        assert inner.closed.is_set()

    def test_closed_before_it_began_it_reads_nothing(self) -> None:
        source = Reconnecting(lambda: NewestFrame(Connection(0.0)))
        source.close()
        assert list(source) == []
