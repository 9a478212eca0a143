"""Settings that people give: structs whose fields are declared once, and checks of numbers.

A field's name is its key in a recipe and its option on the command line, its type and constraint
are the check, its default the default, and its line under "Attributes:" the help. What else the
command line knows of it is in `msgspec.Meta(extra={…})`; see `mien.cli.options`.
"""

import inspect
import math
import os
import re
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from mien.errors import SettingsError

S = TypeVar("S", bound=msgspec.Struct)
_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n {6,}.*)*)", re.MULTILINE)
# What msgspec says of a value that it refuses.
_BOUND = re.compile(r"Expected `(?:int|float)` (>=|<=|>|<) (\S+)$")
_BOUNDS = {">=": "{} or more", "<=": "{} or less", ">": "more than {}", "<": "less than {}"}
_WANTED = re.compile(r"Expected `([^`]+)`, got ")
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "none",
}
# mien's own recipes and mixes, in the package; a user calls them `recipes/NAME`.
RECIPES = Path(__file__).parent / "recipes"
# More threads than processors only wait for each other, and thousands take minutes to start; but a
# few more than a small machine has are no mistake.
FEW_THREADS = 16


def recipe_file(path: Path) -> Path:
    """Return where a recipe or a mix lies: as it is named, else mien's own of that name.

    Args:
        path: As a user names it; `recipes/NAME` is mien's own where there is no such file.
    """
    own = RECIPES / path.name
    return own if path.parent == Path("recipes") and not path.exists() and own.is_file() else path


def check_number(
    option: str, value: float, least: float = -math.inf, most: float = math.inf
) -> None:
    """Refuse a number that is none, infinite, or out of range.

    Args:
        option: What to call it, as `--seconds`.
        value: The number.
        least: Smallest that is taken.
        most: Largest that is taken.

    Raises:
        SettingsError: It cannot be taken; the message says what can.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise SettingsError(f"{option} must be a finite number, got {value}")
    if value < least:
        raise SettingsError(f"{option} must be {least:.12g} or more, got {value}")
    if value > most:
        raise SettingsError(f"{option} must be {most:,.12g} or less, got {value}")


def processors() -> int:
    """Return how many this process may use, which in a container are often fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_threads(option: str, threads: int, least: int = 1) -> None:
    """Refuse a number of threads or processes that this machine cannot use.

    Args:
        option: What to call it.
        threads: The number.
        least: 0 where that leaves the choice to a library.

    Raises:
        SettingsError: There are fewer than `least`, or many more than there are processors.
    """
    check_number(option, threads, least, max(FEW_THREADS, os.cpu_count() or 1))


def checked(kind: type[S], **values: Any) -> S:
    """Make settings from values a person gave.

    Raises:
        SettingsError: A value is of the wrong kind or out of range; the message names the option.
    """
    for name, value in values.items():
        for number in value.values() if isinstance(value, dict) else [value]:
            if isinstance(number, float):
                check_number(flag(name), number)
    try:
        return msgspec.convert(values, kind, dec_hook=_as_it_is)
    except msgspec.ValidationError as error:
        place = str(error).rpartition(" - at ")[2].strip("`$.")
        raise SettingsError(f"{flag(place)} {what_it_must_be(error, values.get(place))}") from error


def what_it_must_be(error: msgspec.ValidationError, value: object) -> str:
    """Say of a refused value what it has to be, for who knows no Python.

    Args:
        error: Why it was refused.
        value: The value; None where it is not known.
    """
    reason = str(error).partition(" - at ")[0]
    got = "" if value is None else f", got {value}"
    if bound := _BOUND.match(reason):
        return f"must be {_BOUNDS[bound[1]].format(bound[2].removesuffix('.0'))}{got}"
    if wanted := _WANTED.match(reason):
        return f"must be {' or '.join(_KINDS.get(one, one) for one in wanted[1].split(' | '))}{got}"
    return f"cannot be taken: {reason}"


def of(kind: type[msgspec.Struct], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of some values that are fields of a struct, by name."""
    return {name: values[name] for name in kind.__struct_fields__ if name in values}


def made_of(kind: type[S], values: Mapping[str, Any]) -> S:
    """Make settings from those of some values that are their fields.

    Raises:
        SettingsError: A value is of the wrong kind or out of range; the message names the option.
    """
    return checked(kind, **of(kind, values))


def flag(name: str) -> str:
    """Return a field's name as an option: "--batch-size"; that of `from_` is "--from"."""
    return "--" + name.rstrip("_").replace("_", "-")


def attributes(kind: type) -> dict[str, str]:
    """Return what the docstrings of a class and its bases say of each attribute, in one line."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        text = inspect.cleandoc(base.__dict__.get("__doc__") or "")
        _, _, section = text.partition("\nAttributes:\n")
        found |= {name: " ".join(told.split()) for name, told in _ATTRIBUTE.findall(section)}
    return found


def unwrapped(kind: Any) -> tuple[Any, dict[str, Any]]:
    """Return a field's type without constraints and None, and what `extra` says of the field."""
    if typing.get_origin(kind) is typing.Annotated:
        inner, *metas = typing.get_args(kind)
        plain, extra = unwrapped(inner)
        for meta in metas:
            extra = extra | (getattr(meta, "extra", None) or {})
        return plain, extra
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return unwrapped(next(one for one in typing.get_args(kind) if one is not type(None)))
    return kind, {}


def _as_it_is(kind: type, value: Any) -> Any:
    """Let through what msgspec has no check for, as a `Path`."""
    if not isinstance(value, kind):
        raise ValueError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")
    return value
