"""Which tables a name means: one file, or those of a folder."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mien.archive.readings.manifest import MANIFEST, is_manifest, read_manifest
from mien.errors import TableError
from mien.recordings.tables.readers import READERS
from mien.sinks.markers import SUFFIX as MARKERS

PEOPLE, SUMMARY = "people.csv", "summary.csv"
LATENCIES, AGREEMENT = "latencies.csv", "agreement.csv"


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables that a name means.

    Attributes:
        paths: The files, in order.
        seconds: Seconds of stream to the last frame of each source, where a manifest says so: these
            were read from their beginnings.
    """

    paths: tuple[Path, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)


def find_tables(path: Path, without: Collection[Path] = ()) -> Tables:
    """Return the tables that a name means.

    Args:
        path: A table; a folder that `mien predict … --out FOLDER/` wrote; or any other folder, of
            which all tables are meant, to any depth.
        without: Files of such a folder that are no tables of readings.

    Raises:
        TableError: There is none, or one is missing.
        ArchiveError: The folder's manifest is damaged.
    """
    if path.is_file():
        return Tables((path,))
    if not path.is_dir():
        raise TableError(f"{path}: does not exist; name a table, or a folder of tables")
    if any(is_manifest(one.name) for one in path.iterdir()):
        return _of_manifest(path)
    others = {one.resolve() for one in without}
    found = sorted(one for one in path.rglob("*") if _is_table(one) and one.resolve() not in others)
    if not found:
        raise TableError(f"{path}: holds no table; name a folder that was --out of mien predict")
    return Tables(tuple(found))


def _of_manifest(path: Path) -> Tables:
    rows = [row for row in read_manifest(path) if row.table]
    paths = tuple(dict.fromkeys(path / row.table for row in rows))
    if not paths:
        raise TableError(f"{path}: its {MANIFEST} names no table; nothing could be read there")
    for one in paths:
        if not one.is_file():
            raise TableError(
                f"{one}: is in {MANIFEST}, and not there; run the same mien predict once more, "
                "which makes it anew"
            )
    return Tables(paths, {row.file: row.seconds for row in rows if row.seconds})


def _is_table(path: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.parts[-1:])
    names = (PEOPLE, SUMMARY, LATENCIES, AGREEMENT)
    beside = path.name in names or path.name.endswith(("_events.tsv", MARKERS))
    return path.suffix.lower() in READERS and path.is_file() and not (hidden or beside)
