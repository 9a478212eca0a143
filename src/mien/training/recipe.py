"""A recipe: the options of a training command in a TOML file, from which a model is made again.

Keys are the options' long names; `_` and `-` are the same. An option that is given once for each of
several names, as --data-terms SOURCE=TERMS, is a table. Machine, data set and run folder are not
part of it, since they do not decide what is learnt.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from mien.errors import SettingsError
from mien.parsing import decode_toml

Kinds = Mapping[str, Any]
SHOWN = 200  # characters of a value in a message
# What a recipe may say, and of which kind: for `mien train`, and for `mien train-detector`.
KINDS: Kinds = {
    "arch": str,
    "size": int,
    "channels": str,
    "epochs": int,
    "patience": int,
    "batch_size": int,
    "learning_rate": float,
    "weight_decay": float,
    "class_balance": float,
    "average_decay": float,
    "augment": bool,
    "calm_epochs": int,
    "teacher": list[str],
    "teacher_weight": float,
    "teacher_views": int,
    "pretrained": str,
    "from": str,
    "source_weight": dict[str, float],
    "source_smoothing": dict[str, float],
    "seed": int,
    "name": str,
    "version": str,
    "classes": list[str],
    "crop_scale": float,
    "weights": str,
    "weights_terms": str,
    "class_prior": float,
    "answer_accuracy": float,
    "data_terms": dict[str, str],
}
DETECTOR_KINDS: Kinds = {
    "channels": str,
    "epochs": int,
    "steps": int,
    "batch_size": int,
    "learning_rate": float,
    "weight_decay": float,
    "average_decay": float,
    "seed": int,
    "group_pattern": str,
    "judge": str,
    "name": str,
    "version": str,
    "weights": str,
    "weights_terms": str,
    "data_terms": dict[str, str],
}
Options = dict[str, Any]
# Of what a recipe says in an error.
LONGEST = 80


def read_recipe(path: Path, kinds: Kinds = KINDS) -> Options:
    """Read a recipe.

    Args:
        path: The file.
        kinds: What it may say.

    Returns:
        Options by name, with `_`.

    Raises:
        SettingsError: The file is missing or not TOML, or an option is unknown or of another kind.
    """
    try:
        values = decode_toml(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"--config {path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"--config {path}: not TOML: {error}") from error
    options = {name.replace("-", "_"): value for name, value in values.items()}
    for name, value in options.items():
        _check(path, name, value, kinds)
    return options


def write_recipe(
    options: Mapping[str, Any], kinds: Kinds = KINDS, command: str = "train DATASET"
) -> str:
    """Return a recipe's text, options in a fixed order.

    Args:
        options: By name; what no recipe may say is left out.
        kinds: What it may say.
        command: The command that it is for.
    """
    given = {name: options[name] for name in kinds if options.get(name) is not None}
    lines = [f"# For `mien {command} --config recipe.toml`."]
    for name, value in given.items():
        if not isinstance(value, dict):
            lines.append(f"{name} = {_value(value)}")
    for name, value in given.items():  # a table ends what is said outside of tables
        if isinstance(value, dict):
            lines += ["", f"[{name}]", *(f"{_value(key)} = {_value(value[key])}" for key in value)]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    """Return a value as TOML has it: as JSON, but for one character that TOML wants escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _check(path: Path, name: str, value: object, kinds: Kinds) -> None:
    kind = kinds.get(name)
    if kind is None:
        raise SettingsError(
            f"--config {path}: unknown option {name[:LONGEST]!r}; choose from {', '.join(kinds)}"
        )
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        told = _shown(value)
        raise SettingsError(f"--config {path}: {name} = {told} is of the wrong kind") from error


def _shown(value: object) -> str:
    """Return a value as Python writes it, or its type where that takes too much room."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, or nested too deeply
        text = ""
    return text if 0 < len(text) <= SHOWN else f"(a long {type(value).__name__})"
