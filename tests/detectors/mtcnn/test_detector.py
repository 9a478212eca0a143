import hashlib
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("lz4", reason="needs the extra [mtcnn]")
pytest.importorskip("onnx", reason="needs the extra [mtcnn]")

import lz4.frame

from mien.detectors.mtcnn import networks
from mien.detectors.mtcnn.detector import MtcnnDetector
from mien.detectors.mtcnn.networks import OUTPUT, PROPOSAL, REFINEMENT, load_arrays, load_graph
from mien.errors import BundleError, MissingExtraError, SettingsError
from mien.models.onnx import make_session
from mien.vision.boxes import iou_matrix, to_array

NETWORKS = pytest.mark.parametrize(
    "network", [PROPOSAL, REFINEMENT, OUTPUT], ids=lambda network: network.file
)


@pytest.fixture(scope="module")
def detector():
    return MtcnnDetector()


def keras_reference(architecture, pictures):
    """The wheel's network layer by layer as its Keras code says, in float32 on scaled RGB."""
    torch = pytest.importorskip("torch", reason="needs the extra [train]")
    functional = torch.nn.functional
    arrays = (torch.from_numpy(array) for array in load_arrays(architecture))
    rgb = np.ascontiguousarray(pictures[..., ::-1], dtype=np.float32)
    x = torch.from_numpy((rgb - 127.5) / 128).permute(0, 3, 1, 2)
    for pool in architecture.pools:
        kernel, bias, slope = next(arrays), next(arrays), next(arrays)
        x = functional.conv2d(x, kernel.permute(3, 2, 0, 1), bias)
        x = functional.prelu(x, slope.reshape(-1))
        if pool is not None:
            # For these strides, ceiling and TensorFlow's "same" differ by no pixel.
            x = functional.max_pool2d(x, pool[0], 2, ceil_mode=pool[1] != "VALID")
    if architecture.dense is not None:
        kernel, bias, slope = next(arrays), next(arrays), next(arrays)
        flat = x.permute(0, 2, 3, 1).permute(0, 2, 1, 3).flatten(1)
        x = functional.prelu(flat @ kernel + bias, slope)
    outputs = []
    for name in architecture.heads:
        kernel, bias = next(arrays), next(arrays)
        if kernel.ndim == 4:
            head = functional.conv2d(x, kernel.permute(3, 2, 0, 1), bias)
        else:
            head = x @ kernel + bias
        outputs.append(head.softmax(1) if name == "scores" else head)
    return [output.numpy() for output in outputs]


@pytest.mark.parametrize(
    ("network", "height", "width"),
    [(PROPOSAL, 12, 12), (PROPOSAL, 19, 30), (REFINEMENT, 24, 24), (OUTPUT, 48, 48)],
    ids=["pnet", "pnet-odd", "rnet", "onet"],
)
def test_graph_computes_what_the_keras_network_does(network, height, width, portrait):
    corners = [(60, 110), (0, 0), (137, 33), (200, 250)]
    pictures = np.stack([portrait[y : y + height, x : x + width] for y, x in corners])
    session = make_session(load_graph(network), network.file, 1)
    results = session.run(None, {"pictures": pictures})
    assert [output.name for output in session.get_outputs()] == list(network.heads)
    for got, wanted in zip(results, keras_reference(network, pictures), strict=True):
        assert got.shape == wanted.shape
        assert np.abs(got - wanted).max() < 2e-4


@NETWORKS
def test_graph_is_valid_onnx(network):
    onnx = pytest.importorskip("onnx", reason="needs the extra [mtcnn]")
    onnx.checker.check_model(onnx.load_from_string(load_graph(network)), full_check=True)


@NETWORKS
def test_weights_are_those_that_joblib_reads(network):
    joblib = pytest.importorskip("joblib", reason="needs the extra [mtcnn]")
    folder = networks.package_folder(networks.PACKAGE)
    wanted = joblib.load(folder / networks.FOLDER / network.file)
    assert all(map(np.array_equal, load_arrays(network), wanted))


def test_changed_weights_are_refused_before_they_are_unpickled(tmp_path, monkeypatch):
    folder = tmp_path / networks.FOLDER
    folder.mkdir(parents=True)
    (folder / PROPOSAL.file).write_bytes(lz4.frame.compress(b"changed"))

    def unpickle(data, name):
        raise AssertionError("unpickled")

    monkeypatch.setattr(networks, "package_folder", lambda package: tmp_path)
    monkeypatch.setattr(networks, "read_arrays", unpickle)
    with pytest.raises(BundleError, match=r"pnet\.lz4: sha256 is"):
        MtcnnDetector()


def test_a_missing_wheel_is_named(monkeypatch):
    monkeypatch.setattr(networks, "package_folder", lambda package: None)
    with pytest.raises(MissingExtraError, match=r"pip install .*\[mtcnn\]"):
        MtcnnDetector()


@pytest.mark.parametrize("package", ["lz4.frame", "onnx"])
def test_a_missing_package_is_named(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"pip install .*\[mtcnn\]"):
        MtcnnDetector()


def test_a_file_with_too_few_arrays_is_refused(tmp_path, monkeypatch):
    joblib = pytest.importorskip("joblib", reason="needs the extra [mtcnn]")
    folder = tmp_path / networks.FOLDER
    folder.mkdir(parents=True)
    path = folder / PROPOSAL.file
    joblib.dump([np.zeros(3, dtype=np.float32)], tmp_path / "plain")
    path.write_bytes(lz4.frame.compress((tmp_path / "plain").read_bytes()))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(networks, "package_folder", lambda package: tmp_path)
    changed = networks.Architecture(PROPOSAL.file, digest, 12, PROPOSAL.pools, None, PROPOSAL.heads)
    with pytest.raises(BundleError, match="holds 1 arrays, not 13"):
        load_arrays(changed)


def test_neither_the_wheel_nor_joblib_is_imported():
    code = (
        "import sys; from mien.detectors.mtcnn.detector import MtcnnDetector; MtcnnDetector(); "
        "print({'mtcnn', 'joblib', 'torch', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_too_small_a_face_is_refused():
    with pytest.raises(SettingsError, match="min_face is 11"):
        MtcnnDetector(min_face=11)


def test_min_face_decides_what_is_found(portrait):
    small = np.ascontiguousarray(portrait[::2, ::2])  # a face of about 50 pixels
    assert len(MtcnnDetector(min_face=30)(small)) == 1
    assert MtcnnDetector(min_face=100)(small) == ()


def test_finds_the_face_at_the_edge_and_reaches_beyond_it(detector, portrait):
    cut = portrait[:, 130:]
    faces = detector(cut)
    assert len(faces) == 1
    assert faces[0].box.x2 == pytest.approx(206 - 130, abs=12)


def test_box_moves_with_the_face(detector, portrait):
    shift = np.roll(portrait, (0, 40), axis=(0, 1))
    before, after = detector(portrait)[0], detector(shift)[0]
    moved = to_array([before.box]) + np.array([40, 0, 40, 0])
    assert iou_matrix(moved, to_array([after.box]))[0, 0] > 0.9
    assert np.abs(after.landmarks - before.landmarks - [40, 0]).max() < 4
