"""The scenes that are measured show what they say, and what is counted in them is counted right."""

import importlib
from pathlib import Path

import numpy as np
import pytest
from tests.benchmarks.results import Importer

from mien.protocols import Detector
from mien.registry import make_detector
from mien.types import Analysis, Box, Face, PixelArray, Prediction, Quality, Reading


def test_written_faces_differ_but_for_twins(bench: Importer, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra [train]")
    prepare = importlib.import_module("mien.datasets.preparation.prepare").prepare
    folders = importlib.import_module("mien.datasets.inputs.folders")
    bench("faces").write_folder(tmp_path / "in", 80, side=64)
    dataset = prepare(folders.FolderInput(tmp_path / "in"), tmp_path / "out")
    assert dataset.info.clusters == 8
    assert dataset.info.conflicts == 0


def test_scenes_have_the_faces_they_say(bench: Importer, mtcnn: Detector) -> None:
    faces = bench("faces")
    scene: PixelArray = faces.scene(320, 240, 2)
    assert scene.shape == (240, 320, 3)
    assert len(mtcnn(scene)) == 2
    assert (scene == faces.scene(320, 240, 2)).all()
    assert (scene != faces.scene(320, 240, 2, seed=1)).any()


def test_people_in_a_moving_scene_are_where_the_truth_says(bench: Importer) -> None:
    moving = bench("moving")
    walk = moving.Walk([(0.0, (160.0, 240.0)), (1.0, (480.0, 240.0))], [(0.4, 0.6)])
    scene = moving.Scene((moving.Actor([(0.0, moving.portrait())], walk, 120.0),), 1.0)
    detector = make_detector()
    for index in (0, 10, 29):
        frame, there = scene.frame(index)
        (face,) = detector(frame.image)
        x, y = there[0].center
        assert abs(face.box.center[0] - x) < 20
        assert abs(face.box.center[1] - y) < 20
    assert scene.frame(15)[1] == {}
    again = scene.frame(10)[0].image
    assert np.array_equal(again, scene.frame(10)[0].image)


def test_switches_and_identity_are_counted(bench: Importer) -> None:
    identity = bench("identity")
    truth = identity.Truth()
    left, right = Box(0, 0, 50, 50), Box(100, 0, 150, 50)
    for numbers in ((1, 2), (1, 2), (2, 1), (2, 1)):
        truth.add({0: left, 1: right}, analysis_of(dict(zip(numbers, (left, right), strict=True))))
    assert (truth.faces, truth.found, truth.switches) == (8, 8, 2)
    assert truth.idf1 == pytest.approx(0.5)


def test_flicker_and_delay_are_counted(bench: Importer) -> None:
    steadiness = bench("steadiness")
    times = np.arange(180) / 30
    probabilities = np.full((180, 4), 0.05, np.float32)
    probabilities[:90, 0] = probabilities[90:, 1] = 0.85
    still = steadiness.Recording(times, probabilities, 0, 1)
    point = steadiness.judge(0.0, 0.2, [still], 0.5)
    assert point.flicker == 0
    assert point.delay == pytest.approx(0.2, abs=0.05)
    shaky = probabilities.copy()
    shaky[30:45] = probabilities[100:115]
    point = steadiness.judge(0.0, 0.2, [steadiness.Recording(times, shaky, 0, 1)], 0.5)
    assert point.flicker == pytest.approx(2 / 6 * 60)


def analysis_of(boxes: dict[int, Box]) -> Analysis:
    prediction = Prediction(("happy",), (1.0,))
    readings = tuple(
        Reading(number, Face(box, 0.9), prediction, prediction, "happy", Quality(50, 50, 100))
        for number, box in boxes.items()
    )
    return Analysis(0, 0.0, "scene", (640, 480), readings)
