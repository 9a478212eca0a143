"""Scenes are of one size, hold what they say, and follow their seed."""

from typing import Any

import cv2
import numpy as np
import pytest

from mien.training.detector import camera
from mien.training.detector.annotated import Annotated
from mien.training.detector.camera import cover, photograph
from mien.training.detector.scenes import Pieces, Scenes
from mien.types import FloatArray

SIDE = 256
EMPTY: FloatArray = np.empty((0, 4), np.float32)


def portrait(side: int = 60) -> Annotated:
    """A light disc on dark ground."""
    image = np.full((160, 200), 40, np.uint8)
    cv2.circle(image, (100, 80), side // 2, 220, -1)
    low, high = -side / 2, side / 2
    box = np.array([[100 + low, 80 + low, 100 + high, 80 + high]], np.float32)
    offsets = np.array([[-0.2, -0.1], [0.2, -0.1], [0, 0], [-0.15, 0.2], [0.15, 0.2]]) * side
    return Annotated(image, box, (offsets + np.array([100, 80]))[None].astype(np.float32), EMPTY)


def ground() -> Annotated:
    image = np.random.default_rng(0).integers(0, 60, (120, 150), dtype=np.uint8)
    return Annotated(image, EMPTY, np.empty((0, 5, 2), np.float32), EMPTY)


class Maker:
    """Scenes with a generator of their own."""

    def __init__(self, seed: int = 0, **pieces: Any) -> None:
        given = {"pictures": [portrait(), portrait(90)], "weights": [1, 3], "faceless": [ground()]}
        self.scenes = Scenes(Pieces(**given | pieces))
        self.rng = np.random.default_rng(seed)

    def make(self, size: int = SIDE) -> Annotated:
        return self.scenes.make(size, self.rng)


@pytest.mark.parametrize("pieces", [{}, {"faceless": []}, {"crops": [portrait(100)]}])
def test_scenes_are_squares_with_sound_labels(pieces: dict[str, Any]) -> None:
    maker = Maker(**pieces)
    found = 0
    for _ in range(60):
        scene = maker.make()
        assert scene.image.shape == (SIDE, SIDE)
        assert scene.image.dtype == np.uint8
        assert len(scene.boxes) == len(scene.landmarks)
        assert np.isfinite(scene.boxes).all()
        assert (scene.boxes[:, 2:] > scene.boxes[:, :2]).all()
        middles = (scene.boxes[:, :2] + scene.boxes[:, 2:]) / 2
        assert ((middles > -SIDE / 4) & (middles < SIDE * 1.25)).all()
        found += len(scene.boxes)
    assert found >= 40


def test_the_seed_decides() -> None:
    first, again, other = Maker(1), Maker(1), Maker(2)
    assert all(np.array_equal(first.make().image, again.make().image) for _ in range(8))
    assert not np.array_equal(first.make().image, other.make().image)


def test_faces_are_brighter_than_their_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the camera's changes, a box holds the disc that stands for a face."""
    monkeypatch.setattr("mien.training.detector.scenes.photograph", lambda image, *_: image)
    monkeypatch.setattr("mien.training.detector.scenes.cover", lambda scene, _: scene.image)
    maker, checked = Maker(crops=[portrait(100)]), 0
    for _ in range(60):
        scene = maker.make()
        for box in scene.boxes:
            x, y = np.round((box[:2] + box[2:]) / 2).astype(int)
            if 0 <= x < SIDE and 0 <= y < SIDE:
                assert scene.image[y, x] > 150
                checked += 1
    assert checked > 40


def test_some_scenes_show_no_face() -> None:
    maker = Maker()
    assert any(not len(maker.make().boxes) for _ in range(40))


def test_weights_decide_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    maker = Maker(weights=[0, 1], faceless=[])
    seen: list[float] = []
    monkeypatch.setattr(
        "mien.training.detector.scenes.move",
        lambda picture, *_, **__: seen.append(float(picture.sides[0])) or picture,
    )
    monkeypatch.setattr("mien.training.detector.scenes.cover", lambda scene, _: scene.image)
    for _ in range(10):
        maker.make()
    assert set(seen) == {90.0}


def test_photographs_keep_shape_and_differ() -> None:
    rng = np.random.default_rng(0)
    image = portrait().image
    made = [photograph(image, portrait().boxes, rng) for _ in range(40)]
    assert {(one.shape, one.dtype) for one in made} == {(image.shape, image.dtype)}
    assert len({one.tobytes() for one in made}) == 40


def test_cover_hides_part_of_some_faces_and_nothing_else() -> None:
    rng, scene = np.random.default_rng(0), portrait()
    before = scene.image.copy()
    changed = [not np.array_equal(cover(scene, rng), before) for _ in range(200)]
    assert np.array_equal(scene.image, before)
    assert 5 < sum(changed) < 60


def test_scenes_of_colour_have_colour() -> None:
    def coloured(picture: Annotated) -> Annotated:
        image = np.stack([picture.image, picture.image // 2, picture.image // 4], axis=-1)
        return Annotated(image, picture.boxes, picture.landmarks, picture.unknown)

    maker = Maker(
        pictures=[coloured(portrait()), coloured(portrait(90))],
        faceless=[coloured(ground())],
        crops=[coloured(portrait(100))],
    )
    for size in (SIDE, 128):
        made = [maker.make(size).image for _ in range(30)]
        assert {image.shape for image in made} == {(size, size, 3)}


def test_light_from_behind_darkens_heads_and_nothing_else() -> None:
    image = np.full((128, 128), 100, np.uint8)
    box = np.array([[48, 48, 80, 80]], np.float32)
    light = camera._from_behind(128, 128, box, np.random.default_rng(0))
    assert light.shape == image.shape
    assert light[64, 64] < 0.7 < 1.2 < light[4, 4]
