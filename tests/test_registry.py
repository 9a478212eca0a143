"""Models and detectors by their names, or one clear line."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.errors import BundleError, SettingsError
from mien.pipeline.analyzer import AnalyzerSettings
from mien.protocols import Classifier, Detector
from mien.registry import (
    DEFAULT_BUNDLE,
    DETECTOR_BUNDLE,
    DETECTORS,
    find_bundle,
    make_analyzer,
    make_classifier,
    make_detector,
)
from mien.types import Frame, PixelArray


def test_the_default_detector_works_offline() -> None:
    detector = make_detector()
    assert isinstance(detector, Detector)
    assert detector(np.zeros((64, 64, 3), dtype=np.uint8)) == ()


def test_an_unknown_detector_is_told_which_there_are() -> None:
    with pytest.raises(SettingsError, match=r"retina.*" + ", ".join(DETECTORS)):
        make_detector("retina")


def test_yunet_needs_its_weights() -> None:
    with pytest.raises(SettingsError, match="--detector-model"):
        make_detector("yunet")


def test_the_default_detector_takes_a_bundle_of_ones_own(
    tmp_path: Path, portrait: PixelArray
) -> None:
    own = shutil.copytree(DETECTOR_BUNDLE, tmp_path / "own")
    one, other = make_detector(model=own), make_detector()
    assert [face.box for face in one(portrait)] == [face.box for face in other(portrait)]
    with pytest.raises(BundleError, match="nowhere: no such bundle"):
        make_detector(model=tmp_path / "nowhere")
    with pytest.raises(BundleError, match="the model of a classifier"):
        make_detector(model=DEFAULT_BUNDLE)


@pytest.mark.parametrize("name", ["mtcnn", "dlib-hog"])
def test_a_model_that_would_be_ignored_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="own weights"):
        make_detector(name, model=Path("weights.onnx"))


def test_a_bundle_gives_its_classifier_and_threshold(make_bundle: Callable[..., Path]) -> None:
    classifier, info = make_classifier(make_bundle(not_sure_below=0.7))
    assert isinstance(classifier, Classifier)
    assert classifier.labels == info.labels
    analyzer = make_analyzer(make_detector(), classifier, info, settings=AnalyzerSettings(hold=0))
    assert analyzer.labels == info.labels


def test_a_bundle_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no-such"):
        make_classifier(tmp_path / "no-such")


def test_the_threshold_of_the_bundle_decides_what_is_sure(
    make_bundle: Callable[..., Path], portrait: PixelArray
) -> None:
    labels = []
    for threshold in (0.0, 1.0):
        classifier, info = make_classifier(make_bundle(f"b{threshold}", not_sure_below=threshold))
        analyzer = make_analyzer(make_detector(), classifier, info)
        (reading,) = analyzer(Frame(portrait, 0, 0.0, "test")).readings
        labels.append(reading.label)
    assert labels[0] in info.labels
    assert labels[1] is None


def test_shipped_bundles_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_bundle(None) == DEFAULT_BUNDLE
    assert find_bundle(Path("fer4")) == DEFAULT_BUNDLE
    assert find_bundle(Path("runs/fer4")) == Path("runs/fer4")
    with pytest.raises(BundleError, match=r"unknown: no such bundle; .*: fer4, fer4-open, fer8$"):
        find_bundle(Path("unknown"))
    (tmp_path / "fer4").mkdir()
    assert find_bundle(Path("fer4")) == Path("fer4")


@pytest.mark.parametrize("threads", [0, -3])
def test_fewer_threads_than_one_are_refused(threads: int) -> None:
    with pytest.raises(SettingsError, match=f"threads must be 1 or more, got {threads}"):
        make_detector(threads=threads)
    with pytest.raises(SettingsError, match="threads"):
        make_classifier(threads=threads)


def test_threads_change_no_reading(portrait: PixelArray) -> None:
    readings = []
    for threads in (1, 2):
        detector, (classifier, info) = (
            make_detector(threads=threads),
            make_classifier(threads=threads),
        )
        analysis = make_analyzer(detector, classifier, info)(Frame(portrait, 0, 0.0, "test"))
        readings.append(analysis.readings[0])
    assert readings[0].raw.probabilities == pytest.approx(readings[1].raw.probabilities, abs=1e-3)
    assert readings[0].face.box.to_tuple() == pytest.approx(
        readings[1].face.box.to_tuple(), abs=0.1
    )
