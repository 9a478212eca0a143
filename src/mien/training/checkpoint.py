"""Checkpoints that a killed run goes on from. Safetensors: loading one can run no code.

The randomness of an epoch depends on the seed and the epoch alone (see `loop`), so the number of
the epoch is all the random state there is to keep.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from mien.errors import TrainingError, one_line
from mien.files.writes import new_file
from mien.parsing import decode_json_loosely

# Of all faces that a run learns from; checkpoints of earlier versions do not say it.
FACES_SHA256 = "faces_sha256"


@dataclass(slots=True)
class Checkpoint:
    """All that changes during a run.

    Attributes:
        network: The network being trained.
        average: The moving average of its weights.
        optimizer: Its optimiser.
        best: Weights of the average at the best epoch so far.
        history: One row of figures per finished epoch.
    """

    network: nn.Module
    average: AveragedModel
    optimizer: torch.optim.Optimizer
    best: dict[str, Tensor]
    history: list[dict[str, float]]

    def keep_best(self) -> None:
        """Remember the average of the weights as the best so far."""
        state = self.average.module.state_dict()
        self.best = {name: value.detach().cpu().clone() for name, value in state.items()}

    def save(self, path: Path, settings: dict[str, Any]) -> None:
        """Write everything, whole or not at all.

        Raises:
            TrainingError: The disk is full or the folder is gone.
        """
        tensors = {
            **_prefixed("network", self.network.state_dict()),
            **_prefixed("average", self.average.state_dict()),
            **_prefixed("best", self.best),
            **_prefixed("optimizer", _flat_state(self.optimizer)),
        }
        header = {"history": json.dumps(self.history), "settings": json.dumps(settings)}
        try:
            with new_file(path) as new:
                save_file(tensors, new, metadata=header)
        except (OSError, SafetensorError) as error:
            reason = getattr(error, "strerror", None) or one_line(error)
            raise TrainingError(
                f"{path}: the checkpoint cannot be written: {reason}; free space, or name another "
                "folder"
            ) from error

    def load(self, path: Path, settings: dict[str, Any]) -> None:
        """Take up where `save` left off.

        Raises:
            TrainingError: The file is damaged, or of a run with other settings.
        """
        try:
            with safe_open(path, framework="pt") as file:
                header = _Header.read(file.metadata() or {})
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, ValueError) as error:
            raise _damaged(path, error) from error
        _same_settings(path, header.settings, settings)
        try:
            self._take(header.history, tensors)
        # What PyTorch raises of tensors that are missing, of another shape or of another kind.
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(path, error) from error

    def _take(self, history: list[dict[str, float]], tensors: dict[str, Tensor]) -> None:
        self.history = history
        self.network.load_state_dict(_part(tensors, "network"))
        self.average.load_state_dict(_part(tensors, "average"))
        self.best = _part(tensors, "best")
        _restore_state(self.optimizer, _part(tensors, "optimizer"))


class _Header(msgspec.Struct):
    """What stands in a checkpoint beside its tensors."""

    settings: dict[str, Any]
    history: list[dict[str, float]]

    @classmethod
    def read(cls, texts: dict[str, str]) -> "_Header":
        """Decode it; ValueError where it is none."""
        values = {name: decode_json_loosely(text) for name, text in texts.items()}
        return msgspec.convert(values, cls)


def _damaged(path: Path, error: Exception) -> TrainingError:
    return TrainingError(
        f"{path}: not a checkpoint that can be read ({one_line(error)}); remove it to start anew"
    )


def _same_settings(path: Path, kept: dict[str, Any], wanted: dict[str, Any]) -> None:
    unknown = {FACES_SHA256} - kept.keys()
    for name in sorted((kept.keys() | wanted.keys()) - unknown):
        if kept.get(name) != wanted.get(name):
            raise TrainingError(
                f"{path}: this run was started with {name}={kept.get(name)}, not "
                f"{wanted.get(name)}; resume with the same settings, or name another --out"
            )


def _prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    # Contiguous copies: safetensors refuses views and channels-last layouts are no values.
    return {
        f"{prefix}/{name}": value.detach().clone(memory_format=torch.contiguous_format)
        for name, value in tensors.items()
    }


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = prefix + "/"
    return {name[len(start) :]: value for name, value in tensors.items() if name.startswith(start)}


def _flat_state(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimizer.state_dict()["state"]
    return {
        f"{index}/{key}": value for index, values in state.items() for key, value in values.items()
    }


def _restore_state(optimizer: torch.optim.Optimizer, flat: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in flat.items():
        index, key = name.split("/")
        state.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
