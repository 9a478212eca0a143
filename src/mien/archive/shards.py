"""One part of several of a work, for who starts it on several machines by hand."""

import re
from collections.abc import Sequence
from typing import Annotated, TypeVar

import msgspec

from mien.errors import SettingsError
from mien.settings import check_number

Shard = tuple[int, int]
# As an option.
ShardText = Annotated[str | None, msgspec.Meta(extra={"metavar": "I/N"})]
WHOLE: Shard = (1, 1)
_SHARD = re.compile(r"(-?[0-9]{1,9})/(-?[0-9]{1,9})", re.ASCII)
T = TypeVar("T")


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


def share(parts: Sequence[T], shard: Shard) -> list[T]:
    """Return those of the parts that are a shard's: about as much for each, if sorted by size.

    Args:
        parts: All of them, in the same order for each shard.
        shard: Its number, from 1, and of how many.
    """
    number, count = shard
    return list(parts[number - 1 :: count])
