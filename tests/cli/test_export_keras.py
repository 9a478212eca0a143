"""`mien export-keras` from the command line."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.cli import main

if importlib.util.find_spec("keras") is None:
    pytest.skip("needs Keras: pip install 'mien[keras]'", allow_module_level=True)


def test_says_in_one_line_what_is_wrong(
    make_bundle: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(make_bundle())
    for words, wanted in (
        ([path, str(tmp_path / "x.h5")], "ends in .keras"),
        ([path, str(tmp_path / "x.keras")], "holds no weights.safetensors"),
        (["face", str(tmp_path / "x.keras")], "where a classifier is needed"),
        (["nowhere/at/all", str(tmp_path / "x.keras")], "no such bundle"),
    ):
        assert main(["export-keras", *words]) == 1
        said = capsys.readouterr().err
        assert wanted in said
        assert said.count("\n") == 1
    assert not (tmp_path / "x.keras").exists()
