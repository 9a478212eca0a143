"""`--device` and `device=`, wherever faces are read: what is said, and that readings stay."""

import logging
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.models.fakes import FakeSession, has, with_fake

import mien
from mien.cli import main, parser_of
from mien.cli.evaluate_options import EvaluateOptions, command_line
from mien.errors import SettingsError
from mien.models.device_kinds import KINDS
from mien.types import PixelArray

CUDA = KINDS["cuda"].provider


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeSession]:
    return with_fake(monkeypatch, CUDA)


@pytest.fixture
def picture(tmp_path: Path, portrait: PixelArray) -> Path:
    path = tmp_path / "face.png"
    path.write_bytes(cv2.imencode(".png", portrait)[1].tobytes())
    return path


def test_python_reads_the_same_on_a_device(fake: type[FakeSession], portrait: PixelArray) -> None:
    (here,), (there,) = (mien.load(device=name).read(portrait) for name in ("cpu", "cuda"))
    assert np.allclose(here.raw.probabilities, there.raw.probabilities)
    on = [providers for _, providers in fake.made if len(providers) > 1]
    assert [first[0] for first, _ in on] == [CUDA, CUDA]  # the detector and the classifier


def test_one_line_is_said_where_a_device_fails_for_several_networks(
    fake: type[FakeSession], portrait: PixelArray, caplog: pytest.LogCaptureFixture
) -> None:
    reader = mien.load(device="cuda")
    fake.breaks = RuntimeError("device lost")
    assert len(reader.read(portrait)) == 1
    assert len(reader.read(portrait)) == 1
    (record,) = caplog.records
    assert (record.levelno, record.name) == (logging.WARNING, "mien.models.devices")


@pytest.mark.parametrize(
    "words",
    [
        ["predict", "sample"],
        ["live", "--no-browser", "--port", "0"],
        ["bench", "none"],
    ],
)
@pytest.mark.parametrize(("name", "told"), [("tpu", "unknown device"), ("cuda", "onnxruntime has")])
def test_a_device_that_cannot_be_is_one_line(
    words: list[str],
    name: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    has(monkeypatch)
    assert main([*words, "--device", name]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.strip().splitlines()
    assert told in line


def test_evaluate_takes_it_and_writes_it_into_its_command(tmp_path: Path) -> None:
    words = ["evaluate", "fer4", str(tmp_path), "--device", "cuda:1"]
    options = EvaluateOptions.read(parser_of("evaluate").parse_args(words))
    assert options.place.device == "cuda:1"
    assert command_line(options).endswith("--device cuda:1")


def test_auto_says_what_it_took(
    picture: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    has(monkeypatch)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert main(["predict", str(picture), "--device", "auto"]) == 0
    printed = capsys.readouterr()
    told = "runs on cpu (this onnxruntime has nothing else here)"
    assert f"the detector mien {told}" in printed.err
    assert f"the model fer4 {told}" in printed.err
    assert main(["predict", str(picture)]) == 0
    assert capsys.readouterr().out == printed.out


def test_an_archive_is_read_on_it(
    fake: type[FakeSession], picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary: Any = mien.read_archive(picture, tmp_path / "out", device="cuda")
    assert (summary.files, summary.faces) == (1, 1)
    assert any(len(providers) > 1 for _, providers in fake.made)
    again = mien.read_archive(picture, tmp_path / "out")
    assert again.unchanged == 1
    with pytest.raises(SettingsError, match="unknown device"):
        mien.read_archive(picture, tmp_path / "out", device="tpu")
