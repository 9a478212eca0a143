from mien.types import Analysis
from mien.web.session.stats import LiveMeter


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def nobody(index: int) -> Analysis:
    return Analysis(index, float(index), "test", (4, 3), ())


def test_nothing_is_no_error():
    summary = LiveMeter().summary()
    assert (summary.frames, summary.fps, summary.p95_ms) == (0, 0, 0)


def test_counts_frames_and_latency():
    clock = Clock()
    meter = LiveMeter(clock)
    stream = meter.stream()
    for index in range(11):
        started = clock.now + 0.06
        clock.now += 0.1
        stream.add(nobody(index), started)
    summary = meter.summary()
    assert (summary.frames, summary.faceless_frames) == (11, 11)
    assert round(summary.p50_ms) == 40
    assert abs(summary.fps - 11 / 1.04) < 0.01


def test_pauses_do_not_count():
    clock = Clock()
    meter = LiveMeter(clock)
    stream = meter.stream()
    for pause in (0.1, 3600.0, 0.1):
        clock.now += pause
        stream.add(nobody(0), clock.now - 0.1)
    assert abs(meter.summary().seconds - 0.3) < 1e-6


def test_two_pages_share_the_figures():
    clock = Clock()
    meter = LiveMeter(clock)
    one, other = meter.stream(), meter.stream()
    for _ in range(10):
        clock.now += 0.1
        one.add(nobody(0), clock.now - 0.1)
        other.add(nobody(0), clock.now - 0.1)
    assert abs(meter.summary().fps - 10) < 1e-6
