"""A run folder belongs to one run at a time, and tells of each epoch that its checkpoint holds."""

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from mien.errors import InUseError, TrainingError
from mien.training import run_folder
from mien.training.checkpoint import Checkpoint, Part
from mien.training.device import Compute
from mien.training.expression.loop import start
from mien.training.expression.settings import TrainSettings
from mien.training.run_folder import CHECKPOINT, HISTORY, SETTINGS, opened_run

RECORD = {"seed": 3, "faces_sha256": "of all faces"}
ROW = {"epoch": 1.0, "train_loss": 0.5, "validation_loss": 0.4, "validation_accuracy": 0.8}


def fresh() -> Checkpoint:
    cpu = Compute(torch.device("cpu"), bf16=False)
    return start(TrainSettings(arch="residual-small", size=16), 2, cpu)


def test_two_runs_never_share_a_folder(tmp_path: Path) -> None:
    out, checkpoint = tmp_path / "run", fresh()
    with opened_run(out, RECORD, checkpoint, title="one", resume=False):
        settings = (out / SETTINGS).read_bytes()
        second = opened_run(out, {"seed": 4}, checkpoint, title="other", resume=False)
        with pytest.raises(InUseError, match="run: process"), second:
            pytest.fail("both are in")
    assert (out / SETTINGS).read_bytes() == settings
    assert [path.name for path in out.iterdir()] == [SETTINGS]


def test_a_run_killed_between_checkpoint_and_history_has_both_when_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    checkpoint = fresh()
    checkpoint.keep_best()
    checkpoint.history.append(ROW)
    with (
        monkeypatch.context() as patch,
        opened_run(tmp_path, RECORD, checkpoint, title="one", resume=False) as kept,
    ):
        patch.setattr(run_folder, "write_history", killed)
        with pytest.raises(KeyboardInterrupt):
            kept.finished(ROW)
    assert not (tmp_path / HISTORY).exists()
    again = fresh()
    (tmp_path / "curves.png").write_bytes(b"of another kind")
    with opened_run(tmp_path, RECORD, again, title="one", plots="pdf", resume=True):
        pass
    assert again.history == [ROW]
    assert (tmp_path / HISTORY).read_text().splitlines()[1].startswith("1,0.5,0.4")
    assert [path.name for path in tmp_path.glob("curves.*")] == ["curves.pdf"]


def test_a_run_on_other_faces_is_not_resumed(tmp_path: Path) -> None:
    checkpoint = fresh()
    checkpoint.save(tmp_path / CHECKPOINT, RECORD)
    with pytest.raises(TrainingError, match="faces_sha256=of all faces, not of others"):
        checkpoint.load(tmp_path / CHECKPOINT, RECORD | {"faces_sha256": "of others"})


def test_steps_are_kept_now_and_then_in_the_middle_of_an_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = itertools.count(step=run_folder.KEPT_EVERY / 4)
    monkeypatch.setattr(run_folder, "time", SimpleNamespace(monotonic=lambda: next(now)))
    checkpoint, kept_at = fresh(), []
    with opened_run(tmp_path, RECORD, checkpoint, title="one", resume=False) as kept:
        for step in range(20):

            def update(step: int = step) -> None:
                checkpoint.part = Part(step, 1.0, 2.0, 3)
                kept_at.append(step)

            kept.midway(update)
    assert 3 <= len(kept_at) <= 7
    again = fresh()
    with opened_run(tmp_path, RECORD, again, title="one", resume=True):
        assert again.part == Part(kept_at[-1], 1.0, 2.0, 3)
        assert again.history == []
    assert not list(tmp_path.glob("curves.*"))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many epochs each picture of the curves was drawn of."""
    epochs: list[int] = []
    monkeypatch.setattr(
        run_folder, "draw_curves", lambda _, history, *__: epochs.append(len(history))
    )
    return epochs


@pytest.mark.parametrize(("seconds", "wanted"), [(1.0, [3]), (60.0, [1, 2, 3])])
def test_curves_of_quick_epochs_are_drawn_once_and_of_slow_ones_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawn: list[int], seconds: float, wanted: Any
) -> None:
    now = itertools.count(step=seconds)
    monkeypatch.setattr(run_folder, "time", SimpleNamespace(monotonic=lambda: next(now)))
    checkpoint = fresh()
    checkpoint.keep_best()
    with opened_run(tmp_path, RECORD, checkpoint, title="one", resume=False) as kept:
        for epoch in range(3):
            checkpoint.history.append(ROW | {"epoch": epoch + 1.0})
            kept.finished(ROW)
    assert drawn == wanted


def test_a_run_that_fails_has_its_curves(tmp_path: Path, drawn: list[int]) -> None:
    def stop(_: object) -> None:
        raise KeyboardInterrupt

    checkpoint = fresh()
    checkpoint.keep_best()
    checkpoint.history.append(ROW)
    opened = opened_run(tmp_path, RECORD, checkpoint, title="one", resume=False, on_epoch=stop)
    with pytest.raises(KeyboardInterrupt), opened as kept:
        kept.finished(ROW)
    assert drawn == [1]


def test_a_run_without_an_epoch_has_no_curves(tmp_path: Path, drawn: list[int]) -> None:
    with opened_run(tmp_path, RECORD, fresh(), title="one", resume=False):
        pass
    assert drawn == []
