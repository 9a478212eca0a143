"""The curves' picture and the history's table."""

from pathlib import Path

from mien.training.curves import draw_curves, write_history
from mien.vision.images.reading import read_picture

HISTORY = [
    {
        "epoch": float(epoch),
        "train_loss": 1.0 / epoch,
        "train_accuracy": 1 - 0.5 / epoch,
        "validation_loss": 1.0 / epoch + 0.02 * epoch,
        "validation_accuracy": 0.9 - 0.4 / epoch,
    }
    for epoch in range(1, 8)
]


def test_curves_are_of_the_kind_that_their_name_says(tmp_path: Path) -> None:
    draw_curves(tmp_path / "curves.svg", HISTORY, "a run")
    assert (tmp_path / "curves.svg").read_bytes().startswith(b"<?xml")


def test_draws_a_picture_even_after_one_epoch(tmp_path: Path) -> None:
    for count in (1, 7):
        draw_curves(tmp_path / "curves.png", HISTORY[:count], "a run")
        image = read_picture(tmp_path / "curves.png")
        assert image.shape[1] > 2 * image.shape[0]
        assert image.std() > 5


def test_history_has_a_row_per_epoch(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", HISTORY)
    lines = (tmp_path / "history.csv").read_text().splitlines()
    assert lines[0].startswith("epoch,train_loss")
    assert len(lines) == 8
