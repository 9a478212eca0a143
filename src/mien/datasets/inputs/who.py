"""Who is who in a folder of pictures, as its metadata.csv or a pattern of its file names tells."""

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from mien.datasets.inputs.class_folders import METADATA, ClassFolders, origin_of
from mien.datasets.inputs.file_notes import match_notes
from mien.datasets.inputs.listing import Column
from mien.datasets.inputs.metadata import FileNote, Metadata, read_metadata
from mien.datasets.inputs.noted import Noted
from mien.datasets.inputs.patterns import GroupPattern
from mien.datasets.records import Rejection

# Of rows that name no file, and of columns.
SHOWN = 3
# Below that a column may well name as many people as there are pictures.
FEW_FILES = 6
# What tables are called.
TABLES = frozenset({".csv", ".tsv", ".json", ".jsonl", ".xls", ".xlsx", ".ods", ".parquet"})


@dataclass(slots=True)
class Who:
    """What is said of the files of a folder.

    Attributes:
        notes: By the file's number.
        missing: The rows that name no file.
        told: What the user should know of all this, in sentences.
    """

    notes: Noted
    missing: list[Rejection] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def who_is_who(
    found: ClassFolders, origins: Sequence[str], pattern: GroupPattern | None = None
) -> Who:
    """Read every metadata.csv of a folder: its own, and those of its folders of splits.

    Args:
        found: The folder.
        origins: Its files, as paths below it.
        pattern: Names the group of a file for which no metadata.csv does.

    Raises:
        DatasetError: A metadata.csv is wrong.
    """
    who = Who(Noted(len(origins), len(found.classes)))
    for path in found.tables:
        _read(who, found.root, path, read_metadata(path, found.classes), origins)
    if not found.tables:
        who.told += _unread(itertools.chain((one.origin for one in found.refused), origins))
    if pattern is not None:
        _add_groups(who, origins, pattern)
    return who


def _read(who: Who, root: Path, path: Path, metadata: Metadata, origins: Sequence[str]) -> None:
    name = origin_of(root, path)
    prefix = name[: -len(METADATA)]
    rows: Sequence[int] = range(len(origins))
    if prefix:
        rows = [row for row in rows if origins[row].startswith(prefix)]
    below = Column(len(rows), lambda number: origins[rows[number]].removeprefix(prefix))
    found, missing = match_notes(metadata.notes, below, path.parent.resolve().name)
    for number, note in found.items():
        who.notes.add(rows[number], note)
    who.missing += [
        Rejection(f"{prefix}{row}", f"named by {METADATA} but not there") for row in missing
    ]
    who.told += _told(name, metadata, found.values(), len(rows))
    if missing:
        shown = ", ".join(repr(row[:80]) for row in missing[:SHOWN])
        who.told.append(
            f"{name}: {len(missing):,} of {len(metadata.notes):,} rows name no picture of this "
            f"folder, such as {shown}; file names are paths below it"
        )


def _unread(files: Iterable[str]) -> list[str]:
    """Say of tables that may have been meant to tell who is who."""
    tables = [file for file in files if PurePath(file).suffix.lower() in TABLES]
    if not tables:
        return []
    shown = ", ".join(file[:80] for file in tables[:SHOWN]) + ", …" * (len(tables) > SHOWN)
    return [
        f"{shown}: not read; who is who is told by a file {METADATA} beside the folders of the "
        "classes (docs/folders.md)"
    ]


def _told(name: str, metadata: Metadata, notes: Collection[FileNote], files: int) -> list[str]:
    groups = [note.group for note in notes if note.group]
    without = f"; {files - len(notes):,} of {files:,} pictures have no row" * (files > len(notes))
    told = []
    if not metadata.group_column:
        told.append(
            f"{name}: no column says who is who (group, person, subject, participant …), so that "
            f"one person may be in two splits{without}"
        )
    else:
        told.append(
            f"{name}: {len(set(groups)):,} persons or groups, by column "
            f"{metadata.group_column!r}{without}{_nobody(metadata, len(notes) - len(groups))}"
        )
        if len(groups) >= FEW_FILES and len(set(groups)) == len(groups):
            told.append(
                f"{name}: column {metadata.group_column!r} has another value for every picture, "
                "so that it keeps none together; is it the column of persons?"
            )
    if metadata.unused:
        shown = ", ".join(column[:80] for column in metadata.unused[: 2 * SHOWN])
        told.append(f"{name}: columns that are not used: {shown}")
    return told


def _nobody(metadata: Metadata, pictures: int) -> str:
    """Say of how many pictures the column of persons names none, and what it says instead."""
    if not pictures:
        return ""
    words = ", ".join(repr(word) if word else "nothing" for word in metadata.nobody[: 2 * SHOWN])
    return (
        f"; of {pictures:,} pictures the person is not known (it says {words}), so that one person "
        "of these may be in two splits"
    )


def _add_groups(who: Who, origins: Sequence[str], pattern: GroupPattern) -> None:
    found, without = set[str](), 0
    for row, origin in enumerate(origins):
        group = pattern.group(origin)
        if not group:
            without += 1
            continue
        found.add(group)
        if not who.notes.group(row):
            who.notes.add_group(row, group)
    unlike = f"; {without:,} of {len(origins):,} file names do not fit" * (without > 0)
    who.told.append(f"--group-pattern {pattern.text!r}: {len(found):,} groups{unlike}")
