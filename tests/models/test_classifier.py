"""The classifier runs a bundle's graph, and refuses one that does not fit its description."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.errors import BundleError
from mien.models.bundle import Bundle, load_bundle
from mien.models.classifier import OnnxClassifier


def test_probabilities_follow_the_faces(make_bundle: Callable[..., Path]) -> None:
    classifier = OnnxClassifier(load_bundle(make_bundle()))
    faces = np.stack([np.full((48, 48, 1), value, np.uint8) for value in (0, 128, 255)])
    result = classifier(faces)
    assert result.shape == (3, 4)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result.sum(axis=1), 1, atol=1e-6)
    assert result[0].argmax() == 0
    assert result[2].argmax() == 3


def test_no_faces_give_no_rows(make_bundle: Callable[..., Path]) -> None:
    classifier = OnnxClassifier(load_bundle(make_bundle()))
    assert classifier(np.empty((0, 48, 48, 1), np.uint8)).shape == (0, 4)


def test_faces_of_another_shape_are_refused(make_bundle: Callable[..., Path]) -> None:
    classifier = OnnxClassifier(load_bundle(make_bundle()))
    with pytest.raises(ValueError, match="uint8"):
        classifier(np.zeros((1, 64, 64, 1), np.uint8))


def test_graph_with_another_number_of_classes_is_refused(make_bundle: Callable[..., Path]) -> None:
    with pytest.raises(BundleError, match="4 labels"):
        OnnxClassifier(load_bundle(make_bundle(output_labels=3)))


def test_something_else_is_the_last_column(make_bundle: Callable[..., Path]) -> None:
    classifier = OnnxClassifier(load_bundle(make_bundle(other=True)))
    assert classifier.other
    assert len(classifier.labels) == 4
    result = classifier(np.stack([np.full((48, 48, 1), value, np.uint8) for value in (0, 255)]))
    assert result.shape == (2, 5)
    assert result.argmax(axis=1).tolist() == [0, 4]
    assert classifier(np.empty((0, 48, 48, 1), np.uint8)).shape == (0, 5)


def test_a_graph_without_the_column_is_refused(make_bundle: Callable[..., Path]) -> None:
    with pytest.raises(BundleError, match="4 labels and something else"):
        OnnxClassifier(load_bundle(make_bundle(other=True, output_labels=4)))


def test_values_that_are_no_probabilities_never_become_readings(
    make_bundle: Callable[..., Path],
) -> None:
    onnx = pytest.importorskip("onnx", reason="needs the extra [train]")
    bundle = load_bundle(make_bundle())
    model = onnx.load_from_string(bundle.graph)
    (slope,) = (item for item in model.graph.initializer if item.name == "slope")
    slope.CopyFrom(onnx.numpy_helper.from_array(np.full((1, 4), np.nan, np.float32), "slope"))
    damaged = dataclasses.replace(bundle, graph=model.SerializeToString())
    with pytest.raises(BundleError, match=r"model\.onnx: the graph gives .*no probabilities"):
        OnnxClassifier(damaged)(np.zeros((1, 48, 48, 1), np.uint8))


def with_outputs(bundle: Bundle, outputs: dict[str, str]) -> Bundle:
    """Return the bundle with values of its graph as further outputs, by their new names."""
    onnx = pytest.importorskip("onnx", reason="needs the extra [train]")
    model = onnx.load_from_string(bundle.graph)
    for name, value in outputs.items():
        model.graph.node.append(onnx.helper.make_node("Identity", [value], [name]))
        kind = onnx.TensorProto.UINT8 if value == "faces" else onnx.TensorProto.FLOAT
        shape = {"column": ["n", 1], "unit": ["n"]}.get(value, ["n", 48, 48, 1])
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, kind, shape))
    return dataclasses.replace(bundle, graph=model.SerializeToString())


def test_features_are_a_second_output(make_bundle: Callable[..., Path]) -> None:
    plain = load_bundle(make_bundle("plain"))
    classifier = OnnxClassifier(load_bundle(make_bundle(features=True)))
    faces = np.stack([np.full((48, 48, 1), value, np.uint8) for value in (0, 128, 255)])
    assert classifier.has_features
    given = classifier.features(faces)
    assert given.dtype == np.float32
    np.testing.assert_allclose(given[:, 0], (np.array([0, 128, 255]) - 127.5) / 64, rtol=1e-6)
    assert classifier.features(faces[:0]).shape == (0, 1)
    np.testing.assert_array_equal(classifier(faces), OnnxClassifier(plain)(faces))
    with pytest.raises(ValueError, match="uint8"):
        classifier.features(faces.astype(np.float32))


def test_bundle_without_features_says_so(make_bundle: Callable[..., Path]) -> None:
    classifier = OnnxClassifier(load_bundle(make_bundle()))
    assert not classifier.has_features
    with pytest.raises(BundleError, match=r"model\.onnx: the graph gives no features; take"):
        classifier.features(np.zeros((1, 48, 48, 1), np.uint8))


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"scores": "column"}, "gives probabilities, scores, but"),
        ({"features": "column", "more": "column"}, "gives probabilities, features, more, but"),
        ({"features": "unit"}, r"features as tensor\(float\) \['n'\], not as floats"),
        ({"features": "faces"}, r"features as tensor\(uint8\)"),
    ],
)
def test_other_outputs_are_refused(
    make_bundle: Callable[..., Path], outputs: dict[str, str], message: str
) -> None:
    with pytest.raises(BundleError, match=message):
        OnnxClassifier(with_outputs(load_bundle(make_bundle()), outputs))


def test_one_output_may_have_any_name(make_bundle: Callable[..., Path]) -> None:
    onnx = pytest.importorskip("onnx", reason="needs the extra [train]")
    bundle = load_bundle(make_bundle())
    model = onnx.load_from_string(bundle.graph)
    model.graph.node[-1].output[0] = model.graph.output[0].name = "softmax"
    older = dataclasses.replace(bundle, graph=model.SerializeToString())
    assert OnnxClassifier(older)(np.zeros((2, 48, 48, 1), np.uint8)).shape == (2, 4)


@pytest.mark.parametrize("name", [b"faces", b"probabilities", b"Softmax"])
def test_a_graph_with_names_that_are_no_text_is_one_error_and_prints_nothing(
    make_bundle: Callable[..., Path], capfd: pytest.CaptureFixture[str], name: bytes
) -> None:
    """What onnxruntime prints of it would be in the table, where that is on standard output."""
    bundle = load_bundle(make_bundle())
    graph = bundle.graph.replace(name, name[:-1] + b"\xff")
    with pytest.raises(BundleError, match=r"model\.onnx: "):
        OnnxClassifier(dataclasses.replace(bundle, graph=graph))
    assert capfd.readouterr().out == ""
