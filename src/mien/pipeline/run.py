"""The loop that drives everything: a source to its end, each frame read and written everywhere."""

import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Self

from mien.pipeline.analyzer import Analyzer
from mien.pipeline.interrupts import uninterrupted
from mien.pipeline.meter import Meter, RunSummary
from mien.protocols import Sink, Source
from mien.types import Analysis, Frame

OnFrame = Callable[[Frame, Analysis], None]
# Frames that are read and not yet written: enough for the two to take turns, and little memory.
WAITING_FRAMES = 3
# Bytes of a frame from which none is read while it is written: 4K video is below, a photo of 16
# megapixels above.
LARGE_FRAME = 40_000_000


def run(
    source: Source,
    analyzer: Analyzer,
    sinks: Sequence[Sink] = (),
    *,
    on_frame: OnFrame | None = None,
    meter: Meter | None = None,
    apart: bool = True,
) -> RunSummary:
    """Read a source to its end and write every frame to all sinks.

    Source and sinks are closed whatever happens; what was written before an error stays good.
    Ctrl-C waits until the sinks have all that was read.

    Args:
        source: Where frames come from.
        analyzer: Reads them.
        sinks: Where readings go.
        on_frame: Called with every frame once it is read.
        meter: Counts the run; give one to have its figures after Ctrl-C or an error.
        apart: Whether sinks are written in a thread of their own. Without, a processor that reads
            has nothing to hand over and to wait for, and what Ctrl-C finds being written may stay
            half: for tables, which take little time, that count only when they are whole.

    Raises:
        SourceError: The source broke off.
        SinkError: An output could not be written.
    """
    meter = meter or Meter()
    with contextlib.ExitStack() as stack:
        stack.callback(source.close)
        for sink in sinks:
            stack.callback(sink.close)
        put = _write_to(sinks)
        if sinks and apart:
            put = stack.enter_context(_Output(put, stop=source.close)).put
        for frame in source:
            analysis = analyzer(frame)
            meter.add(analysis)
            put(frame, analysis)
            if on_frame is not None:
                on_frame(frame, analysis)
            # Two large photos at once take twice as much.
            del frame, analysis
    return meter.summary()


def _write_to(sinks: Sequence[Sink]) -> OnFrame:
    def write(frame: Frame, analysis: Analysis) -> None:
        for sink in sinks:
            sink.write(frame, analysis)

    return write


class _Output:
    """Writes to the sinks in a thread of its own, so that a frame is read while others are written.

    Few frames wait: where writing is slower than reading, reading waits, and a live source leaves
    frames out. At the end, also that by Ctrl-C, all that was put is written. The first error of a
    sink ends the source, even one that waits for a camera, and is raised.
    """

    def __init__(self, write: OnFrame, *, stop: Callable[[], None]) -> None:
        self._write_here = write
        self._stop = stop
        self._queue: queue.Queue[tuple[Frame, Analysis] | None] = queue.Queue(WAITING_FRAMES)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._write_all, name="mien output", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with uninterrupted():
            self._queue.put(None)
            self._thread.join()
        # What ended the run comes first.
        if self._error is not None and kind is None:
            raise self._error

    def put(self, frame: Frame, analysis: Analysis) -> None:
        if self._error is None:
            self._queue.put((frame, analysis))
            if frame.image.nbytes > LARGE_FRAME:
                self._queue.join()

    def _write_all(self) -> None:
        # To the end even after an error, so that `put` never waits for nobody.
        while (item := self._queue.get()) is not None:
            if self._error is None:
                self._write(*item)
            del item
            self._queue.task_done()

    def _write(self, frame: Frame, analysis: Analysis) -> None:
        try:
            self._write_here(frame, analysis)
        except BaseException as error:  # whatever it is, it is raised where the run was started
            self._error = error
            self._stop()
