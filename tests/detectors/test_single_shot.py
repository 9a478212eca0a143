"""The network's answers become faces in pixels of the picture."""

from typing import Any

import numpy as np
import pytest

from mien.detectors import single_shot
from mien.detectors.single_shot import SingleShotDetector
from mien.errors import BundleError
from mien.types import FloatArray


class FakeSession:
    """Answers the same for every picture, and keeps what it was shown."""

    def __init__(self, scores: list[float], boxes: list[list[float]]) -> None:
        self.scores, self.boxes = np.array(scores, np.float32), np.array(boxes, np.float32)
        self.shown: list[Any] = []

    def run(self, names: list[str], given: dict[str, Any]) -> list[FloatArray]:
        assert names == ["scores", "boxes", "landmarks"]
        self.shown.append(given["picture"])
        boxes = self.boxes.reshape(-1, 4)
        points = np.repeat(boxes[:, None, :2], 5, axis=1)
        return [self.scores, boxes, points]


def detector(
    monkeypatch: pytest.MonkeyPatch, session: FakeSession, **options: Any
) -> SingleShotDetector:
    monkeypatch.setattr(single_shot, "make_session", lambda *_: session)
    return SingleShotDetector(b"", "fake", **options)


def test_faces_are_in_pixels_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    session = FakeSession([0.9], [[10, 20, 40, 60]])
    (face,) = detector(monkeypatch, session, min_face=48)(np.zeros((480, 640, 3), np.uint8))
    assert session.shown[0].shape == (1, 256, 320, 1)
    assert session.shown[0].dtype == np.uint8
    assert face.box.to_tuple() == (20, 40, 80, 120)
    assert face.score == pytest.approx(0.9)
    assert face.landmarks is not None
    assert np.allclose(face.landmarks, (20, 40))


@pytest.mark.parametrize(
    ("min_face", "shape"), [(24, (1, 480, 640, 1)), (10, (1, 480, 640, 1)), (96, (1, 128, 160, 1))]
)
def test_smaller_faces_cost_a_larger_picture(
    monkeypatch: pytest.MonkeyPatch, min_face: float, shape: tuple[int, ...]
) -> None:
    session = FakeSession([], [])
    assert (
        detector(monkeypatch, session, min_face=min_face)(np.zeros((480, 640, 3), np.uint8)) == ()
    )
    assert session.shown[0].shape == shape


def test_the_surest_of_overlapping_boxes_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = [[0, 0, 20, 20], [1, 1, 21, 21], [50, 50, 70, 70], [90, 90, 99, 99]]
    session = FakeSession([0.7, 0.9, 0.8, 0.4], boxes)
    found = detector(monkeypatch, session, min_face=24)(np.zeros((128, 128, 3), np.uint8))
    assert [round(face.score, 1) for face in found] == [0.9, 0.8]


@pytest.mark.parametrize("shape", [(1, 1, 3), (33, 31, 3), (1080, 1920, 3)])
def test_any_picture_is_padded_to_what_the_network_takes(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...]
) -> None:
    session, image = FakeSession([], []), np.full(shape, 200, np.uint8)
    detector(monkeypatch, session)(image)
    assert all(side % 32 == 0 for side in session.shown[0].shape[1:3])
    assert session.shown[0][0, 0, 0, 0] == 200
    assert (image == 200).all()


def test_bad_settings_and_graphs_are_named() -> None:
    with pytest.raises(ValueError, match="min_face must be above 0, got 0"):
        SingleShotDetector(b"", "fake", min_face=0)
    with pytest.raises(BundleError, match="my file: not a graph"):
        SingleShotDetector(b"nonsense", "my file")
