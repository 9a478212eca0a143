"""A run writes what other programs read directly: `mien predict video.mp4 --out video.eaf`."""

from array import array
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from mien.errors import SettingsError, SinkError
from mien.protocols import Sink
from mien.recordings.formats.boris import to_boris
from mien.recordings.formats.kinds import BORIS, KINDS, SUFFIXES, format_of
from mien.recordings.gather import NOBODY, Codes, Rows, finished
from mien.recordings.intervals import IntervalSettings
from mien.recordings.people import People
from mien.recordings.timelines import Names, timeline
from mien.recordings.values import NOT_SEEN, Recording
from mien.recordings.videos import link_of
from mien.sinks.files import WholeFile
from mien.sinks.open import Table
from mien.types import Analysis, Frame


class TimelineSink(Sink):
    """A `Sink` that writes one recording as intervals; the file appears when it is closed.

    What a run that is killed had read is lost, for intervals are known at their end.
    """

    def __init__(self, path: Path, labels: tuple[str, ...], *, overwrite: bool = False) -> None:
        """Make sure that there is room for the file.

        Args:
            path: The file, whose ending says the format.
            labels: The classes, in the order of the bundle.
            overwrite: Replace a file that exists, when all is read.

        Raises:
            SinkError: The file exists, or cannot be written.
            InUseError: Another process writes it.
            MissingExtraError: What writes the format is not installed.
        """
        self._format = format_of(path)
        if self._format in KINDS:
            KINDS[self._format].check()
        self._path, self._codes = path, Codes()
        self._codes.add(labels)
        self._source: str | None = None
        self._size: tuple[int, int] | None = None
        self._time, self._track, self._label = array("d"), array("q"), array("q")
        self._closed, self._file = False, WholeFile(path, overwrite=overwrite)

    def write(self, frame: Frame, analysis: Analysis) -> None:  # noqa: ARG002 - the protocol's
        """Take the faces of one frame; raise `SinkError` where it is of another recording."""
        if self._closed:
            raise SinkError(f"{self._path}: is closed already")
        if self._source is None:
            self._source, self._size = analysis.source, analysis.size
        if analysis.source != self._source:
            raise SinkError(
                f"{self._path}: holds one recording, and {analysis.source} came after "
                f"{self._source}; write tables (--out FOLDER/) and convert them with mien convert"
            )
        rows = analysis.to_rows()
        self._time.extend([analysis.timestamp] * (len(rows) or 1))
        self._track.extend([row["track_id"] for row in rows] or [NOBODY])
        looks = self._codes.of([row["label"] for row in rows]).tolist()
        self._label.extend(looks or [NOT_SEEN])

    def close(self) -> None:
        """Write the file; nothing is made where there was no frame."""
        if self._closed:
            return
        self._closed = True
        if self._source is not None:
            with self._file.abandoned_on_error():
                data = self._encoded(self._recording(self._source))
                self._file.begin().write_bytes(data)
        self._file.finish()

    def _recording(self, source: str) -> Recording:
        time = np.array(self._time, np.float64)
        order = np.argsort(time, kind="stable")
        nothing = np.empty((len(time), 0), np.float32)
        rows = Rows(
            time,
            np.array(self._track, np.int64),
            np.array(self._label, np.int64).astype(np.int16),
            np.full(len(time), -1, np.int64),
            nothing,
            nothing,
        )
        return finished(source, rows[order], tuple(self._codes.labels), {}, self._size)

    def _encoded(self, recording: Recording) -> bytes:
        if not recording.step:
            raise SinkError(
                f"{self._path}: {recording.source} has one moment only, of which no interval can "
                "be made; write a table (.csv)"
            )
        told = timeline(recording, People(), IntervalSettings(), Names())
        if self._format == BORIS:
            return to_boris([told])
        return KINDS[self._format].encode(told, link_of(recording.source, self._path))


def timeline_sink(table: Table) -> Sink:
    """Return the sink of a file that holds one recording.

    Raises:
        SettingsError: Several are to be read.
        SinkError: The file exists, or cannot be written.
        MissingExtraError: What writes the format is not installed.
    """
    if len(table.names) > 1:
        raise SettingsError(
            f"{table.path}: holds one recording, and {len(table.names):,} are to be read; write "
            "tables (--out FOLDER/) and convert them with mien convert"
        )
    return TimelineSink(table.path, tuple(table.labels), overwrite=table.overwrite)


# What a run can write besides tables, for `mien.sinks.open.make_sinks`.
SINKS: Mapping[str, Callable[[Table], Sink]] = dict.fromkeys(SUFFIXES, timeline_sink)
