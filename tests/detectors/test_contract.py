"""What `mien.protocols.Detector` promises, on real pictures, for every detector."""

from pathlib import Path

import numpy as np
import pytest

from mien.detectors.dlib import DlibCnnDetector, DlibHogDetector
from mien.detectors.mtcnn.detector import MtcnnDetector
from mien.detectors.single_shot import SingleShotDetector
from mien.detectors.weights import package_folder
from mien.detectors.yunet import YunetDetector
from mien.models.bundle import load_detector_bundle
from mien.protocols import Detector
from mien.registry import DETECTOR_BUNDLE
from mien.vision.boxes import iou_matrix, to_array

WEIGHTS = Path(__file__).parents[3] / "shared" / "weights"
YUNET_FILES = {
    "yunet-s": "yunet_s_dynamic.onnx",
    "yunet-s-640": "yunet_s_640_640.onnx",
    "yunet-n": "yunet_n_dynamic.onnx",
}
WITH_LANDMARKS = ("mien", "mtcnn", *YUNET_FILES)
# Where the face of the portrait is, by eye: brow to chin, cheek to cheek.
FACE = np.array([[118.0, 66, 206, 172]])


def make(name):
    if name == "mien":
        return SingleShotDetector(load_detector_bundle(DETECTOR_BUNDLE))
    if name == "mtcnn":
        pytest.importorskip("onnx", reason="needs the extra [mtcnn]")
        pytest.importorskip("lz4", reason="needs the extra [mtcnn]")
        return MtcnnDetector()
    if name in YUNET_FILES:
        path = WEIGHTS / YUNET_FILES[name]
        if not path.is_file():
            pytest.skip(f"needs ../shared/weights/{path.name}, which is not here")
        return YunetDetector(path)
    pytest.importorskip("dlib", reason="needs the extra [dlib]")
    if name == "dlib-hog":
        return DlibHogDetector()
    if package_folder("face_recognition_models") is None:
        pytest.skip("needs face_recognition_models of the extra [dlib]")
    return DlibCnnDetector()


@pytest.fixture(scope="module", params=[*WITH_LANDMARKS, "dlib-hog", "dlib-cnn"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def detector(kind):
    return make(kind)


@pytest.fixture(scope="module")
def found(detector, portrait):
    return detector(portrait)


def test_is_a_detector_with_a_name(detector, kind):
    assert isinstance(detector, Detector)
    assert kind.startswith(detector.name)


def test_finds_the_face_of_the_portrait(found):
    assert len(found) == 1
    assert iou_matrix(to_array([found[0].box]), FACE)[0, 0] > 0.5
    assert 0.5 < found[0].score <= 1


def test_landmarks_lie_in_the_face_and_in_order(found, kind):
    points = found[0].landmarks
    if kind not in WITH_LANDMARKS:
        assert points is None
        return
    left_eye, right_eye, nose, left_mouth, right_mouth = points
    x1, y1, x2, y2 = found[0].box.to_tuple()
    assert (points >= [x1, y1]).all()
    assert (points <= [x2, y2]).all()
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < nose[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
    # By eye, within a few pixels of a face that is 90 wide.
    seen = [(144, 102), (187, 103), (165, 128), (142, 140), (186, 141)]
    assert np.abs(points - seen).max() < 8


def test_finds_two_faces_and_does_not_change_the_picture(detector, portrait, kind):
    scene = np.concatenate([portrait, portrait[:, ::-1]], axis=1)
    if kind == "dlib-cnn":  # seconds per picture, so only what is around the faces
        scene = np.ascontiguousarray(scene[30:210, 80:560])
    before = scene.copy()
    faces = detector(scene)
    assert np.array_equal(scene, before)
    assert len(faces) == 2
    middle = scene.shape[1] / 2
    assert {face.box.center[0] < middle for face in faces} == {True, False}
    scores = [face.score for face in faces]
    assert scores == sorted(scores, reverse=True)


def test_gives_the_same_twice(detector, portrait, found):
    again = detector(portrait)
    assert [face.box for face in again] == [face.box for face in found]


def test_finds_nothing_where_nothing_is(detector):
    noise = np.random.default_rng(0).integers(0, 256, (150, 200, 3), dtype=np.uint8)
    for empty in (np.full_like(noise, 128), np.zeros_like(noise), noise):
        assert detector(empty) == ()


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 7), (11, 12), (30, 30), (13, 900), (900, 13), (3, 4000), (100, 4000)]
)
def test_takes_any_shape(detector, shape):
    assert detector(np.full((*shape, 3), 90, dtype=np.uint8)) == ()


def test_box_agrees_with_the_default_detector(found, portrait):
    reference = make("mien")(portrait)[0].box
    assert iou_matrix(to_array([found[0].box]), to_array([reference]))[0, 0] > 0.4
