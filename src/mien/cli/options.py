"""Command-line options from the fields of a struct, so that each is declared once.

A field's name is the option, its type and constraint are the check, its default the default, and
its line under "Attributes:" the help. What else an option has is in `msgspec.Meta(extra={…})`:

    metavar     what stands for the value in the help; of a tuple of so many values, a tuple
    aliases     other spellings that are as good
    old         spellings of former versions, which still work, with a hint
    flag        its spelling, where that is not the field's name
    positional  True for an argument without a name
    also        of a positional: a name under which it can be given, too
    choices     function that returns what a text may be, where only the running program knows
    names       dict of what is written on the command line → the value
    split       True where a tuple is written as one word with commas
    refusal     what is said after a word that cannot be taken
    sorted      True where order and repeats of such a tuple mean nothing
    repeated    True where a tuple is given one by one, the option before each
    derived     True for what no person gives

What is not typed is not in the namespace, so that a recipe, or what suits the data, can set it.
Ready-made libraries (tyro, cyclopts) take seven times as long to import as argparse, and neither
says which options were typed.
"""

import argparse
import re
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec.structs import FieldInfo

from mien.cli.console import err
from mien.errors import SettingsError
from mien.settings import (
    attributes,
    check_number,
    flag,
    made_of,
    of,
    unwrapped,
    what_it_must_be,
)

# The end of a sentence and the beginning of another.
_SENTENCES = re.compile(r"\. [A-Z]")
_NUMBERS: dict[Any, str] = {int: "a whole number", float: "a number"}
# What stands for a value in the help, by its type.
_METAVARS = {int: "N", float: "X", str: "TEXT", Path: "PATH"}
_PORT = {"metavar": "PORT", "refusal": "is no port; give one from 1 to 65535"}
# 0 takes any that is free.
Port = Annotated[int, msgspec.Meta(ge=0, le=65535, extra=_PORT)]
S = TypeVar("S", bound=msgspec.Struct)


def add_options(
    group: Any,
    kind: type[msgspec.Struct],
    *,
    only: Collection[str] | None = None,
    by_recipe: bool = False,
    helps: Mapping[str, str] | None = None,
) -> None:
    """Add the fields of a struct to a parser, or to a group of one.

    Args:
        group: The parser or group.
        kind: What the options are of.
        only: Names of the fields that are options here; all unless given.
        by_recipe: Whether a recipe may give them, too: then none is required, and bounds are
            checked where settings are made of all of them, not at once as wrong usage.
        helps: What to say of some fields in the place of what their docstring says.
    """
    told = attributes(kind) | dict(helps or {})
    for field in msgspec.structs.fields(kind):
        option = _Option(field, told.get(field.name, ""), by_recipe=by_recipe)
        if (only is None or field.name in only) and not option.extra.get("derived"):
            option.add(group)


def own_fields(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Return the fields that a struct has beside those of the one that it extends."""
    return tuple(kind.__annotations__)


def typed(args: argparse.Namespace, kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the values that were typed, of the fields of a struct, by name."""
    return of(kind, vars(args))


def read(args: argparse.Namespace, kind: type[S]) -> S:
    """Make a command's options from what was typed.

    Raises:
        SettingsError: A value is out of range; the message names the option.
    """
    return made_of(kind, vars(args))


def say_old(old: str, new: str) -> None:
    """Say how an option of a former version is written now."""
    err.print(f"mien: {old} is written {new} now", markup=False)


class _Option:
    """One field as argparse takes it."""

    def __init__(self, field: FieldInfo, told: str, *, by_recipe: bool) -> None:
        self._field, self._told, self._by_recipe = field, told, by_recipe
        self.kind, self.extra = unwrapped(field.type)

    def add(self, group: Any) -> None:
        """Add the option, and those that are other spellings of it."""
        name, settings = self._field.name, self._settings()
        if not self.extra.get("positional"):
            flags = [self._flag(), *self.extra.get("aliases", ())]
            group.add_argument(*flags, dest=name, **settings)
        else:
            group.add_argument(name, **settings)
            settings.pop("nargs", None)
        if also := self.extra.get("also"):
            one = {"action": "append", "help": argparse.SUPPRESS}
            group.add_argument(also, dest=name, **settings | one)
        for old in self.extra.get("old", ()):
            self._add_old(group, old, settings)

    def _add_old(self, group: Any, old: str, settings: dict[str, Any]) -> None:
        no_value = {"nargs": 0} if settings.pop("action", None) else {}
        group.add_argument(
            old,
            dest=self._field.name,
            action=_Old,
            new=self._flag(),
            **settings | no_value | {"help": argparse.SUPPRESS},
        )

    def _flag(self) -> str:
        return str(self.extra.get("flag") or flag(self._field.name))

    def _settings(self) -> dict[str, Any]:
        """Return the keyword arguments of `add_argument`."""
        settings: dict[str, Any] = {"default": argparse.SUPPRESS, "help": self._help()}
        if self._field.required and not (self._by_recipe or self.extra.get("positional")):
            settings["required"] = True
        metavar = self.extra.get("metavar") or _METAVARS.get(self.kind)
        if metavar and not (self.extra.get("positional") and "metavar" not in self.extra):
            settings["metavar"] = metavar
        origin, parts = typing.get_origin(self.kind), typing.get_args(self.kind)
        if self.kind is bool:
            both = argparse.BooleanOptionalAction if self._field.default else "store_true"
            return settings | {"action": both}
        if origin is dict:
            return settings | _pairs(parts[1])
        if origin is tuple:
            return settings | self._several(parts)
        if names := self.extra.get("names"):
            return settings | {"type": _named(names), "metavar": "{" + ",".join(names) + "}"}
        if choices := self.extra.get("choices"):
            settings.pop("metavar", None)
            return settings | {"choices": choices()}
        if origin is Literal:
            return settings | {"choices": parts}
        nargs = {"nargs": "?"} if self._may_lack() else {}
        return settings | {"type": self._value(self.kind)} | nargs

    def _may_lack(self) -> bool:
        """Whether it is a positional that nobody has to give."""
        return bool(self.extra.get("positional")) and not self._field.required

    def _several(self, parts: tuple[Any, ...]) -> dict[str, Any]:
        """Return how a tuple of values is taken."""
        value = self._value(parts[0])
        if self.extra.get("split"):
            return {"type": _split(parts[0], value, self.extra)}
        if self.extra.get("repeated"):
            return {"action": "append", "type": value}
        if ... not in parts:
            return {"nargs": len(parts), "type": value}
        nargs = "*" if self._may_lack() else "+"
        return {"action": "extend", "nargs": nargs, "type": value}

    def _help(self) -> str:
        """Return the help, with the default where there is one and the text names none."""
        told, default = self._told, self._field.default
        if not told[1:2].isupper():
            told = told[:1].lower() + told[1:]
        if not _SENTENCES.search(told):
            told = told.rstrip(".")
        shown = self._shown(default)
        if shown and "default" not in told:
            told = f"{told} (default: {shown})"
        return told.replace("%", "%%")

    def _shown(self, default: Any) -> str:
        """Return a default as it would be typed; "" where there is nothing to say."""
        if self.kind is bool:
            return "on" if default else ""
        names = {value: name for name, value in self.extra.get("names", {}).items()}
        if default in (None, msgspec.NODEFAULT, "", ()):
            return ""
        return str(names.get(default, default))

    def _value(self, kind: Any) -> Callable[[str], Any]:
        """Return what makes a value of a word, within the field's bounds."""
        plain, _ = unwrapped(kind)
        if plain is Path or (plain is str and not self.extra.get("positional")):
            return partial(_given, plain)
        if plain not in _NUMBERS:
            return typing.cast(Callable[[str], Any], plain)
        if self._by_recipe:
            return partial(_number, plain)

        def value(text: str) -> Any:
            try:
                number = _number(plain, text)
                check_number("it", number)
                return msgspec.convert(number, kind if kind is not plain else self._field.type)
            except (argparse.ArgumentTypeError, ValueError, SettingsError) as error:
                refusal = self.extra.get("refusal")
                raise argparse.ArgumentTypeError(
                    f"{text} {refusal}" if refusal else _reason(error, text)
                ) from error

        return value


def _given(kind: type, text: str) -> Any:
    """Make a name of a word: an empty one is what a shell makes of a variable that is not set."""
    if text is argparse.SUPPRESS:  # a positional that was left out, up to Python 3.12
        return text
    if not text.strip():
        raise argparse.ArgumentTypeError(
            "nothing is given; " + ("for this folder write ." if kind is Path else "leave it out")
        )
    return kind(text)


def _number(kind: type, text: str) -> Any:
    try:
        return kind(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not {_NUMBERS[kind]}") from error


def _reason(error: Exception, text: str) -> str:
    if isinstance(error, msgspec.ValidationError):
        return what_it_must_be(error, text)
    return str(error)


def _split(
    kind: Any, value: Callable[[str], Any], extra: dict[str, Any]
) -> Callable[[str], tuple[Any, ...]]:
    wanted = "list with commas" if unwrapped(kind)[0] is str else "list of numbers with commas"
    in_order = (lambda parts: sorted(set(parts))) if extra.get("sorted") else list

    def split(text: str) -> tuple[Any, ...]:
        try:
            parts = [value(part.strip()) for part in _given(str, text).split(",") if part.strip()]
            return tuple(in_order(parts))
        except argparse.ArgumentTypeError as error:
            raise argparse.ArgumentTypeError(f"{text!r} is no {wanted}: {error}") from error

    return split


def _named(names: dict[str, Any]) -> Callable[[str], Any]:
    def value(text: str) -> Any:
        if text not in names:
            raise argparse.ArgumentTypeError(f"{text!r}: choose from {', '.join(names)}")
        return names[text]

    return value


def _pairs(kind: Any) -> dict[str, Any]:
    """Return how `NAME=VALUE` is taken: numbers several at once, texts one at a time."""
    plain, _ = unwrapped(kind)
    return {"action": _Pairs, "value": plain} | ({} if plain is str else {"nargs": "+"})


class _Pairs(argparse.Action):
    """Reads `NAME=VALUE` into a dict, to which each use adds."""

    def __init__(self, option_strings: Sequence[str], dest: str, **more: Any) -> None:
        self._kind = more.pop("value")
        more.setdefault("metavar", "NAME=VALUE")
        super().__init__(option_strings, dest, **more)

    def __call__(
        self,
        _: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        __: str | None = None,
    ) -> None:
        """Add what was given; what is no pair is wrong usage."""
        pairs = dict(getattr(namespace, self.dest, {}))
        for text in [values] if isinstance(values, str) else values:
            try:
                pairs |= self._pair(text)
            except ValueError as error:
                raise argparse.ArgumentError(self, f"{text!r}: write {self.metavar}") from error
        setattr(namespace, self.dest, pairs)

    def _pair(self, text: str) -> dict[str, Any]:
        # A number holds no "=", a name may; a name of a text holds none, a text may.
        parts = text.split("=", 1) if self._kind is str else text.rsplit("=", 1)
        name, value = (part.strip() for part in parts)
        if not (name and value):
            raise ValueError(text)
        return {name: self._kind(value)}


class _Old(argparse.Action):
    """A spelling of a former version: it does what it did, and says what is written now."""

    def __init__(self, *args: Any, new: str, **more: Any) -> None:
        self._new = new
        super().__init__(*args, **more)

    def __call__(
        self,
        _: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Keep the value, or that it was there."""
        say_old(str(option_string), self._new)
        setattr(namespace, self.dest, True if self.nargs == 0 else values)
