"""Experiments run; no figure is judged."""

from pathlib import Path

import pytest
from tests.benchmarks.results import Importer

from mien.registry import make_detector
from mien.types import Box, Face, PixelArray


def test_large_soft_faces_are_counted_missed_and_doubled(
    bench: Importer, portrait: PixelArray
) -> None:
    """A detector that sees nothing misses all, one that sees halves doubles all."""
    enlarged = bench("experiments.enlarged")

    def halves(image: PixelArray) -> tuple[Face, ...]:
        height, width = image.shape[:2]
        box = Box(width * 0.4, 0, width * 0.6, height)
        return Face(box, 0.9), Face(Box(box.x1, 0, width * 0.55, height), 0.5)

    detectors = {"nothing": lambda _: (), "halves": halves, "ours": make_detector()}
    photos = [(portrait, Box(118, 66, 206, 172))]
    result = enlarged.measure(detectors, photos, sizes=((192, 108),))
    for row in result.rows:
        assert (row["missed nothing"], row["doubled nothing"]) == (1, 0)
        assert row["doubled halves"] == 1
        assert (row["missed ours"], row["doubled ours"]) == (0, 0)
    assert [row["frames"] for row in result.rows] == [3, 3, 3]


@pytest.mark.heavy
@pytest.mark.usefixtures("short")
def test_growth_and_searching_are_measured_and_drawn(bench: Importer, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra [train]")
    scaling = bench("experiments.scaling")
    growth = scaling.measure_growth(0.02)
    searching = scaling.measure_searching(0.02, intervals=(0.0, 0.15))
    assert [round(row["faces"]) for row in growth.rows] == [1, 2, 4, 8, 16, 1, 1, 1, 1]
    assert all(0 < row["found"] <= 1 for row in searching.rows)
    scaling.draw_growth(tmp_path / "growth.png", growth)
    scaling.draw_searching(tmp_path / "searching.png", searching, 0.15)
    scaling.draw_stages(tmp_path / "stages.png", 10)
    assert len(list(tmp_path.glob("*.png"))) == 3
