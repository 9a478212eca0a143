"""`mien doctor`: tells what works, whatever is broken."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mien import registry
from mien.cli import findings, main
from mien.registry import DETECTORS


@pytest.fixture
def whole(make_bundle: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a tiny bundle in the place of the shipped one."""
    path = make_bundle()
    monkeypatch.setattr(registry, "DEFAULT_BUNDLE", path)
    return path


@pytest.fixture
def healthy(whole: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """And blind detectors in the place of those that take as long as all else."""
    for name in ("dlib-cnn", "dlib-hog"):
        monkeypatch.setitem(registry._DETECTORS, name, lambda *_: lambda image: ())
    return whole


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def test_all_is_well(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    for word in ("onnxruntime", "CPUExecutionProvider", "mtcnn", "tiny 0.0.1", "sha256", "cameras"):
        assert word in printed
    assert printed.endswith("mien works here.\n")


def test_json_says_the_same(healthy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = report(capsys)
    assert found["ok"]
    assert set(found["detectors"]) == set(DETECTORS)
    assert found["detectors"]["mtcnn"] == {"ok": True, "detail": "works", "facts": {}}
    assert found["model"]["bundle"]["facts"]["labels"] == ["angry", "sad", "happy", "neutral"]
    assert found["packages"]["onnxruntime"]["facts"]["providers"]
    assert found["model"]["terms"] == {
        "ok": True,
        "detail": "weights: MIT; trained on: none (nobody's)",
        "facts": {"weights": "MIT", "data": [{"source": "none", "terms": "nobody's"}]},
    }


def test_yunet_is_tried_with_the_weights_given(
    healthy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "weights.onnx"
    weights.write_bytes(b"none")
    assert main(["doctor", "--json", "--detector-model", str(weights)]) == 0
    yunet = report(capsys)["detectors"]["yunet"]
    assert not yunet["ok"]
    assert "weights.onnx" in yunet["detail"]


def test_a_damaged_bundle_is_told_and_fails(
    healthy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (healthy / "model.onnx").write_bytes(b"damaged")
    assert main(["doctor", "--json"]) == 1
    found = report(capsys)
    assert not found["ok"]
    assert "sha256" in found["model"]["bundle"]["detail"]
    assert found["detectors"]["mtcnn"]["ok"]


def test_a_detector_that_crashes_is_told_and_fails(
    healthy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"no weights\nin {Path.home()}/x")

    monkeypatch.setattr(registry, "make_detector", crash)
    assert main(["doctor", "--json"]) == 1
    found = report(capsys)
    assert found["detectors"]["mtcnn"]["detail"] == "RuntimeError: no weights in ~/x"
    assert not found["model"]["sample"]["ok"]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the home elsewhere")
@pytest.mark.parametrize(
    ("home", "told"),
    [
        ("/home/ann", "open '~/x.onnx', /home/anna/y, /srv/~/z in ~: no."),
        ("/", "as it is"),
        ("", "as it is"),
        ("ann", "as it is"),
        (None, "as it is"),
    ],
)
def test_a_home_is_hidden_and_nothing_else(
    home: str | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "open '/home/ann/x.onnx', /home/anna/y, /srv/~/z in /home/ann: no."
    if home is None:  # as of a user of a container, who stands in no list of users
        monkeypatch.delenv("HOME", raising=False)
        monkeypatch.setattr("os.getuid", lambda: 54321)
    else:
        monkeypatch.setenv("HOME", home)
    assert findings.without_home(text) == (text if told == "as it is" else told)


def test_a_package_that_cannot_be_imported_is_told_and_fails(
    healthy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    assert main(["doctor", "--json"]) == 1
    found = report(capsys)
    assert "av" in found["packages"]["av"]["detail"]
    assert found["packages"]["numpy"]["ok"]


def test_parts_that_cannot_be_imported_end_in_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mien.registry", None)
    assert main(["doctor"]) == 1
    assert "mien cannot work here" in capsys.readouterr().out


def test_missing_extras_and_cameras_are_no_failure(
    healthy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ['no-such-package>=1; extra == "more"', 'mien[more]; extra == "all"', "numpy>=2"]
    monkeypatch.setattr("importlib.metadata.requires", lambda _: lines)
    monkeypatch.setattr("mien.sources.camera.list_cameras", list)
    assert main(["doctor", "--json"]) == 0
    found = report(capsys)
    assert found["optional"].keys() == {"no-such-package"}
    assert found["optional"]["no-such-package"]["detail"] == "not installed"
    assert found["cameras"]["cameras"]["facts"] == {"numbers": []}
