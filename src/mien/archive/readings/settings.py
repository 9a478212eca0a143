"""What a user chooses of an archive: how it is shared out, and what is written."""

from typing import Literal

import msgspec

from mien.archive.engines import EngineName
from mien.archive.shards import ShardText
from mien.sinks import parquet, xlsx

Format = Literal["csv", "jsonl", "parquet", "xlsx"]


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
    shard: ShardText = None
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
