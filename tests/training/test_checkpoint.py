"""Checkpoints whose header was damaged, or is another's, are one line that names the file."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch.optim.swa_utils import AveragedModel

from mien.errors import TrainingError
from mien.training.checkpoint import Checkpoint, Part

HISTORY = [{"epoch": 1.0, "validation_loss": float("nan")}]
GOOD = {"settings": json.dumps({"seed": 1}), "history": json.dumps(HISTORY), "format": "2"}
DEEP = "[" * 20_000


def fresh() -> Checkpoint:
    network = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(network.parameters())
    network(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return Checkpoint(network, AveragedModel(network), optimizer, {}, HISTORY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    checkpoint = fresh()
    checkpoint.keep_best()
    checkpoint.save(tmp_path / "checkpoint.safetensors", {"seed": 1})
    return tmp_path / "checkpoint.safetensors"


def test_what_was_saved_comes_back(path: Path) -> None:
    checkpoint = fresh()
    checkpoint.load(path, {"seed": 1})
    assert str(checkpoint.history) == str(HISTORY)
    assert checkpoint.best.keys() == {"weight", "bias"}


def test_what_is_done_of_an_epoch_comes_back(tmp_path: Path) -> None:
    checkpoint, path = fresh(), tmp_path / "checkpoint.safetensors"
    checkpoint.part = Part(7, 0.1 + 0.2, 3.0, 900)
    checkpoint.save(path, {"seed": 1})
    again = fresh()
    again.load(path, {"seed": 1})
    assert again.part == checkpoint.part


@pytest.mark.parametrize("told", [None, "1", "3"])
def test_one_of_another_version_is_told_as_such(path: Path, told: str | None) -> None:
    header = {**GOOD, "format": told} if told else {k: v for k, v in GOOD.items() if k != "format"}
    path.write_bytes(save(load(path.read_bytes()), metadata=header))
    with pytest.raises(TrainingError, match=r"safetensors: of another version of mien \(format"):
        fresh().load(path, {"seed": 1})


@pytest.mark.parametrize(
    "header",
    [
        None,
        {"history": GOOD["history"]},
        {"settings": GOOD["settings"]},
        {**GOOD, "settings": "{"},
        {**GOOD, "settings": "[1]"},
        {**GOOD, "settings": "null"},
        {**GOOD, "settings": DEEP},
        {**GOOD, "history": DEEP},
        {**GOOD, "history": "9" * 5000},
        {**GOOD, "history": '"none"'},
        {**GOOD, "history": '[{"epoch": "one"}]'},
        {**GOOD, "part": "[]"},
        {**GOOD, "part": '{"steps": "many"}'},
        {**GOOD, "format": '"two"'},
    ],
)
def test_another_header(path: Path, header: Any) -> None:
    path.write_bytes(save(load(path.read_bytes()), metadata=header))
    with pytest.raises(TrainingError, match=r"checkpoint\.safetensors: not a checkpoint"):
        fresh().load(path, {"seed": 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("network/weight", torch.zeros(7)),
        ("network/other", torch.zeros(1)),
        ("average/module.weight", None),
        ("optimizer/no number/step", torch.zeros(1)),
        ("optimizer/step", torch.zeros(1)),
    ],
)
def test_other_tensors(path: Path, name: str, value: torch.Tensor | None) -> None:
    tensors = load(path.read_bytes())
    tensors.pop(name, None)
    if value is not None:
        tensors[name] = value
    path.write_bytes(save(tensors, metadata=GOOD))
    with pytest.raises(TrainingError, match=r"checkpoint\.safetensors: not a checkpoint"):
        fresh().load(path, {"seed": 1})
