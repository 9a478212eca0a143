"""Reads tables of readings into recordings, one after the other."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Literal

from mien.recordings.gather import recordings_of
from mien.recordings.tables.columns import Chunk, Wanted
from mien.recordings.tables.folders import find_tables
from mien.recordings.tables.readers import read_chunks
from mien.recordings.values import Recording

# "label" is what a row's probabilities say by themselves; "shown" the steady word of the screen.
Look = Literal["label", "shown"]


def read_recordings(
    path: str | Path,
    *,
    look: Look = "label",
    box: bool = False,
    probabilities: bool = False,
    words: Sequence[str] = (),
    without: Collection[Path] = (),
) -> Iterator[Recording]:
    """Read a table, or a folder of tables, as `mien predict` writes them.

    Rows are read in chunks and kept as arrays of numpy, of one recording at a time: a study of any
    length needs the memory of its longest recording.

    Args:
        path: A .csv (with commas, semicolons or tabs, decimal points or commas), .jsonl, .parquet
            or .xlsx file, or a folder, such as one that was --out. Columns that are not known are
            not in the way.
        look: The column that says the look.
        box: Whether boxes are wanted.
        probabilities: Whether probabilities are.
        words: Further columns of words that are wanted, as far as they are there.
        without: Files of a folder that are no tables of readings, such as lists of events.

    Yields:
        A recording for each source, in the order of the tables.

    Raises:
        TableError: A table cannot be read, lacks a column, or its time runs backwards.
        ArchiveError: The folder's manifest is damaged.
        MissingExtraError: What reads the format is not installed.
    """
    tables = find_tables(Path(path), without)

    def chunks() -> Iterator[Chunk]:
        for one in tables.paths:
            yield from read_chunks(Wanted(one, look, box, probabilities, tuple(words)))

    yield from recordings_of(chunks(), tables.seconds, words)
