"""What a user chooses of an archive: how it is shared out, and what is written."""

import re
from typing import Annotated, Literal

import msgspec

from mien.archive.engines import EngineName
from mien.errors import SettingsError
from mien.settings import check_number
from mien.sinks import parquet, xlsx

Format = Literal["csv", "jsonl", "parquet", "xlsx"]
Shard = tuple[int, int]
WHOLE: Shard = (1, 1)
_SHARD = re.compile(r"(-?[0-9]{1,9})/(-?[0-9]{1,9})", re.ASCII)


class ArchiveSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How files are read into a folder.

    Attributes:
        format: Of the tables (default: csv).
        jobs: How many files are read at a time, each in a process of its own where it is more than
            one.
        shard: Read one part of several, such as 2/8, on each of several machines; all write into
            the same folder.
        engine: Who hands out the files: this machine, or a Ray cluster.
    """

    format: Format | None = None
    jobs: int = 1
    shard: Annotated[str | None, msgspec.Meta(extra={"metavar": "I/N"})] = None
    engine: EngineName = "local"


def table_suffix(kind: Format | None) -> str:
    """Return the suffix of tables of a format; ".csv" where none was chosen.

    Raises:
        MissingExtraError: The packages that write it are not installed.
    """
    for name, module in (("parquet", parquet), ("xlsx", xlsx)):
        if kind == name:
            module.load()
    return f".{kind or 'csv'}"


def parse_shard(text: str | None) -> Shard:
    """Return the number of a shard, from 1, and of how many; of the whole where there is none.

    Raises:
        SettingsError: It is no such pair, or the number is none of them.
    """
    if text is None:
        return WHOLE
    found = _SHARD.fullmatch(text.strip())
    if found is None:
        raise SettingsError(f"--shard {text!r}: give its number and of how many, such as 2/8")
    number, count = int(found[1]), int(found[2])
    check_number("the number of shards in --shard", count, 1)
    if not 1 <= number <= count:
        raise SettingsError(f"--shard {text}: shards are counted from 1/{count} to {count}/{count}")
    return number, count
