"""How mien and others are held against each other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.benchmarks.results import Importer, check


def test_peers_labels_are_counted(bench: Importer) -> None:
    figures = bench("peers.figures")
    labels = [None, "sad", None, "sad", "happy", None, "sad"]
    assert figures.changes(labels) == 2
    assert figures.found(labels) == pytest.approx(4 / 7)
    assert list(figures.choose(7, 3)) == [0, 3, 6]
    assert list(figures.choose(2, 120)) == [0, 1]
    assert figures.seconds_shown([1.0, 1.5, 2.0, 2.5]) == 2.0
    with pytest.raises(ValueError, match="two frames or more"):
        figures.seconds_shown([0.0])


def test_peers_are_held_against_the_runs_beside_them(bench: Importer, tmp_path: Path) -> None:
    peers, clip = bench("peers.__main__"), bench("peers.clip")
    image = np.zeros((2, 4, 3), np.uint8)
    frames = [clip.Frame(image, index, index / 2, "clip") for index in range(4)]
    written = clip.write(iter(frames), tmp_path, "clip")
    assert (tmp_path / clip.PIXELS).stat().st_size == 4 * image.size
    mine = iter((1.0, 3.0, 1.0))

    def run(turn: Any, every: int) -> Any:
        if turn.system == "broken":
            raise peers.RunError("broken: no such weights")
        seconds = next(mine) if turn == peers.MIEN else 8.0
        assert every == (1 if turn.every_frame else 2)
        return peers.Run("1.2", seconds, seconds, ("sad", "happy"))

    turns = [peers.Turn(name, f"{name} {{}}", tmp_path) for name in ("other", "broken")]
    result = peers.measure(written, run, turns, most=2, rounds=2)
    check(result, rows=2)
    assert [row["system"] for row in result.rows] == ["mien 1.2", "other 1.2"]
    assert [row["ratio"] for row in result.rows] == [1, 4]
    assert result.rows[1]["changes"] == 30
    assert result.findings[1] == "broken: no such weights"


def test_peers_largest_face_is_read_and_overlaps_go(bench: Importer) -> None:
    reading = bench("peers.reading")
    image = np.zeros((2, 4, 3), np.uint8)

    def read(frames: Any) -> Iterator[Any]:
        yield from ([(1.0, "sad"), (2.0, "happy")] if stamp else [] for stamp, _ in frames)

    assert reading.measure(read, [0, 1], [image, image])["labels"] == [None, "happy"]
    boxes = np.array([[0, 0, 9, 9], [0, 0, 10, 10], [0, 0, 10, 9], [20, 0, 30, 9]], np.float32)
    scores, groups = np.array([0.9, 0.8, 0.7, 1.0]), np.array([0, 0, 1, 0])
    assert reading.suppress(boxes, scores, groups, 0.5).tolist() == [3, 0, 2]
