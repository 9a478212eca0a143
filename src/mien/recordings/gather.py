"""From chunks of a table to recordings: rows of one source after the other, and checked."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mien.errors import TableError
from mien.recordings.steps import steps_of
from mien.recordings.tables.columns import FRAME, PROBABILITY, SIZE, SOURCE, TIME, TRACK, Chunk
from mien.recordings.values import (
    NOT_SEEN,
    NOT_SEEN_WORD,
    NOT_SURE,
    NOT_SURE_WORD,
    CodeArray,
    Recording,
    Track,
    written,
)
from mien.sinks.columns import BOX
from mien.types import FloatArray, IntArray, RealArray

NOBODY = 0
MOST_TRACKS = 2**31 - 1
# A column of more different words is none of looks.
MOST_LOOKS = 1000
_Order = npt.NDArray[np.intp]


class Codes:
    """Codes of the words in a column of looks; new words get new codes."""

    def __init__(self) -> None:
        """Know what is no look."""
        self._codes = {NOT_SURE_WORD: NOT_SURE, NOT_SEEN_WORD: NOT_SEEN, "": NOT_SEEN}
        self._codes |= {None: NOT_SEEN}  # type: ignore[dict-item]  # an empty cell of Parquet
        self.labels: list[str] = []

    def add(self, labels: Iterable[str]) -> None:
        """Make sure that some looks have codes."""
        for label in labels:
            if label not in self._codes:
                self._codes[label] = len(self.labels)
                self.labels.append(written(label))

    def of(self, words: Iterable[str]) -> CodeArray:
        """Return the codes of words."""
        words = list(words)
        self.add(word for word in dict.fromkeys(words) if word is not None)
        return np.array([self._codes[word] for word in words], np.int64).astype(np.int16)


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of one source: arrays of the same length."""

    time: RealArray
    track: IntArray
    label: CodeArray
    frame: IntArray
    probabilities: FloatArray
    box: FloatArray
    words: Mapping[str, CodeArray] = field(default_factory=dict)

    def __getitem__(self, which: "slice | npt.NDArray[np.bool_] | _Order") -> "Rows":
        """Return some of them."""
        return Rows(
            self.time[which],
            self.track[which],
            self.label[which],
            self.frame[which],
            self.probabilities[which],
            self.box[which],
            {name: codes[which] for name, codes in self.words.items()},
        )


def joined(parts: list[Rows]) -> Rows:
    """Return rows that follow each other as one."""
    if len(parts) == 1:
        return parts[0]
    # Tables of one run may tell more looks apart than those before them.
    width = max(part.probabilities.shape[1] for part in parts)
    return Rows(
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.track for part in parts]),
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.frame for part in parts]),
        np.concatenate([_widened(part.probabilities, width) for part in parts]),
        np.concatenate([part.box for part in parts]),
        {name: _of_all(parts, name) for name in {n: None for one in parts for n in one.words}},
    )


def _of_all(parts: Sequence[Rows], name: str) -> CodeArray:
    """Return a further column of rows that follow each other; not each table may have it."""
    return np.concatenate(
        [one.words.get(name, np.full(len(one.time), NOT_SEEN, np.int16)) for one in parts]
    )


def _widened(values: FloatArray, width: int) -> FloatArray:
    missing = width - values.shape[1]
    return values if not missing else np.pad(values, ((0, 0), (0, missing)), constant_values=np.nan)


@dataclass(slots=True)
class _Open:
    """The source whose rows are being read."""

    source: str
    size: tuple[int, int] | None
    parts: list[Rows] = field(default_factory=list)
    last: dict[int, float] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def finished(self, seconds: Mapping[str, float]) -> Recording:
        """Return the recording of all its rows, and let go of them."""
        rows = joined(self.parts)
        self.parts.clear()
        return finished(self.source, rows, self.labels, seconds, self.size, self.words)


def recordings_of(
    chunks: Iterable[Chunk], seconds: Mapping[str, float], words: Sequence[str] = ()
) -> Iterator[Recording]:
    """Yield the recordings of tables, one after the other; one at a time is in memory.

    Args:
        chunks: Of one table, or of several.
        seconds: Seconds of stream to the last frame of sources that were read from the beginning.
        words: Further columns that are read, as far as they are there.

    Raises:
        TableError: Rows of one source are not together, or time runs backwards for a person.
    """
    codes, now, done = Codes(), None, set[str]()
    more = {name: Codes() for name in words}
    for chunk in chunks:
        codes.add(chunk.layout.labels)
        rows = _rows(chunk, codes, more)
        _refuse_too_many(chunk, {chunk.layout.look: codes, **more})
        for source, start, end in _runs(chunk):
            if now is not None and now.source != source:
                yield now.finished(seconds)
                done.add(now.source)
                now = None
            if source in done:
                raise TableError(
                    f"{chunk.place(start)}: {source} again, after others; sort the table by "
                    f"{SOURCE}, or read each recording once"
                )
            now = now or _Open(source, _size(chunk, start))
            part = rows[start:end]
            _check_time(chunk, start, part, now)
            now.parts.append(part)
            now.labels = tuple(codes.labels)
            now.words |= {name: tuple(more[name].labels) for name in part.words}
    if now is not None:
        yield now.finished(seconds)


def finished(
    source: str,
    rows: Rows,
    labels: tuple[str, ...],
    seconds: Mapping[str, float],
    size: tuple[int, int] | None = None,
    words: Mapping[str, tuple[str, ...]] | None = None,
) -> Recording:
    """Return a recording of all its rows.

    Args:
        source: Its name.
        rows: All that is known of it; rows of track 0 say of a frame that nobody was seen.
        labels: The looks that the codes of the rows mean.
        seconds: Seconds of stream to the last frame of sources that were read from the beginning.
        size: Width and height of its picture, where they are known.
        words: What the further columns of the rows say.
    """
    moments = _moments(rows.time)
    step, longest = steps_of(moments)
    begin, end = float(moments[0]), float(moments[-1])
    if source in seconds:
        begin, end = min(begin, 0.0), max(end, seconds[source])
    rows = _by_track(rows)
    numbers, starts = np.unique(rows.track, return_index=True)
    ends = [*starts[1:], len(rows.track)]
    tracks = tuple(
        _track(int(number), rows[start:stop])
        for number, start, stop in zip(numbers, starts, ends, strict=True)
        if number != NOBODY
    )
    told = (source, labels, tracks, moments, begin, end + step, step, longest, size)
    return Recording(*told, words or {})


def _moments(time: RealArray) -> RealArray:
    """Return times, each once, rising; most tables have them in order, which saves a sort."""
    steps = np.diff(time)
    return time[np.append(True, steps > 0)] if (steps >= 0).all() else np.unique(time)


def _by_track(rows: Rows) -> Rows:
    """Return rows by their track, and of each by time; where there is one track they are so."""
    one = (rows.track == rows.track[0]).all() and (np.diff(rows.time) >= 0).all()
    return rows if one else rows[np.lexsort((rows.time, rows.track))]


def _track(number: int, rows: Rows) -> Track:
    read = (rows.time, rows.label, rows.frame, rows.probabilities, rows.box, rows.words)
    return Track(number, *read)


def _runs(chunk: Chunk) -> Iterator[tuple[str, int, int]]:
    """Yield each source of a chunk, and where its rows begin and end."""
    if not chunk.rows:
        return
    names = np.array([str(one or "") for one in chunk.cells[SOURCE]], object)
    edges = [0, *(np.flatnonzero(names[1:] != names[:-1]) + 1), chunk.rows]
    for start, end in itertools.pairwise(edges):
        yield names[start], int(start), int(end)


def _rows(chunk: Chunk, codes: Codes, more: Mapping[str, Codes]) -> Rows:
    time, frame = chunk.numbers(TIME), chunk.numbers(FRAME)
    wrong = ~np.isfinite(time)
    if wrong.any():
        raise TableError(f"{chunk.place(int(wrong.argmax()))}: has no {TIME}; mend or remove it")
    return Rows(
        time,
        _tracks(chunk),
        codes.of(chunk.cells[chunk.layout.look]),
        np.where(np.isfinite(frame), frame, -1).astype(np.int64),
        _stack(chunk, _probability_columns(chunk, codes)),
        _stack(chunk, BOX if BOX[0] in chunk.cells else ()),
        {n: more[n].of(map(_word, chunk.cells[n])) for n in more if n in chunk.cells},
    )


def _word(cell: object) -> str:
    """Return a cell of a further column as a word: another program may have made numbers of it."""
    return "" if cell is None or cell != cell else str(cell).strip()


def _refuse_too_many(chunk: Chunk, codes: Mapping[str, Codes]) -> None:
    for name, known in codes.items():
        if len(known.labels) > MOST_LOOKS:
            raise TableError(
                f"{chunk.layout.name}: the column {name!r} holds more than {MOST_LOOKS:,} "
                "different words; it must say the look"
            )


def _probability_columns(chunk: Chunk, codes: Codes) -> tuple[str, ...]:
    """Return the columns of probabilities in the order of all looks that are known by now."""
    if not any(PROBABILITY + label in chunk.cells for label in chunk.layout.labels):
        return ()
    return tuple(PROBABILITY + label for label in codes.labels)


def _stack(chunk: Chunk, columns: tuple[str, ...]) -> FloatArray:
    values = [chunk.numbers(name).astype(np.float32) for name in columns]
    return np.stack(values, axis=1) if values else np.empty((chunk.rows, 0), np.float32)


def _tracks(chunk: Chunk) -> IntArray:
    """Return the numbers of tracks; 0 where the row speaks of no face."""
    values = chunk.numbers(TRACK)
    values = np.where(np.isfinite(values), values, NOBODY)
    wrong = (values != np.floor(values)) | (values < NOBODY) | (values > MOST_TRACKS)
    if wrong.any():
        index = int(wrong.argmax())
        raise TableError(
            f"{chunk.place(index)}: {TRACK} is {values[index]:g}; it must be a whole number from 1"
        )
    return values.astype(np.int64)


def _size(chunk: Chunk, index: int) -> tuple[int, int] | None:
    width, height = (chunk.numbers(name)[index] for name in SIZE)
    known = np.isfinite(width) and np.isfinite(height) and min(width, height) > 0
    return (int(width), int(height)) if known else None


def _check_time(chunk: Chunk, start: int, rows: Rows, now: _Open) -> None:
    """Refuse a person for whom time runs backwards: two runs in one table, or a broken clock."""
    order = np.argsort(rows.track, kind="stable")
    track, time = rows.track[order], rows.time[order]
    same = track[1:] == track[:-1]
    falls = np.flatnonzero(same & (time[1:] < time[:-1])) + 1
    for place in falls[:1]:
        _refuse_backwards(chunk, start + int(order[place]), time[place - 1], time[place], now)
    firsts = np.flatnonzero(np.concatenate(([True], ~same)))
    for place in firsts:
        before = now.last.get(int(track[place]), -np.inf)
        if time[place] < before:
            _refuse_backwards(chunk, start + int(order[place]), before, time[place], now)
    lasts = np.flatnonzero(np.concatenate((~same, [True])))
    now.last |= dict(zip(track[lasts].tolist(), time[lasts].tolist(), strict=True))


def _refuse_backwards(chunk: Chunk, index: int, before: float, after: float, now: _Open) -> None:
    raise TableError(
        f"{chunk.place(index)}: the time of {now.source} runs backwards, from {before:g} to "
        f"{after:g} s; read that recording once more, or sort its rows by time"
    )
