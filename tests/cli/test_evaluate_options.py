"""Which of the names that are typed is the model, and which the data."""

from pathlib import Path

import pytest

from mien.cli import parser_of
from mien.cli.evaluate_options import EvaluateOptions
from mien.errors import SettingsError


def place(*words: str) -> tuple[Path, Path]:
    options = EvaluateOptions.read(parser_of("evaluate").parse_args(["evaluate", *words]))
    return options.place.bundle, options.place.data


@pytest.mark.parametrize(
    ("words", "model", "data"),
    [
        (("fer8", "faces"), "fer8", "faces"),
        (("faces",), "default", "faces"),
        (("faces", "--model", "fer8"), "fer8", "faces"),
        (("--bundle", "runs/a/bundle", "faces"), "runs/a/bundle", "faces"),
    ],
)
def test_the_model_is_named_by_place_by_option_or_not_at_all(
    words: tuple[str, ...], model: str, data: str
) -> None:
    assert place(*words) == (Path(model), Path(data))


@pytest.mark.parametrize("words", [("a", "b", "c"), ("a", "b", "--model", "c")])
def test_two_models_are_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError, match="name one model and one data set"):
        place(*words)
