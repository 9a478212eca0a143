"""One pass over the pictures answers all questions, and only those asked."""

from collections.abc import Callable
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from mien.errors import BundleError, SettingsError
from mien.evaluation.evaluate import evaluate
from mien.evaluation.pictures.inputs import InputSettings
from mien.evaluation.studies.compare import CompareStudy
from mien.evaluation.studies.corruptions import CorruptionsStudy
from mien.evaluation.studies.crop_scales import CropScalesStudy
from mien.evaluation.studies.slices import SlicesStudy
from mien.models.info import ModelInfo
from mien.types import Box, InputSpec


@pytest.fixture
def folder(make_folder: Callable[..., Path]) -> Path:
    """Two gray squares on white: right in their own framing, brighter in a wider one."""
    folder = make_folder({"angry/1.png": 0, "sad/1.png": 0, "sad/black.png": 0})
    for name, level in (("angry", 20), ("sad", 100)):
        image = np.full((96, 96, 3), 255, np.uint8)
        image[24:72, 24:72] = level
        cv2.imwrite(str(folder / name / "1.png"), image)
    return folder


def test_nothing_asked_gives_slices_only(classifier, info: ModelInfo, make_dataset) -> None:
    dataset = make_dataset([("angry", 20, ""), ("sad", 100, "")], agreement=0.7)
    (found,) = evaluate(classifier, info, dataset, resamples=0).findings
    assert {part.measure for part in found.parts} == {
        "brightness of the face",
        "brightness of the skin as seen",
        "contrast of the face",
        "sharpness of the face",
        "agreement of the votes",
    }
    # Both faces, and nobody asked again.
    assert classifier.calls == [2]


def test_all_questions_in_one_pass(
    classifier, info: ModelInfo, fixed_detector, folder: Path
) -> None:
    class Other(type(classifier)):
        labels = info.labels[::-1]
        spec = InputSpec(32, 3, 0.5)

    other = CompareStudy(Other(), msgspec.structs.replace(info, name="other", labels=Other.labels))
    studies = (SlicesStudy(), CorruptionsStudy(faces=1), other, CropScalesStudy((1.0, 2.0)))
    detector = fixed_detector(Box(24, 24, 72, 72))
    settings = {"studies": studies, "resamples": 20, "seed": 1}
    found = evaluate(classifier, info, folder, detector=detector, **settings)
    slices, corruptions, comparison, crop_scales = found.findings
    assert detector.looked == 3
    assert "size of the face" in {part.measure for part in slices.parts}
    assert {point.faces for point in corruptions.points} == {1}
    assert [point.crop_scale for point in crop_scales.points] == [1.0, 2.0]
    assert [point.accuracy.value for point in crop_scales.points] == [1, 0]
    # It sees the same grays in its own crop, and names them from the other end.
    assert (comparison.second, comparison.only_first) == ("other 1.0", 2)


def test_corruptions_are_of_the_framing_that_is_evaluated(
    classifier, info: ModelInfo, fixed_detector, folder: Path
) -> None:
    found = evaluate(
        classifier,
        info,
        folder,
        detector=fixed_detector(Box(24, 24, 72, 72)),
        settings=InputSettings(crop_scale=2.0),
        studies=[CorruptionsStudy(faces=9)],
        resamples=0,
    )
    assert found.findings[0].points[0].accuracy.value == 0


def test_what_cannot_be_asked_is_refused_before_the_work(
    classifier, info: ModelInfo, make_dataset
) -> None:
    nothing = make_dataset([])
    with pytest.raises(SettingsError, match="crop scale 99"):
        evaluate(classifier, info, nothing, studies=[CropScalesStudy((1.0, 99.0))])
    strange = msgspec.structs.replace(info, labels=(info.labels[0], "fear", "awe"))
    with pytest.raises(BundleError, match="gray reads"):
        evaluate(classifier, strange, nothing, studies=[CompareStudy(classifier, info)])
