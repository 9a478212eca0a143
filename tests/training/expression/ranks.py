"""Several processes of one run on this machine, over the loopback.

Run as a script, it is one of them: it learns the same as `learnt` does in one process.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mien.training.checkpoint import Checkpoint
from mien.training.device import Compute
from mien.training.expression import loop
from mien.training.expression.face_network import FaceNetwork
from mien.training.expression.faces import FaceStore
from mien.training.expression.network import ARCHITECTURES
from mien.training.expression.settings import TrainSettings
from mien.training.spread import Spread, spread_over
from mien.types import ignore_progress

CPU = Compute(torch.device("cpu"), bf16=False)
# 70 faces: the last batch is left out, and a batch of 15 has unequal shares.
SETTINGS = TrainSettings(size=16, epochs=3, batch_size=15, average_decay=0.5, seed=3)
FACES = 70


class PlainNetwork(FaceNetwork):
    """Without batch normalisation and dropout: a share of a batch tells it as much as the whole."""

    def __init__(self, classes: int, channels: int, size: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(channels, 8, 3, 2), nn.ReLU(), nn.Flatten())
        self.head = nn.Linear(8 * ((size - 1) // 2) ** 2, classes)

    def with_features(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        features = self.body(pictures)
        return self.head(features), features


def faces(count: int, seed: int = 0) -> FaceStore:
    """Two classes that differ in the side that is bright; faces count unlike, and are not sure."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(count) < 0.3).astype(np.int64)
    images = rng.integers(0, 100, (count, 16, 16, 1), dtype=np.uint8)
    images[labels == 0, :8] += 120
    images[labels == 1, 8:] += 120
    soft = np.eye(2, dtype=np.float32)[labels] * 0.8 + 0.1
    store = FaceStore.of_one_source(images, soft, labels)
    store.weights[:] = rng.uniform(0.2, 2, count)
    return store


def learnt(network: str, spread: Spread) -> Checkpoint:
    """Learn on this process's share."""
    if network == "plain":
        ARCHITECTURES["residual"] = PlainNetwork
    settings = SETTINGS
    checkpoint = loop.start(settings, 2, CPU, spread=spread)
    loop.learn(
        checkpoint,
        [faces(FACES)],
        faces(32, seed=1),
        settings,
        CPU,
        on_epoch=lambda _: None,
        on_progress=ignore_progress,
        spread=spread,
    )
    return checkpoint


def told(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what is compared: the history, and all weights and averages in one list."""
    states = (checkpoint.network.state_dict(), checkpoint.average.state_dict(), checkpoint.best)
    values = [value.double().flatten() for state in states for value in state.values()]
    return {"history": checkpoint.history, "weights": torch.cat(values).tolist()}


def environment(rank: int, ranks: int, port: int) -> dict[str, str]:
    """Return what torchrun would tell a process, and what keeps it small."""
    return {
        **os.environ,
        "RANK": str(rank),
        "WORLD_SIZE": str(ranks),
        "LOCAL_RANK": str(rank),
        "LOCAL_WORLD_SIZE": str(ranks),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "GLOO_SOCKET_IFNAME": "lo",
        "OMP_NUM_THREADS": "1",
    }


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def started(command: Sequence[str | Path], ranks: int) -> list[subprocess.Popen[str]]:
    """Start the processes of a run."""
    port = free_port()
    return [
        subprocess.Popen(
            [sys.executable, *map(str, command)],
            env=environment(rank, ranks, port),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(ranks)
    ]


def ended(processes: Sequence[subprocess.Popen[str]], seconds: float = 90) -> list[tuple[str, str]]:
    """Wait for processes to end; return what each printed and said of errors."""
    try:
        return [one.communicate(timeout=seconds) for one in processes]
    finally:
        for one in processes:
            one.kill()
            one.wait()


def main() -> None:
    """Be one process of a run; print what it has learnt."""
    torch.set_num_threads(1)
    with spread_over("cpu") as spread:
        sys.stdout.write(json.dumps(told(learnt(sys.argv[1], spread))))


if __name__ == "__main__":
    main()
