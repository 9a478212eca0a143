import itertools
import weakref

import anyio
import pytest

from mien.errors import SourceError
from mien.protocols import Source
from mien.sources.reconnect import Notice
from mien.web.session.stream import MAX_LATE, MAX_SKIPPED, ServerStream


class Clock:
    """Time that runs only as told, plus what a test adds per look."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def ignore(_: Notice) -> None:
    """Take note of nothing."""


def read(stream: ServerStream, count: int, clock: Clock, busy: float) -> list[int]:
    """Read frames with a consumer that is busy for so many seconds after each."""

    async def go() -> list[int]:
        indices = []
        await stream.open()
        for _ in range(count):
            frame = await stream.next()
            if frame is None:
                break
            indices.append(frame.index)
            clock.now += busy
        await stream.close()
        return indices

    return anyio.run(go)


def test_what_was_read_is_let_go_of_though_the_stream_itself_stays(source):
    # In a page's session the stream is part of a circle, which stays for a while.
    class Large(Source):
        live = True

        def __iter__(self):
            yield from source

        def close(self):
            pass

    opened = []

    def open_source(_) -> Large:
        large = Large()
        opened.append(weakref.ref(large))
        return large

    stream = ServerStream(open_source, ignore)
    assert read(stream, 1, Clock(), busy=0) == [0]
    assert [reference() for reference in opened] == [None]


def test_a_slow_page_sees_a_file_at_its_own_speed(source):
    clock = Clock()
    source.per_second = 20
    # A page that manages less than 2; each may be 0.1 s late.
    indices = read(ServerStream(lambda _: source, ignore, clock=clock), 4, clock, busy=0.52)
    assert indices == [0, 9, 19, 30]
    assert source.closed.is_set()


def test_a_live_source_is_never_skipped(source):
    source.live = True
    clock = Clock()
    assert read(ServerStream(lambda _: source, ignore, clock=clock), 4, clock, busy=5) == [
        0,
        1,
        2,
        3,
    ]


def test_moves_on_where_decoding_cannot_keep_up(source):
    clock = Clock(step=MAX_LATE * 2)
    indices = read(ServerStream(lambda _: source, ignore, clock=clock), 3, clock, busy=0)
    assert len(indices) == 3
    assert max(b - a for a, b in itertools.pairwise(indices)) <= MAX_SKIPPED + 1


def test_ends_with_the_source(source):
    source.count = 2
    clock = Clock()
    assert read(ServerStream(lambda _: source, ignore, clock=clock), 9, clock, busy=0.05) == [0, 1]


def test_an_error_arrives(source):
    source.count, source.breaks_off = 0, True
    with pytest.raises(SourceError, match="unplugged"):
        read(ServerStream(lambda _: source, ignore), 1, Clock(), busy=0)


def test_a_source_that_opens_too_late_is_closed(source):
    async def go() -> None:
        stream = ServerStream(lambda _: source, ignore)
        await stream.close()
        await stream.open()

    anyio.run(go)
    assert source.closed.is_set()
