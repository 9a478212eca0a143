import hashlib

import numpy as np
import pytest

from mien.detectors import yunet
from mien.detectors.yunet import KNOWN_FILES, YunetDetector
from mien.errors import BundleError

SHIPPED = {
    "yunet_s_640_640.onnx": "face_detection_yunet_2023mar.onnx",
    "yunet_s_dynamic.onnx": "yunet_s_dynamic.onnx",
    "yunet_n_dynamic.onnx": "yunet_n_dynamic.onnx",
}


@pytest.fixture(scope="module")
def weights(shared):
    return shared / "weights"


@pytest.mark.parametrize("name", SHIPPED)
def test_table_knows_the_file(weights, name):
    digest = hashlib.sha256((weights / name).read_bytes()).hexdigest()
    assert KNOWN_FILES[digest] == SHIPPED[name]


def test_an_unknown_file_is_refused_with_what_is_accepted(tmp_path):
    path = tmp_path / "yunet.onnx"
    path.write_bytes(b"something else")
    with pytest.raises(BundleError) as caught:
        YunetDetector(path)
    digest = hashlib.sha256(b"something else").hexdigest()[:12]
    assert str(caught.value).startswith(f"{path}: sha256 is {digest}")
    assert all(name in str(caught.value) for name in KNOWN_FILES.values())


def test_a_file_that_is_no_graph_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "yunet.onnx"
    path.write_bytes(b"no graph")
    digest = hashlib.sha256(b"no graph").hexdigest()
    monkeypatch.setattr(yunet, "KNOWN_FILES", {digest: "no graph"})
    with pytest.raises(BundleError, match="not a graph that this onnxruntime runs"):
        YunetDetector(path)


def test_decodes_one_cell():
    # Two rows of three cells at stride 8; cell 4 is row 1, column 1.
    classes, objects = np.zeros((6, 1), np.float32), np.ones((6, 1), np.float32)
    offsets, points = np.zeros((6, 4), np.float32), np.zeros((6, 10), np.float32)
    classes[4], offsets[4] = 0.81, [0.5, 0.25, np.log(2), np.log(4)]
    points[4] = np.arange(10) / 10
    scores, boxes, placed = yunet._decode([classes, objects, offsets, points], 3, 8)
    assert scores == pytest.approx([0.9])
    assert boxes[0] == pytest.approx([12 - 8, 10 - 16, 12 + 8, 10 + 16])
    assert placed[0, 0] == pytest.approx([8, 8.8])
    assert placed[0, 4] == pytest.approx([8 + 6.4, 8 + 7.2])


def test_agrees_with_opencv(weights, portrait):
    cv2 = pytest.importorskip("cv2")
    path = weights / "yunet_s_640_640.onnx"
    reference = cv2.FaceDetectorYN.create(str(path), "", (640, 640), 0.7, 0.3)
    canvas = np.zeros((640, 640, 3), np.uint8)
    canvas[:320, :320] = portrait
    _, (row,) = reference.detect(canvas)
    (face,) = YunetDetector(path)(portrait)
    x, y, width, height = row[:4]
    assert face.box.to_tuple() == pytest.approx((x, y, x + width, y + height), abs=0.5)
    assert face.landmarks.reshape(-1) == pytest.approx(row[4:14], abs=0.5)
    assert face.score == pytest.approx(row[14], abs=0.01)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_large_picture_gives_boxes_in_its_own_pixels(weights, name, portrait):
    detector = YunetDetector(weights / name)
    large = np.repeat(np.repeat(portrait, 5, axis=0), 5, axis=1)
    (small_face,), (large_face,) = detector(portrait), detector(large)
    wanted = np.array(small_face.box.to_tuple()) * 5
    assert np.abs(np.array(large_face.box.to_tuple()) - wanted).max() < 60
    assert np.abs(large_face.landmarks - small_face.landmarks * 5).max() < 30
