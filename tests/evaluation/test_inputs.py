"""Labelled pictures: what is cropped from them, and what settings are refused."""

import dataclasses

import numpy as np
import pytest

from mien.errors import SettingsError
from mien.evaluation.inputs import FolderSettings, Picture, with_crop_scale
from mien.types import Box, Face, InputSpec

SPEC = InputSpec(48, 1, 1.0)


@pytest.fixture
def picture() -> Picture:
    """A white face of 40 pixels on black."""
    image = np.zeros((120, 120, 3), np.uint8)
    image[40:80, 40:80] = 255
    return Picture(image, Face(Box(40, 40, 80, 80), 1.0), False, 0, "a.png", "")


def test_a_face_is_cropped_in_every_framing_that_is_asked_for(picture: Picture) -> None:
    means = [picture.crop(with_crop_scale(SPEC, scale)).mean() for scale in (0.8, 1, 2)]
    assert means == pytest.approx([255, 255, 255 / 4], abs=1)
    assert picture.crop(InputSpec(20, 3, 1.0)).shape == (20, 20, 3)


def test_a_cropped_face_has_its_own_framing(picture: Picture) -> None:
    cropped = dataclasses.replace(picture, cropped=True)
    for scale in (1, 2):
        crop = cropped.crop(with_crop_scale(SPEC, scale))
        assert crop.mean() == pytest.approx(255 / 9, abs=1)


def test_a_picture_without_a_face_has_no_crop(picture: Picture) -> None:
    assert dataclasses.replace(picture, face=None).crop(SPEC) is None


@pytest.mark.parametrize(("pattern", "reason"), [("(", "not a regular"), (r".+_\d", "parentheses")])
def test_a_pattern_that_names_no_group_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        FolderSettings(group_pattern=pattern)


def test_a_crop_scale_out_of_range_is_named() -> None:
    with pytest.raises(SettingsError, match="crop scale 99"):
        with_crop_scale(SPEC, 99)
