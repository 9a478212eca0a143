"""`mien import-keras` from the command line."""

import importlib.util
import sys
from pathlib import Path
from typing import get_args

import pytest

from mien.cli import _parse, main
from mien.cli.import_keras import Scale
from mien.models.bundle import load_bundle

MODEL = "model.keras"
# Keras asks NumPy for copies in what NumPy calls an outdated way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
needs_keras = pytest.mark.skipif(
    importlib.util.find_spec("keras") is None, reason="needs Keras: pip install 'mien[keras]'"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a small network of two classes."""
    from mien.keras.network import import_keras_on_torch

    keras = import_keras_on_torch()
    layers = [keras.Input((16, 16, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]
    keras.Sequential(layers).save(tmp_path / MODEL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@needs_keras
def test_makes_a_bundle_and_says_how_exact_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["import-keras", MODEL, "--labels", "calm, tense", "--out", "mine", "--scale=-1..1"]
    monkeypatch.setattr(sys, "argv", ["mien", *words])
    assert main(words) == 0
    printed = capsys.readouterr()
    assert "bundle: mine" in printed.out
    assert "differ from Keras by at most" in printed.out
    assert "pixels are taken as -1..1: as --scale says" in printed.out
    assert "not calibrated" in printed.err
    info = load_bundle(folder / "mine").info
    assert (info.name, info.labels) == ("mine", ("calm", "tense"))
    assert (
        info.command
        == "mien import-keras model.keras --labels 'calm, tense' --out mine --scale=-1..1"
    )


@needs_keras
@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--labels", "a"], "--labels a: name at least two"),
        (["--labels", "a,b,c"], "model.keras gives 2 values"),
        (["--labels", "a,b", "--crop-scale", "-1"], "--crop-scale"),
        (["--labels", "a,b", "--answer-accuracy", "2"], "--answer-accuracy"),
        (["--labels", "a,b", "--validation", "absent"], "absent: no data set here"),
        (["--labels", "a,b", "--architecture", "absent.json"], "absent.json: cannot be read"),
        (["--labels", "a,b", "--out", "."], "--out .: exists already"),
        (["--labels", "a,b"], "--scale is needed: model.keras does not say"),
    ],
)
def test_what_does_not_fit_is_one_line(
    folder: Path, words: list[str], wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import-keras", MODEL, "--out", "mine", *words]) == 1
    message = capsys.readouterr().err.strip()
    assert wanted in message
    assert "\n" not in message
    assert not (folder / "mine").exists()


@pytest.mark.parametrize("scale", get_args(Scale))
def test_every_scale_can_be_typed(scale: str) -> None:
    words = ["import-keras", "m.h5", "--labels", "a,b", "--out", "x", f"--scale={scale}"]
    assert _parse(words).scale == scale


def test_without_the_extra_it_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mien.keras.run", None)
    assert main(["import-keras", "m.h5", "--labels", "a,b", "--out", "x"]) == 1
    assert "[keras]'" in capsys.readouterr().err
