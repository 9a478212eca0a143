"""The drawn faces of the sample look as they are drawn, to the shipped model, too."""

import numpy as np
import pytest

from mien.registry import DEFAULT_BUNDLE, make_classifier, make_detector
from mien.sources.drawn import COURSES, LOOK_SECONDS, LOOKS, PEOPLE, SECONDS, looks_at
from mien.sources.sample import DRAWN_FRAMES, FPS, FRAMES, SampleSource
from mien.vision.crop import crop_faces


def frame_at(second: float) -> np.ndarray:
    """Return the picture that is seen so long after the sample began to play."""
    now = 100.0

    def clock() -> float:
        return now

    source = SampleSource(loop=True, realtime=True, clock=clock)
    frames = iter(source)
    next(frames)
    now += second
    return next(frames).image


def test_each_person_has_a_course_and_all_looks_are_seen():
    assert len(COURSES) == len(PEOPLE)
    seen = {look for step in range(len(LOOKS)) for look in looks_at(step * LOOK_SECONDS)}
    assert seen == {"neutral", *(look for look, _ in LOOKS)}


@pytest.mark.parametrize("step", range(len(LOOKS)))
def test_the_shipped_model_reads_every_look(step):
    image = frame_at(FRAMES / 2 / FPS + (step + 0.5) * LOOK_SECONDS)
    classifier, _ = make_classifier(DEFAULT_BUNDLE)
    faces = sorted(make_detector()(image), key=lambda face: face.box.x1)
    read = classifier(crop_faces(image, faces, classifier.spec))[:, : len(classifier.labels)]
    labels = [classifier.labels[int(row.argmax())] for row in read]
    assert labels == list(looks_at(step * LOOK_SECONDS))
    assert read.max(axis=1).min() > 0.6


def test_the_portraits_go_on_where_the_drawn_faces_ended():
    assert DRAWN_FRAMES == SECONDS * FPS
    plain = list(SampleSource())
    half = FRAMES / 2 / FPS
    np.testing.assert_array_equal(frame_at(1.0), plain[FPS].image)
    np.testing.assert_array_equal(frame_at(half + SECONDS + 1), plain[FRAMES // 2 + FPS].image)
    np.testing.assert_array_equal(frame_at(2 * half + SECONDS), plain[0].image)
