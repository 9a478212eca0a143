"""Corruptions: worse with every severity, the same for the same seed, whatever the input size."""

import numpy as np
import pytest

from mien.evaluation.robustness.corrupt import CORRUPTIONS, SEVERITIES, corrupt, describe
from mien.types import InputSpec, PixelArray
from mien.vision.crop import whole_face


@pytest.fixture(scope="module")
def faces(portrait: PixelArray) -> PixelArray:
    return np.stack([whole_face(portrait[60:280, 60:280], InputSpec(48, 1, 1.0))] * 3)


def changed(faces: PixelArray, name: str, severity: int, seed: int = 0) -> PixelArray:
    return corrupt(faces, name, severity, np.random.default_rng(seed))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_faces_keep_their_shape_and_get_worse_at_every_step(
    name: str, channels: int, portrait: PixelArray
) -> None:
    face = whole_face(portrait[60:280, 60:280], InputSpec(64, channels, 1.0))[None]
    before = face.copy()
    errors = []
    for severity in (0, *SEVERITIES):
        worse = changed(face, name, severity)
        assert (worse.dtype, worse.shape) == (np.uint8, face.shape)
        errors.append(float(np.abs(worse.astype(int) - face).mean()))
    assert errors[0] == 0
    assert errors == sorted(errors)
    assert len(set(errors)) == len(errors)
    np.testing.assert_array_equal(face, before)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_seed_decides_and_the_batch_does_not(name: str, faces: PixelArray) -> None:
    whole, again = changed(faces, name, 3), changed(faces, name, 3)
    np.testing.assert_array_equal(whole, again)
    random = np.random.default_rng(0)
    parts = [corrupt(faces[start : start + 1], name, 3, random) for start in range(3)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("name", ["low light", "sensor noise"])
def test_noise_differs_by_face_and_seed(name: str, faces: PixelArray) -> None:
    worse = changed(faces, name, 3)
    assert (worse[0] != worse[1]).any()
    assert (changed(faces, name, 3, seed=1) != worse).any()


def test_low_light_is_darker_and_noisier(faces: PixelArray) -> None:
    flat = np.full((1, 64, 64, 1), 128, np.uint8)
    worse = [changed(flat, "low light", severity)[0] for severity in SEVERITIES]
    means = [float(face.mean()) for face in worse]
    assert means == sorted(means, reverse=True)
    # An eighth of the light, through the gamma curve of a camera.
    assert means[2] == pytest.approx(128 / 8 ** (1 / 2.2), rel=0.03)
    noise = [face.std() / face.mean() for face in worse]
    assert noise == sorted(noise)


def test_colours_stay_where_they_are() -> None:
    red = np.zeros((1, 48, 48, 3), np.uint8)
    red[..., 0] = 200
    for name in CORRUPTIONS:
        if "covered" not in name:
            means = changed(red, name, 1)[0].mean(axis=(0, 1))
            assert means[0] > 90
            assert means[1:].max() < 60


def test_bars_cover_eyes_and_mouth() -> None:
    white = np.full((1, 100, 100, 1), 255, np.uint8)
    for name, place in (("eyes covered", 38), ("mouth covered", 76)):
        (rows,) = np.nonzero(changed(white, name, 3)[0, :, 0, 0] == 128)
        assert (rows.size, rows.mean()) == (20, pytest.approx(place - 0.5))


def test_settings_say_what_a_severity_is() -> None:
    assert describe("blur", 0, 48) == "uncorrupted"
    assert describe("blur", 3, 48) == "sigma 1.4 px"
    assert describe("blur", 3, 96) == "sigma 2.9 px"
    assert describe("low resolution", 2, 48) == "24 px"
    assert describe("low light", 5, 48) == "1/32 of the light"
    for name in CORRUPTIONS:
        assert len({describe(name, severity, 48) for severity in (0, *SEVERITIES)}) == 6


@pytest.mark.parametrize(("name", "severity"), [("fog", 1), ("blur", 6), ("blur", -1)])
def test_what_there_is_not_is_refused(name: str, severity: int, faces: PixelArray) -> None:
    with pytest.raises(ValueError, match=r"one of blur.*severity in 0\.\.5"):
        changed(faces, name, severity)
