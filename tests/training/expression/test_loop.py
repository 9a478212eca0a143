"""The training loop: learns, stops early, keeps the best, and is the same after a resume."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel

from mien.errors import TrainingError
from mien.training.checkpoint import Checkpoint
from mien.training.device import Compute
from mien.training.expression import lesson, loop
from mien.training.expression.faces import FaceStore
from mien.training.expression.settings import TrainSettings
from mien.types import ignore_progress

pytestmark = pytest.mark.usefixtures("tiny_network")
CPU = Compute(torch.device("cpu"), bf16=False)
SMALL = TrainSettings(size=16, epochs=3, batch_size=16, average_decay=0.5, seed=3)


def bright_and_dark(count: int, seed: int = 0) -> FaceStore:
    """Two classes that differ in the side that is bright."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    images = rng.integers(0, 100, (count, 16, 16, 1), dtype=np.uint8)
    images[labels == 0, :8] += 120
    images[labels == 1, 8:] += 120
    return FaceStore.of_one_source(
        images, np.eye(2, dtype=np.float32)[labels], labels.astype(np.int64)
    )


def run(
    config: TrainSettings,
    *,
    faces: int = 64,
    stop_after: int | None = None,
    folder: Path | None = None,
    stop_at: int | None = None,
) -> Checkpoint:
    """Fit, optionally killed after some epochs or steps; with a folder, both are saved there."""
    checkpoint = loop.start(config, 2, CPU)
    path = folder / "checkpoint.safetensors" if folder else None
    if path and path.exists():
        checkpoint.load(path, {"seed": config.seed})

    def on_epoch(row: dict[str, float]) -> None:
        if path:
            checkpoint.save(path, {"seed": config.seed})
        if row["epoch"] == stop_after:
            raise KeyboardInterrupt

    steps = 0

    def on_step(update: Callable[[], None]) -> None:
        nonlocal steps
        steps += 1
        if path and steps == stop_at:
            update()
            checkpoint.save(path, {"seed": config.seed})
            raise KeyboardInterrupt

    train, validation = bright_and_dark(faces), bright_and_dark(32, seed=1)
    loop.learn(
        checkpoint,
        [train],
        validation,
        config,
        CPU,
        on_epoch=on_epoch,
        on_progress=ignore_progress,
        on_step=on_step,
    )
    return checkpoint


def test_learns_what_can_be_learnt() -> None:
    config = TrainSettings(size=16, epochs=8, batch_size=16, average_decay=0.5, augment=False)
    history = run(config, faces=128).history
    assert history[-1]["validation_accuracy"] >= 0.9
    assert history[-1]["validation_loss"] < 0.5 * history[0]["validation_loss"]


@pytest.mark.parametrize(
    ("faces", "patience", "wanted"), [(70, 8, 3 * 4), (10, 8, 3), (70, 1, None)]
)
def test_one_bar_fills_over_the_whole_run(
    faces: int, patience: int, wanted: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where faces are left over, where an epoch is one step, and where a run ends early."""
    config = TrainSettings(size=16, epochs=3, batch_size=16, patience=patience, augment=False)
    losses = iter([1.0, 2.0, 3.0])
    row = {"validation_accuracy": 0.5, "validation_balanced_accuracy": 0.5}
    monkeypatch.setattr(loop, "validate", lambda *_: row | {"validation_loss": next(losses)})
    told: list[tuple[str, int, int | None]] = []
    checkpoint = loop.start(config, 2, CPU)
    loop.learn(
        checkpoint,
        [bright_and_dark(faces)],
        bright_and_dark(8),
        config,
        CPU,
        on_epoch=lambda _: None,
        on_progress=lambda *step: told.append(step),
    )
    assert {stage for stage, _, _ in told} == {"training"}
    done = [step for _, step, _ in told[:-1]]
    assert done == list(range(1, len(done) + 1))
    assert told[-1][1] == told[-1][2] == done[-1]
    assert wanted in (None, done[-1])
    assert len(checkpoint.history) == (3 if wanted else 2)


def test_killed_and_resumed_run_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = run(SMALL)
    with pytest.raises(KeyboardInterrupt):
        run(SMALL, stop_after=1, folder=tmp_path)
    resumed = run(SMALL, folder=tmp_path)
    wanted, given_ = whole.network.state_dict(), resumed.network.state_dict()
    for name, value in wanted.items():
        assert torch.equal(value, given_[name]), name
    for name, value in whole.best.items():
        assert torch.equal(value, resumed.best[name]), name


@pytest.mark.parametrize("stop_at", [1, 5])
def test_a_run_killed_within_an_epoch_ends_with_the_same_weights(
    tmp_path: Path, stop_at: int
) -> None:
    config = msgspec.structs.replace(SMALL, batch_size=11)
    whole = run(config)
    with pytest.raises(KeyboardInterrupt):
        run(config, stop_at=stop_at, folder=tmp_path)
    resumed = run(config, folder=tmp_path)
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[name]), name
    for row, other in zip(whole.history, resumed.history, strict=True):
        for name in set(row) - {"images_per_second"}:
            assert row[name] == other[name], name


def test_other_seed_gives_other_weights() -> None:
    a, b = run(SMALL), run(TrainSettings(size=16, epochs=3, batch_size=16, seed=4))
    assert not torch.equal(a.best["head.weight"], b.best["head.weight"])


def test_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    checkpoint = run(SMALL)
    checkpoint.save(path, {"seed": 3})
    with pytest.raises(TrainingError, match="seed=3, not 4"):
        checkpoint.load(path, {"seed": 4})


def tiny_checkpoint() -> Checkpoint:
    network = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(network.parameters())
    return Checkpoint(network, AveragedModel(network), optimizer, {}, [])


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {},
        {"settings": "{}"},
        {"settings": "{", "history": "[]"},
        {"settings": "[]", "history": "[]"},
        {"settings": "{}", "history": "{}"},
        {"settings": "{}", "history": '[{"loss": "low"}]'},
        {"settings": "{}", "history": "[" * 100_000},
        {"settings": f'{{"seed": {"9" * 5000}}}', "history": "[]"},
        {"settings": "{}", "history": "[]", "format": "2"},
    ],
)
def test_checkpoint_of_something_else_is_one_line(
    tmp_path: Path, metadata: dict[str, str] | None
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    # Sound metadata do not make these a network's weights.
    save_file({"optimizer/x/y/z": torch.zeros(2)}, path, metadata=metadata)
    with pytest.raises(TrainingError, match=r"checkpoint\.safetensors: not a ch") as caught:
        tiny_checkpoint().load(path, {})
    assert len(str(caught.value)) < 600


def test_damaged_checkpoint_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    checkpoint = run(SMALL)
    checkpoint.save(path, {})
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(TrainingError, match=r"checkpoint\.safetensors"):
        checkpoint.load(path, {})


def test_stops_when_validation_no_longer_improves(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([0.9, 0.5, 0.6, 0.7, 0.4, 0.3])
    monkeypatch.setattr(
        loop,
        "validate",
        lambda *_: {"validation_loss": next(losses), "validation_accuracy": 0.0},
    )
    checkpoint = run(TrainSettings(size=16, epochs=6, patience=2, batch_size=32))
    assert [row["validation_loss"] for row in checkpoint.history] == [0.9, 0.5, 0.6, 0.7]


def test_best_epoch_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([0.5, 0.9])
    monkeypatch.setattr(loop, "validate", lambda *_: {"validation_loss": next(losses)})
    first = run(TrainSettings(size=16, epochs=2, batch_size=16, average_decay=0.5, seed=3))
    final = first.average.module.state_dict()
    assert not torch.equal(first.best["head.weight"], final["head.weight"])


def test_class_weights_keep_the_mean_loss_and_favour_the_rare() -> None:
    labels = np.array([0] * 90 + [1] * 10)
    store = FaceStore.of_one_source(np.zeros((100, 1)), np.eye(2, dtype=np.float32)[labels], labels)
    alike, balanced = lesson.class_weights(store, 0.0), lesson.class_weights(store, 1.0)
    torch.testing.assert_close(alike, torch.ones(2))
    torch.testing.assert_close(balanced[1] / balanced[0], torch.tensor(9.0))
    torch.testing.assert_close(balanced @ torch.tensor([0.9, 0.1]), torch.tensor(1.0))


def test_soft_cross_entropy_equals_pytorch_on_hard_labels() -> None:
    logits, labels = torch.randn(8, 3), torch.randint(0, 3, (8,))
    given_ = lesson.soft_cross_entropy(logits, torch.eye(3)[labels])
    torch.testing.assert_close(given_, torch.nn.functional.cross_entropy(logits, labels))


def test_epochs_take_the_stores_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    inner = loop.train_epoch

    def watched(given: lesson.Lesson, epoch: int, *rest: Any) -> dict[str, float]:
        seen.append(int(given.store(epoch).images[0, 0, 0, 0]))
        return inner(given, epoch, *rest)

    monkeypatch.setattr(loop, "train_epoch", watched)
    config = msgspec.structs.replace(SMALL, epochs=5)
    stores = [bright_and_dark(32, seed=seed) for seed in range(2)]
    for number, store in enumerate(stores):
        store.images[0, 0, 0, 0] = number
    checkpoint = loop.start(config, 2, CPU)
    validation = bright_and_dark(16, seed=9)
    loop.learn(
        checkpoint,
        stores,
        validation,
        config,
        CPU,
        on_epoch=lambda _: None,
        on_progress=ignore_progress,
    )
    assert seen == [0, 1, 0, 1, 0]


def test_changed_pictures_are_only_mirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise AssertionError("changed a second time")

    monkeypatch.setattr(lesson, "augment", refuse)
    config = msgspec.structs.replace(SMALL, epochs=1, augment=True)
    store = replace(bright_and_dark(32), changed=True)
    checkpoint = loop.start(config, 2, CPU)
    loop.learn(
        checkpoint,
        [store],
        bright_and_dark(16, seed=9),
        config,
        CPU,
        on_epoch=lambda _: None,
        on_progress=ignore_progress,
    )
    assert len(checkpoint.history) == 1


def test_face_that_counts_nothing_changes_no_loss() -> None:
    logits = torch.randn(4, 2)
    soft = torch.eye(2)[[0, 1, 0, 1]]
    counted = soft * torch.tensor([1.0, 1.0, 1.0, 0.0])[:, None]
    torch.testing.assert_close(
        lesson.soft_cross_entropy(logits, counted), lesson.soft_cross_entropy(logits[:3], soft[:3])
    )


def test_validation_tells_of_each_source() -> None:
    store = replace(
        bright_and_dark(40), sources=("lab", "web"), source=np.repeat([0, 1], 20), changed=False
    )
    network = loop.start(SMALL, 2, CPU).network
    row = loop.validate(network, store, CPU)
    parts = [row["validation_accuracy_lab"], row["validation_accuracy_web"]]
    assert np.mean(parts) == pytest.approx(row["validation_accuracy"])
    assert not [name for name in loop.validate(network, bright_and_dark(8), CPU) if "_lab" in name]


@pytest.mark.parametrize("name", ["train_loss", "validation_loss"])
def test_a_run_that_diverges_keeps_the_last_good_epoch(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    spoilt = {"train_epoch": "train_loss", "validate": "validation_loss"}
    for function, loss in spoilt.items():
        values = iter([0.5, 0.4, float("nan") if loss == name else 0.3])
        real = getattr(loop, function)
        monkeypatch.setattr(
            loop,
            function,
            lambda *args, real=real, loss=loss, values=values: {**real(*args), loss: next(values)},
        )
    kept: list[float] = []
    checkpoint = loop.start(SMALL, 2, CPU)
    problem = loop.learn(
        checkpoint,
        [bright_and_dark(64)],
        bright_and_dark(32, seed=1),
        SMALL,
        CPU,
        on_epoch=lambda row: kept.append(row["epoch"]),
        on_progress=ignore_progress,
    )
    assert "the loss became nan in epoch 3: the run diverged" in problem
    assert "--learning-rate (it was 0.002)" in problem
    assert "the bundle is of epoch 2" in problem
    assert kept == [row["epoch"] for row in checkpoint.history] == [1, 2]
    assert all(torch.isfinite(value).all() for value in checkpoint.best.values())


def test_a_run_that_diverges_at_once_keeps_nothing() -> None:
    config = msgspec.structs.replace(SMALL, learning_rate=1e30)
    with pytest.raises(TrainingError, match=r"in epoch 1: the run diverged.*no epoch could be"):
        run(config)
