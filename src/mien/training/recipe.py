"""A recipe: the options of a training command in a TOML file, from which a model is made again.

Keys are the names of fields of settings; `_` and `-` are the same. A field that is a dict, as
`data_terms`, is a table. Machine, data set and run folder are not part of it, since they do not
decide what is learnt.
"""

import json
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mien.errors import SettingsError
from mien.parsing import decode_toml
from mien.settings import recipe_file, unwrapped

SHOWN = 200  # characters of a value in a message
# Of what a recipe says in an error.
LONGEST = 80
Options = dict[str, Any]


class Recipe:
    """What the recipes of one command may say: the fields of its settings.

    A value is checked for its kind only: what it may be is checked where settings are made of it,
    after the options of the command line have been put over it.
    """

    def __init__(self, command: str, kinds: Sequence[type[msgspec.Struct]]) -> None:
        """Take the settings.

        Args:
            command: The command that it is for, as "train DATASET".
            kinds: Structs of settings; a field with `extra["derived"]` is no part of a recipe.
        """
        self.command = command
        self.kinds = tuple(kinds)
        self._fields: dict[str, tuple[str, Any, dict[str, Any]]] = {}
        for kind in kinds:
            for field in msgspec.structs.fields(kind):
                plain, extra = unwrapped(field.type)
                if not extra.get("derived"):
                    self._fields[field.name.rstrip("_")] = (field.name, _kind(plain, extra), extra)

    @property
    def keys(self) -> tuple[str, ...]:
        """All that a recipe may say."""
        return tuple(self._fields)

    def kind(self, key: str) -> Any:
        """Return the type of a key's values in TOML."""
        return self._fields[key][1]

    def read(self, path: Path) -> Options:
        """Read a recipe.

        Args:
            path: The file, or the name of one of mien's own, such as recipes/student.toml.

        Returns:
            Values by the names of fields.

        Raises:
            SettingsError: The file is missing or not TOML, or an option is unknown or of another
                kind.
        """
        try:
            values = decode_toml(recipe_file(path).read_bytes())
        except OSError as error:
            raise SettingsError(f"--config {path}: cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise SettingsError(f"--config {path}: not TOML: {error}; mend it") from error
        options: Options = {}
        for key, value in values.items():
            name, plain = self._taken(path, key.replace("-", "_"), value)
            options[name] = plain
        return options

    def write(self, options: Mapping[str, Any]) -> str:
        """Return a recipe's text, keys in a fixed order.

        Args:
            options: Values by the names of fields; what no recipe may say is left out.
        """
        given = {}
        for key, (name, _, extra) in self._fields.items():
            if options.get(name) is not None:
                spoken = {value: word for word, value in extra.get("names", {}).items()}
                given[key] = spoken[options[name]] if spoken else options[name]
        lines = [f"# For `mien {self.command} --config recipe.toml`."]
        lines += [f"{key} = {_toml(v)}" for key, v in given.items() if not isinstance(v, dict)]
        for key, table in given.items():  # a table ends what is said outside of tables
            if isinstance(table, dict):
                lines += ["", f"[{key}]", *(f"{_toml(k)} = {_toml(v)}" for k, v in table.items())]
        return "\n".join(lines) + "\n"

    def _taken(self, path: Path, key: str, value: object) -> tuple[str, Any]:
        if key not in self._fields:
            raise SettingsError(
                f"--config {path}: unknown option {key[:LONGEST]!r}; choose from "
                f"{', '.join(self._fields)}"
            )
        name, kind, extra = self._fields[key]
        try:
            plain = msgspec.convert(value, kind)
            return name, extra["names"][plain] if "names" in extra else plain
        except (msgspec.ValidationError, RecursionError, KeyError) as error:
            told = _shown(value)
            raise SettingsError(f"--config {path}: {key} = {told} is of the wrong kind") from error


def _kind(plain: Any, extra: dict[str, Any]) -> Any:
    """Return the type that TOML has for a field's values, whatever bounds they have."""
    origin, parts = typing.get_origin(plain), typing.get_args(plain)
    if origin is typing.Literal or "names" in extra:
        return str
    if origin is tuple:
        return list[unwrapped(parts[0])[0]]  # type: ignore[misc]
    if origin is dict:
        return dict[parts[0], unwrapped(parts[1])[0]]  # type: ignore[misc, valid-type]
    return str if plain is Path else plain


def _toml(value: object) -> str:
    """Return a value as TOML has it: as JSON, but for one character that TOML wants escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _shown(value: object) -> str:
    """Return a value as Python writes it, or its type where that takes too much room."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, or nested too deeply
        text = ""
    return text if 0 < len(text) <= SHOWN else f"(a long {type(value).__name__})"
