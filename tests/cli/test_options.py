"""Options come from the fields of a struct: spelling, help, default, check, and what was typed."""

import argparse
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest

from mien.cli import COMMANDS, parser_of
from mien.cli.options import add_options, own_fields, read, typed
from mien.errors import SettingsError


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """What all have.

    Attributes:
        threads: Threads (default: one).
    """

    threads: Annotated[int, msgspec.Meta(ge=1, le=8)] = 1


class Options(Base, frozen=True, kw_only=True):
    """Of a command.

    Attributes:
        sources: What is read.
        size: Side in
            pixels. Not 50 % of it.
        rate: BGR goes first.
        channels: Gray or not.
        mode: How.
        augment: Change them.
        overwrite: Replace.
        classes: The classes.
        weights: By source.
        terms: By source.
        out: Where.
        from_: Where from.
        secret: Nobody gives it.
    """

    sources: Annotated[
        tuple[str, ...], msgspec.Meta(extra={"positional": True, "also": "--source"})
    ] = ()
    size: int = 48
    rate: Annotated[float, msgspec.Meta(gt=0, extra={"refusal": "is no rate"})] = 0.5
    channels: Annotated[Literal[1, 3], msgspec.Meta(extra={"names": {"gray": 1, "rgb": 3}})] = 1
    mode: Literal["slow", "quick"] | None = None
    augment: bool = True
    overwrite: Annotated[bool, msgspec.Meta(extra={"old": ("--force",)})] = False
    classes: Annotated[tuple[str, ...], msgspec.Meta(extra={"split": True})] = ()
    weights: dict[str, float] = {}
    terms: Annotated[dict[str, str], msgspec.Meta(extra={"metavar": "A=B"})] = {}
    out: Annotated[Path | None, msgspec.Meta(extra={"aliases": ("-o",)})] = None
    from_: str | None = None
    secret: Annotated[str, msgspec.Meta(extra={"derived": True})] = "s"


def parse(*words: str, **options: Any) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser, Options, **options)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ((), {}),
        (("a", "--source", "b", "--source", "c"), {"sources": ["a", "b", "c"]}),
        (("--source", "b"), {"sources": ["b"]}),
        (("--size", "0", "--rate", "2"), {"size": 0, "rate": 2.0}),
        (("--channels", "rgb", "--mode", "slow"), {"channels": 3, "mode": "slow"}),
        (("--no-augment", "--overwrite"), {"augment": False, "overwrite": True}),
        (("--classes", "a, b,"), {"classes": ("a", "b")}),
        (("--weights", "a=1", "b=c=2"), {"weights": {"a": 1.0, "b=c": 2.0}}),
        (("--terms", "a=b=c", "--terms", "d=e"), {"terms": {"a": "b=c", "d": "e"}}),
        (("-o", "x", "--from", "y"), {"out": Path("x"), "from_": "y"}),
        (("--threads", "8"), {"threads": 8}),
    ],
)
def test_what_was_typed_is_told_apart_from_defaults(
    words: tuple[str, ...], wanted: dict[str, Any]
) -> None:
    args = parse(*words)
    assert typed(args, Options) == wanted
    made = msgspec.structs.asdict(read(args, Options))
    defaults = msgspec.structs.asdict(Options())
    assert made == defaults | {
        name: tuple(value) if isinstance(value, list) else value for name, value in wanted.items()
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--threads", "0"), "--threads: must be 1 or more, got 0"),
        (("--threads", "x"), "--threads: 'x' is not a whole number"),
        (("--threads", "1.5"), "--threads: '1.5' is not a whole number"),
        (("--rate", "0"), "--rate: 0 is no rate"),
        (("--rate", "nan"), "--rate: nan is no rate"),
        (("--size", "many"), "--size"),
        (("--channels", "blue"), "'blue': choose from gray, rgb"),
        (("--mode", "late"), "--mode"),
        (("--weights", "a"), "--weights: 'a': write NAME=VALUE"),
        (("--weights", "a=b"), "--weights: 'a=b': write NAME=VALUE"),
        (("--terms", "=b"), "--terms: '=b': write A=B"),
        (("--secret", "x"), "--secret"),
    ],
)
def test_what_cannot_be_is_wrong_usage(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(*words)
    assert message in capsys.readouterr().err


OF_PYTHON = ("literal", "Expected", "int()", "int value", "float", "Traceback")


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_of_a_command_speaks_python(name: str) -> None:
    commands = parser_of(name)._subparsers
    assert commands is not None
    (of_all,) = commands._group_actions
    assert isinstance(of_all, argparse._SubParsersAction)
    taken, refused = [], []
    for action in of_all.choices[name]._actions:
        if not callable(action.type):
            continue
        for word in ("", " ", "x", "1.5", "-1", "nan", "1e999"):
            try:
                taken.append((action.dest, word, action.type(word)))
            except argparse.ArgumentTypeError as error:
                refused.append(f"{action.dest}: {error}")
    assert not [line for line in refused if any(one in line for one in OF_PYTHON)]
    named = {dest for dest, word, _ in taken if not word.strip()}
    # What these may be is said where they are opened; doctor's options are made by hand.
    assert named <= {"sources", "source", "address"} | (
        {"detector_model"} if name == "doctor" else set()
    )


def test_an_empty_name_is_not_this_folder(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse("--out", "")
    assert "--out/-o: nothing is given; for this folder write ." in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        parse("--from", "")
    assert "--from: nothing is given; leave it out" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        parse("--classes", "")
    assert "list with commas: nothing is given; leave it out" in capsys.readouterr().err


def test_what_a_recipe_may_mend_is_checked_where_settings_are_made() -> None:
    args = parse("--threads", "0", by_recipe=True)
    with pytest.raises(SettingsError, match="--threads must be 1 or more, got 0"):
        read(args, Options)


def test_the_help_is_the_docstring_with_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parse("--help", only={*own_fields(Options), "threads"} - {"mode"})
    told = " ".join(capsys.readouterr().out.split())
    assert "threads (default: one)" in told
    assert "side in pixels. Not 50 % of it. (default: 48)" in told
    assert "BGR goes first (default: 0.5)" in told
    assert "gray or not (default: gray)" in told
    assert "change them (default: on)" in told
    for absent in ("--mode", "--force", "--source", "--secret"):
        assert absent not in told


def test_an_old_spelling_works_and_says_the_new_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(parse("--force"), Options) == {"overwrite": True}
    assert "--force is written --overwrite now" in capsys.readouterr().err
