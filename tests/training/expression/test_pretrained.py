"""Weights of TensorFlow.js graph models: read exactly, or refused in one line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.errors import TrainingError
from mien.training.expression.pretrained import fingerprint, read_graph_model


def write_model(folder: Path, weights: list[dict[str, Any]], data: bytes, name: str = "") -> Path:
    manifest = [{"paths": [name or "net.bin"], "weights": weights}]
    (folder / "net.bin").write_bytes(data)
    path = folder / "net.json"
    path.write_text(json.dumps({"format": "graph-model", "weightsManifest": manifest}))
    return path


def entry(name: str, shape: list[int], dtype: str = "float32") -> dict[str, Any]:
    return {"name": name, "shape": shape, "dtype": dtype}


def test_arrays_of_all_kinds_come_back(tmp_path: Path) -> None:
    first = np.arange(6, dtype="<f4").reshape(2, 3) / 7
    second = np.array([1.5, -2.25], dtype="<f2")
    third = np.array(7, dtype="<i4")
    half = {**entry("b", [2]), "quantization": {"dtype": "float16"}}
    weights = [entry("a", [2, 3]), half, entry("c", [], "int32")]
    path = write_model(tmp_path, weights, first.tobytes() + second.tobytes() + third.tobytes())
    found = read_graph_model(path)
    assert np.array_equal(found["a"], first)
    assert np.array_equal(found["b"], second.astype(np.float32))
    assert found["c"].shape == ()
    assert found["c"] == 7


@pytest.mark.parametrize("size", [8, 12, 20])
def test_binary_file_of_another_length_is_refused(tmp_path: Path, size: int) -> None:
    path = write_model(tmp_path, [entry("a", [4])], bytes(size))
    with pytest.raises(TrainingError, match=r"net\.json: not the weights"):
        read_graph_model(path)


def test_unsupported_kind_is_named(tmp_path: Path) -> None:
    path = write_model(tmp_path, [entry("a", [4], "string")], bytes(4))
    with pytest.raises(TrainingError, match="a is string"):
        read_graph_model(path)


@pytest.mark.parametrize(
    "entry",
    [
        entry("a", [-1]),
        entry("a", [-2, -2]),
        entry("a", [2**62]),
        entry("a", [2**70]),
        entry("a", [1] * 70),
        entry("a", []) | {"quantization": {"dtype": ["float16"]}},
        entry("a", []) | {"quantization": []},
        entry("a", []) | {"name": None},
    ],
)
def test_entry_that_makes_no_sense_is_refused(tmp_path: Path, entry: dict[str, Any]) -> None:
    path = write_model(tmp_path, [entry], bytes(4))
    with pytest.raises(TrainingError, match=r"net\.json: not the weights"):
        read_graph_model(path)


def test_deep_json_is_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path, [], b"")
    path.write_text('{"a": ' + "[" * 20_000)
    with pytest.raises(TrainingError, match="nested too deeply"):
        read_graph_model(path)


def test_the_name_of_a_model_is_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "net[1].bin").write_bytes(b"x")
    assert fingerprint(tmp_path / "net[1].json")


def test_no_file_outside_the_folder_is_read(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(4))
    path = write_model(inner, [entry("a", [1])], b"", name="../secret.bin")
    with pytest.raises(TrainingError, match=r"inner/secret\.bin: cannot be read"):
        read_graph_model(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weightsManifest": 3}'])
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "net.json"
    path.write_text(text)
    with pytest.raises(TrainingError, match="not the weights"):
        read_graph_model(path)


def test_fingerprint_is_of_the_weights(tmp_path: Path) -> None:
    path = write_model(tmp_path, [entry("a", [1])], bytes(4))
    before = fingerprint(path)
    write_model(tmp_path, [entry("a", [1])], b"\1" + bytes(3))
    assert fingerprint(path) != before
    (tmp_path / "net.bin").unlink()
    with pytest.raises(TrainingError, match=r"no file net\.bin"):
        fingerprint(path)
