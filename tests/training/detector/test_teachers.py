"""A teacher is asked at several sizes and answers in pixels of the picture."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from mien.training.detector.teachers import Teacher, label
from mien.types import Box, Face, PixelArray

IMAGE = np.zeros((100, 200, 3), np.uint8)


@dataclass
class Fake:
    """Sees one face in the left half of whatever it is shown, if that is wide enough for it."""

    name: str = "fake"
    face_side: float = 48.0
    widest: int = 1000
    narrowest: int = 0
    score: float = 0.9
    seen: list[tuple[int, ...]] = field(default_factory=list)

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        height, width = image.shape[:2]
        self.seen.append(image.shape)
        if not self.narrowest <= width <= self.widest:
            return ()
        points = np.full((5, 2), (width / 4, height / 2), np.float32)
        return (Face(Box(0, 0, width / 2, height), self.score, points),)


def test_one_face_seen_at_several_sizes_is_one_face() -> None:
    fake = Fake()
    (face,) = Teacher(fake, (1.0, 0.5, 1.6)).find(IMAGE)
    assert fake.seen == [(100, 200, 3), (50, 100, 3), (160, 320, 3)]
    assert face.box.to_tuple() == pytest.approx((0, 0, 100, 100))


@pytest.mark.parametrize("scales", [(0.5,), (1.5,), (1.0, 0.5), (1.0, 1.5)])
def test_answers_are_in_pixels_of_the_picture(scales: tuple[float, ...]) -> None:
    width = round(200 * scales[-1])
    (face,) = Teacher(Fake(widest=width, narrowest=width), scales).find(IMAGE)
    assert face.box.to_tuple() == pytest.approx((0, 0, 100, 100))
    assert face.landmarks is not None
    assert np.allclose(face.landmarks, (50, 50))


def test_pictures_are_not_shrunk_to_nothing() -> None:
    fake = Fake()
    assert not Teacher(fake, (0.1,)).find(IMAGE)
    assert not fake.seen


def test_the_picture_is_not_changed() -> None:
    before = IMAGE.copy()
    Teacher(Fake(), (1.0, 0.5)).find(IMAGE)
    assert np.array_equal(IMAGE, before)


def test_two_teachers_label_a_face() -> None:
    both = label(IMAGE, {"one": Teacher(Fake()), "two": Teacher(Fake(score=0.7), (0.5,))})
    assert len(both.faces) == 1
    one = label(IMAGE, {"one": Teacher(Fake()), "two": Teacher(Fake(widest=0))})
    assert not one.faces
    assert len(one.unknown) == 1


def test_nothing_found_is_nothing() -> None:
    assert Teacher(Fake(widest=0), (1.0, 0.5)).find(IMAGE) == ()


def test_a_face_seen_at_several_sizes_is_the_mean_of_its_sightings() -> None:
    class Shifting(Fake):
        def __call__(self, image: PixelArray) -> tuple[Face, ...]:
            (face,) = super().__call__(image)
            if image.shape[1] == 200:
                return (face,)
            x = 8 * image.shape[1] / 200  # eight pixels of the picture to the right
            box = Box(face.box.x1 + x, face.box.y1, face.box.x2 + x, face.box.y2)
            assert face.landmarks is not None
            return (Face(box, 0.3, face.landmarks + np.array([x, 0])),)

    (face,) = Teacher(Shifting(), (1.0, 0.5)).find(IMAGE)
    assert face.score == 0.9
    assert face.box.to_tuple() == pytest.approx((2, 0, 102, 100))
    assert face.landmarks is not None
    assert np.allclose(face.landmarks, (52, 50))


@dataclass
class Judge:
    """Says of whatever it is shown that a face fills its middle, or not."""

    sees: bool
    name: str = "judge"
    face_side: float = 48.0
    shown: int = 0

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        self.shown += 1
        side = image.shape[0]
        box = Box(0.3 * side, 0.3 * side, 0.7 * side, 0.7 * side)
        return (Face(box, 0.9),) if self.sees else ()


@pytest.mark.parametrize("sees", [True, False])
def test_a_judge_decides_what_one_teacher_sees(sees: bool) -> None:
    judge = Judge(sees)
    one = {"one": Teacher(Fake()), "two": Teacher(Fake(widest=0))}
    labels = label(IMAGE, one, judge=judge)
    assert judge.shown == 1
    assert (len(labels.faces), len(labels.unknown)) == ((1, 0) if sees else (0, 1))
    if sees:
        assert labels.faces[0].box.to_tuple() == pytest.approx((0, 0, 100, 100))
        assert labels.faces[0].landmarks is not None


def test_a_judge_is_not_asked_about_what_is_clear_or_what_only_people_saw() -> None:
    judge = Judge(True)
    label(IMAGE, {"one": Teacher(Fake()), "two": Teacher(Fake())}, judge=judge)
    label(IMAGE, {"one": Teacher(Fake(widest=0))}, [Box(1, 1, 9, 9)], judge)
    assert judge.shown == 0
