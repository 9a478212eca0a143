"""The network's answers become faces in pixels of the picture."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from mien.detectors import single_shot
from mien.detectors.single_shot import SingleShotDetector
from mien.errors import BundleError
from mien.models.bundle import AnyBundle
from mien.models.info import FORMAT, DetectorInfo, Terms
from mien.types import FloatArray


class FakeSession:
    """Answers the same for every picture, and keeps what it was shown."""

    def __init__(self, scores: list[float], boxes: list[list[float]]) -> None:
        self.scores, self.boxes = np.array(scores, np.float32), np.array(boxes, np.float32)
        self.shown: list[Any] = []
        self.channels = 1
        self.kind, self.names = "tensor(uint8)", ["scores", "boxes", "landmarks"]

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(name="picture", type=self.kind, shape=[1, "h", "w", self.channels])]

    def get_outputs(self) -> list[Any]:
        return [SimpleNamespace(name=name) for name in self.names]

    def run(self, names: list[str], given: dict[str, Any], _: Any = None) -> list[FloatArray]:
        assert names == ["scores", "boxes", "landmarks"]
        self.shown.append(given["picture"])
        boxes = self.boxes.reshape(-1, 4)
        points = np.repeat(boxes[:, None, :2], 5, axis=1)
        return [self.scores, boxes, points]


def info(**values: Any) -> DetectorInfo:
    known = {
        "format": FORMAT,
        "kind": "detector",
        "name": "fake",
        "version": "1",
        "sha256": "0" * 64,
        "channels": 1,
        "multiple": 32,
        "smallest": 24,
        "largest": 300,
        "min_score": 0.5,
        "max_overlap": 0.4,
        "terms": Terms("", ()),
        "command": "",
        "seed": 0,
    }
    return DetectorInfo(**known | values)


def detector(
    monkeypatch: pytest.MonkeyPatch,
    session: FakeSession,
    channels: int = 1,
    min_face: float = 48,
    max_inside: float = 1,
) -> SingleShotDetector:
    monkeypatch.setattr(single_shot, "make_session", lambda *_: session)
    session.channels = channels
    bundle = AnyBundle(Path("fake"), info(channels=channels, max_inside=max_inside), b"")
    return SingleShotDetector(bundle, min_face=min_face)


def test_faces_are_in_pixels_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    session = FakeSession([0.9], [[10, 20, 50, 60]])
    (face,) = detector(monkeypatch, session, min_face=48)(np.zeros((360, 440, 3), np.uint8))
    assert session.shown[0].shape == (1, 192, 224, 1)
    assert session.shown[0].dtype == np.uint8
    assert face.box.to_tuple() == (20, 40, 100, 120)
    assert face.score == pytest.approx(0.9)
    assert face.landmarks is not None
    assert np.allclose(face.landmarks, (20, 40))


@pytest.mark.parametrize(
    ("min_face", "shapes"),
    [
        (24, [(1, 480, 640, 1), (1, 160, 224, 1)]),
        (10, [(1, 480, 640, 1), (1, 160, 224, 1)]),
        (48, [(1, 256, 320, 1), (1, 96, 128, 1)]),
        (96, [(1, 128, 160, 1)]),
    ],
)
def test_smaller_faces_cost_a_larger_picture(
    monkeypatch: pytest.MonkeyPatch, min_face: float, shapes: list[tuple[int, ...]]
) -> None:
    session = FakeSession([], [])
    assert (
        detector(monkeypatch, session, min_face=min_face)(np.zeros((480, 640, 3), np.uint8)) == ()
    )
    assert [given.shape for given in session.shown] == shapes


def test_the_surest_of_overlapping_boxes_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = [[0, 0, 40, 40], [1, 1, 41, 41], [50, 50, 90, 90], [80, 0, 120, 40]]
    session = FakeSession([0.7, 0.9, 0.8, 0.4], boxes)
    found = detector(monkeypatch, session, min_face=24)(np.zeros((128, 128, 3), np.uint8))
    assert [round(face.score, 1) for face in found] == [0.9, 0.8]


def test_half_a_face_is_no_face_and_who_is_behind_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    large, half, behind = [20, 20, 100, 120], [22, 40, 62, 90], [90, 95, 130, 135]
    session = FakeSession([0.9, 0.8, 0.7], [large, half, behind])
    image = np.zeros((160, 160, 3), np.uint8)
    found = detector(monkeypatch, session, min_face=24, max_inside=0.7)(image)
    assert [face.box.to_tuple() for face in found] == [tuple(large), tuple(behind)]
    assert len(detector(monkeypatch, session, min_face=24)(image)) == 3


@pytest.mark.parametrize(("side", "score"), [(72, 0.8), (36, 0.8), (27, 0.7), (18, 0.6), (6, None)])
def test_small_boxes_must_be_surer(
    monkeypatch: pytest.MonkeyPatch, side: int, score: float | None
) -> None:
    session = FakeSession([0.8], [[10, 10, 10 + side, 10 + side]])
    found = detector(monkeypatch, session)(np.zeros((160, 160, 3), np.uint8))
    assert [face.score for face in found] == ([] if score is None else [pytest.approx(score)])


@pytest.mark.parametrize(("width", "times"), [(448, 1), (452, 2)])
def test_what_may_fill_the_picture_is_looked_for_once_more(
    monkeypatch: pytest.MonkeyPatch, width: int, times: int
) -> None:
    session = FakeSession([], [])
    detector(monkeypatch, session)(np.zeros((100, width, 3), np.uint8))
    assert len(session.shown) == times


@pytest.mark.parametrize("shape", [(1, 1, 3), (33, 31, 3), (1080, 1920, 3)])
def test_any_picture_is_padded_to_what_the_network_takes(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...]
) -> None:
    session, image = FakeSession([], []), np.full(shape, 200, np.uint8)
    detector(monkeypatch, session)(image)
    assert all(side % 32 == 0 for side in session.shown[0].shape[1:3])
    assert session.shown[0][0, 0, 0, 0] == 200
    assert (image == 200).all()


def test_a_large_picture_is_shown_once_more_for_its_large_faces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Once(FakeSession):
        def run(self, names: list[str], given: dict[str, Any], _: Any = None) -> list[FloatArray]:
            scores, boxes, points = super().run(names, given)
            small = given["picture"].shape[2] < 300
            return [scores[:small], boxes[:small], points[:small]]

    session = Once([0.9], [[10, 20, 110, 120]])
    (face,) = detector(monkeypatch, session)(np.zeros((720, 1280, 3), np.uint8))
    assert [given.shape for given in session.shown] == [(1, 384, 640, 1), (1, 128, 224, 1)]
    ratio = 1280 / 213
    assert face.box.to_tuple() == pytest.approx((10 * ratio, 120, 110 * ratio, 720))


def test_the_same_face_at_two_sizes_is_one_face(monkeypatch: pytest.MonkeyPatch) -> None:
    class Both(FakeSession):
        def run(self, names: list[str], given: dict[str, Any], _: Any = None) -> list[FloatArray]:
            scores, boxes, points = super().run(names, given)
            part = given["picture"].shape[2] / 640
            return [scores, boxes * np.float32(part), points * np.float32(part)]

    found = detector(monkeypatch, Both([0.9], [[100, 100, 300, 300]]))(
        np.zeros((720, 1280, 3), np.uint8)
    )
    assert len(found) == 1


def test_a_network_for_colour_is_shown_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    session = FakeSession([], [])
    image = np.full((64, 64, 3), (10, 20, 30), np.uint8)
    detector(monkeypatch, session, channels=3)(image)
    assert session.shown[0].shape == (1, 32, 32, 3)
    assert session.shown[0][0, 0, 0].tolist() == [10, 20, 30]


def test_a_graph_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(FakeSession):
        def run(self, names: list[str], given: dict[str, Any], _: Any = None) -> list[FloatArray]:
            raise RuntimeError("no memory")

    with pytest.raises(BundleError, match=r"the graph fails \(no memory"):
        detector(monkeypatch, Failing([], []))(np.zeros((64, 64, 3), np.uint8))


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("kind", "tensor(float)", "does not take 'picture'"),
        ("names", ["scores"], "does not give scores, boxes, landmarks"),
    ],
)
def test_another_graph_is_refused(
    monkeypatch: pytest.MonkeyPatch, attribute: str, value: Any, message: str
) -> None:
    session = FakeSession([], [])
    setattr(session, attribute, value)
    with pytest.raises(BundleError, match=message):
        detector(monkeypatch, session)


def test_bad_settings_and_graphs_are_named() -> None:
    with pytest.raises(ValueError, match="min_face must be above 0"):
        SingleShotDetector(AnyBundle(Path("fake"), info(), b""), min_face=0)
    with pytest.raises(BundleError, match=r"my/model\.onnx: not a graph"):
        SingleShotDetector(AnyBundle(Path("my"), info(), b"nonsense"))


class TestTiles:
    @pytest.mark.parametrize("size", [(3000, 2500), (1100, 5000), (1024, 4200)])
    def test_every_face_of_a_large_picture_is_found_once_where_it_is(
        self, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
    ) -> None:
        """A network that sees white squares, in the picture and in its smaller view."""
        picture = np.zeros((*size, 3), np.uint8)
        across, down = range(20, size[1] - 80, 171), range(20, size[0] - 80, 173)
        places = [(x, y) for x in across for y in down]
        for x, y in places:
            picture[y : y + 60, x : x + 60] = 255
        monkeypatch.setattr(single_shot, "LARGE", 1_000_000)
        session = SeesSquares()
        find = detector(monkeypatch, session, min_face=24)
        found = sorted(tuple(map(round, face.box.to_tuple())) for face in find(picture))
        assert found == sorted((x, y, x + 60, y + 60) for x, y in places)
        tile = single_shot.TILE
        assert all(max(shown.shape[1:3]) <= tile for shown in session.shown)
        assert session.gave_back == {True}

    def test_a_usual_picture_is_shown_whole(self, monkeypatch: pytest.MonkeyPatch) -> None:
        session = FakeSession([], [])
        detector(monkeypatch, session, min_face=24)(np.zeros((2160, 1900, 3), np.uint8))
        assert session.shown[0].shape[1:3] == (2176, 1920)


class SeesSquares(FakeSession):
    """Finds white squares of the size that faces have in one view, even where an edge cuts them."""

    def __init__(self) -> None:
        super().__init__([], [])
        self.gave_back: set[bool] = set()

    def run(self, names: list[str], given: dict[str, Any], options: Any = None) -> list[FloatArray]:
        view = given["picture"][0, ..., 0]
        self.gave_back.add(options is not None)
        _, _, found, _ = cv2.connectedComponentsWithStats((view > 127).astype(np.uint8))
        found = found[1:][found[1:, :4].max(axis=1) > 30]
        corners = np.concatenate([found[:, :2], found[:, :2] + found[:, 2:4]], axis=1)
        self.scores, self.boxes = np.full(len(found), 0.9, np.float32), corners.astype(np.float32)
        return super().run(names, given)
