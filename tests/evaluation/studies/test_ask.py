"""One pass over the pictures answers all questions, and only those asked."""

from collections.abc import Callable
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from mien.errors import BundleError, SettingsError
from mien.evaluation.evaluate import evaluate_dataset, evaluate_folder
from mien.evaluation.studies.ask import Study, StudySettings
from mien.models.bundle import ModelInfo
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
    study = Study(classifier, info, StudySettings(resamples=0))
    assert study.watchers == []
    dataset = make_dataset([("angry", 20, ""), ("sad", 100, "")], agreement=0.7)
    found = study.finish(evaluate_dataset(classifier, info, dataset))
    assert {part.measure for part in found.slices} == {
        "brightness of the face",
        "brightness of the skin as seen",
        "contrast of the face",
        "sharpness of the face",
        "agreement of the votes",
    }
    assert (found.corruptions, found.comparison, found.crop_scales) == ((), None, ())
    assert (study.others, found.others) == (None, None)


def test_all_questions_in_one_pass(
    classifier, info: ModelInfo, fixed_detector, folder: Path
) -> None:
    class Other(type(classifier)):
        labels = info.labels[::-1]
        spec = InputSpec(32, 3, 0.5)

    other = Other(), msgspec.structs.replace(info, name="other", labels=Other.labels)
    detector = fixed_detector(Box(24, 24, 72, 72))
    settings = StudySettings(corruption_faces=1, crop_scales=(1.0, 2.0), resamples=20, seed=1)
    study = Study(classifier, info, settings, other=other)
    evaluation = evaluate_folder(classifier, info, detector, folder, watchers=study.watchers)
    found = study.finish(evaluation)
    assert detector.looked == 3
    assert "size of the face" in {part.measure for part in found.slices}
    assert {point.faces for point in found.corruptions} == {1}
    assert [point.crop_scale for point in found.crop_scales] == [1.0, 2.0]
    assert [point.accuracy.value for point in found.crop_scales] == [1, 0]
    # It sees the same grays in its own crop, and names them from the other end.
    assert (found.comparison.second, found.comparison.only_first) == ("other 1.0", 2)


def test_corruptions_are_of_the_framing_that_is_evaluated(
    classifier, info: ModelInfo, fixed_detector, folder: Path
) -> None:
    spec = InputSpec(48, 1, 2.0)
    settings = StudySettings(corruption_faces=9, resamples=0)
    study = Study(classifier, info, settings, spec=spec)
    detector = fixed_detector(Box(24, 24, 72, 72))
    evaluation = evaluate_folder(classifier, info, detector, folder, watchers=study.watchers)
    assert study.finish(evaluation).corruptions[0].accuracy.value == 0


def test_what_cannot_be_asked_is_refused_before_the_work(classifier, info: ModelInfo) -> None:
    with pytest.raises(SettingsError, match="crop scale 99"):
        Study(classifier, info, StudySettings(crop_scales=(1.0, 99.0)))
    strange = msgspec.structs.replace(info, labels=(info.labels[0], "fear", "awe"))
    with pytest.raises(BundleError, match="gray reads"):
        Study(classifier, strange, StudySettings(), other=(classifier, info))
