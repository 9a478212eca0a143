"""manifest.csv: what became of each file of an archive, one row each, sorted by name.

It holds no times of day and nothing of this machine, so that two runs over the same files agree
byte for byte, whatever engine they had and however many jobs or shards. Each shard writes one of
its own while it works; who reads merges them, and the last shard to end does so for good.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from mien.archive.places import Place, open_place
from mien.errors import ArchiveError
from mien.parsing import NO_UTF_8

MANIFEST = "manifest.csv"
# What the tables were made with, and what their columns mean.
NOTES = "manifest.json"
_SHARDS = re.compile(r"manifest-(\d+)-of-(\d+)\.csv")
Status = Literal["waiting", "read", "partly", "unreadable", "failed", "absent"]
# What the words in `error` can be of a file whose table stands.
STANDS: frozenset[Status] = frozenset({"read", "partly"})
Count = Annotated[int, msgspec.Meta(ge=0)]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file.

    Attributes:
        file: Its name, as in the column `source` of its table.
        digest: sha256 of its content; "" where it could not be read.
        stamp: What a remote folder says of its version; "" of a file of this machine.
        table: The table that holds its readings, in the folder of the manifest; "" where none does.
        frames: Frames read.
        faces: Faces in all of them together.
        seconds: Seconds of stream, to its last frame; 0 of a picture.
        version: Of mien.
        bundle: Name and version of the model.
        bundle_digest: sha256 of its graph.
        settings: Digest of all else that the table came from: detector, limits, format.
        status: "read"; "partly", where it broke off, or holds more than is read; "unreadable",
            which is not tried again until it changes; "failed", which is tried again by the next
            start; "waiting", which is not read yet; "absent", where it was read once, and was not
            among what the last run was told to read.
        error: Why it is not "read", in words.
    """

    file: str
    digest: str = ""
    stamp: str = ""
    table: str = ""
    frames: Count = 0
    faces: Count = 0
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    version: str = ""
    bundle: str = ""
    bundle_digest: str = ""
    settings: str = ""
    status: Status = "waiting"
    error: str = ""


COLUMNS = Row.__struct_fields__


def with_status(row: Row, status: Status) -> Row:
    """Return a row with another status."""
    return msgspec.structs.replace(row, status=status)


def failed(file: str, stamp: str, error: str) -> Row:
    """Return the row of a file that the next start tries again."""
    return Row(file=file, stamp=stamp, status="failed", error=error)


def read_manifest(out: str | Path) -> list[Row]:
    """Return the rows of an archive's manifest, those of shards that are not merged yet among them.

    Args:
        out: The archive's folder, or its address.

    Returns:
        A row for each file, sorted by name.

    Raises:
        ArchiveError: There is no manifest, or one is damaged or another version's.
        SinkError: One cannot be read.
    """
    place = open_place(str(out))
    if not any(map(is_manifest, place.names())):
        raise ArchiveError(f"{out}: holds no {MANIFEST}; name the folder that was --out")
    return sorted(rows_of(place).values(), key=lambda row: row.file)


def rows_of(place: Place) -> dict[str, Row]:
    """Return the rows of all manifests in a folder by file; of two of one file the newer."""
    rows: dict[str, Row] = {}
    for name in place.names():
        if is_manifest(name):
            rows |= {row.file: row for row in load(place, name)}
    return rows


def is_manifest(name: str) -> bool:
    """Whether a file is called like a manifest, or like that of a shard."""
    return name == MANIFEST or _SHARDS.fullmatch(name) is not None


def shard_name(shard: tuple[int, int]) -> str:
    """Return what the manifest of a shard is called; of the only one as that of the whole."""
    number, count = shard
    return MANIFEST if count == 1 else f"manifest-{number}-of-{count}.csv"


def load(place: Place, name: str) -> Iterator[Row]:
    """Yield the rows of one manifest; nothing where it is not there.

    Raises:
        ArchiveError: It is damaged, or another version's.
        SinkError: It cannot be read.
    """
    data = place.read(name)
    return iter(()) if data is None else _decode(data, f"{place.name}/{name}")


def save(place: Place, name: str, rows: Iterable[Row]) -> None:
    """Write a manifest whole; raise `SinkError` where that fails."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(
        [getattr(row, column) for column in COLUMNS]
        for row in sorted(rows, key=lambda row: row.file)
    )
    place.write(name, text.getvalue().encode())


def _decode(data: bytes, name: str) -> Iterator[Row]:
    advice = "; name another folder, or remove the file to read everything anew"
    try:
        text = data.decode()
    except UnicodeError as error:
        raise ArchiveError(f"{name}: is damaged ({NO_UTF_8}){advice}") from error
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        if tuple(next(lines, ())) != COLUMNS:
            raise ArchiveError(f"{name}: is no manifest, or one of another version{advice}")
        for line in lines:
            yield _row(line)
    except (ValueError, csv.Error, msgspec.ValidationError) as error:
        raise ArchiveError(
            f"{name}, line {lines.line_num}: is damaged ({error}){advice}"
        ) from error


def _row(line: list[str]) -> Row:
    if len(line) != len(COLUMNS):
        raise ValueError(f"{len(line)} columns, not {len(COLUMNS)}")
    return msgspec.convert(dict(zip(COLUMNS, line, strict=True)), Row, strict=False)
