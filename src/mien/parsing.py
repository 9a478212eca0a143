"""JSON, TOML and times of others' making: whatever is wrong with them is a ValueError.

The parsers of the first two also raise RecursionError, and the standard library's a few more, of
texts that are made to.
"""

import contextlib
import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
TOO_DEEP = "nested too deeply"
NO_UTF_8 = "not a text in utf-8"
# What parts the columns of a csv file, and how it begins where it is no UTF-8 without a mark.
DELIMITERS = (",", ";", "\t")
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
LONG_NUMBER = "it holds a number of thousands of digits"
# A key of a hundred parts. The standard library's parser takes seconds for 20,000 of them (its time
# grows with the square), and nobody means one.
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"""(?<![\w.'"-])(?:{_PART}[ \t]*+\.[ \t]*+){{100}}""")


def encoding_of(beginning: bytes) -> str:
    """Return the encoding of a text by its first bytes: Excel's "Unicode text" is in UTF-16."""
    return MARKS.get(beginning[:2], "utf-8-sig")


def delimiter_of(line: str) -> str:
    """Return what parts the names of the columns: that of which the first line has most."""
    return max(DELIMITERS, key=line.count)


def decode_json(data: bytes, kind: type[T]) -> T:
    """Decode JSON strictly.

    Args:
        data: UTF-8.
        kind: What it must be; `object` for anything, as built-in types.

    Raises:
        ValueError: It is no JSON, something else, or nested too deeply.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error


def decode_json_loosely(text: str | bytes) -> Any:
    """Decode JSON as Python writes it, with NaN and infinity.

    Raises:
        ValueError: It is no JSON, holds a number of thousands of digits, or is nested too deeply.
    """
    with _readable(json.JSONDecodeError):
        return json.loads(text)


def decode_toml(data: bytes) -> dict[str, Any]:
    """Decode TOML, also with the mark that Windows' editor puts before a text.

    Raises:
        ValueError: It is no TOML in UTF-8, holds a number of thousands of digits, or is nested too
            deeply.
    """
    with _readable(tomllib.TOMLDecodeError):
        text = data.decode("utf-8-sig")
        if not _LONG_KEY.search(text):
            return tomllib.loads(text)
    raise ValueError(TOO_DEEP)


@contextlib.contextmanager
def _readable(words: type[ValueError]) -> Iterator[None]:
    """Say in words of our own what a parser raises that does not speak of the text."""
    try:
        yield
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error
    except UnicodeError as error:
        raise ValueError(NO_UTF_8) from error
    except words:
        raise
    except ValueError as error:
        raise ValueError(LONG_NUMBER) from error
