"""A last layer is taken out of a graph and put into it anew; what is before it stays."""

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.training.adapt.making import BIAS, LABELS, ROWS, graph, model, quarters_of

from mien.errors import BundleError
from mien.models.bundle import Bundle, load_bundle
from mien.models.classifier import OnnxClassifier
from mien.registry import MODELS
from mien.training.adapt.graph import read_tail, replace_tail
from mien.training.adapt.head import Head


@pytest.mark.parametrize("other", [True, False])
def test_the_layer_and_the_order_of_its_labels_are_found(tmp_path: Path, other: bool) -> None:
    bundle = model(tmp_path / "m", other=other)
    tail = read_tail(bundle, OnnxClassifier(bundle))
    assert tail.reads.tolist() == ([1, 0] if other else [0, 1])
    np.testing.assert_allclose(tail.head.weight, ROWS if other else ROWS[[1, 0]])
    np.testing.assert_allclose(tail.head.bias, BIAS if other else BIAS[[1, 0]])


@pytest.mark.parametrize("name", ["fer4", "fer8", "fer4-open"])
def test_shipped_graphs_answer_as_before_with_their_own_layer(name: str) -> None:
    bundle = load_bundle(MODELS / name)
    classifier = OnnxClassifier(bundle)
    tail = read_tail(bundle, classifier)
    rest = np.setdiff1d(np.arange(len(tail.head)), tail.reads)
    head = tail.head.rows(np.concatenate([tail.reads, rest]))
    again = replace_tail(bundle.graph, head, len(tail.reads), bundle.info.temperature)
    other = OnnxClassifier(dataclasses.replace(bundle, graph=again))
    faces = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 1), dtype=np.uint8)
    np.testing.assert_allclose(other(faces), classifier(faces), atol=1e-6)
    assert np.array_equal(other.features(faces), classifier.features(faces))


def test_a_new_layer_may_have_other_classes_and_be_replaced_again(tmp_path: Path) -> None:
    bundle = model(tmp_path / "m")
    rng = np.random.default_rng(0)
    faces = quarters_of(2, range(4))
    for count, labels in ((5, 4), (4, 4), (6, 2)):
        head = Head(rng.normal(0, 1, (count, 4)), rng.normal(0, 1, count))
        new = replace_tail(bundle.graph, head, labels, 0.7)
        bundle = _with(bundle, new, labels, other=count > labels)
        classifier = OnnxClassifier(bundle)
        found = classifier(faces)
        odds = np.exp(head.logits(classifier.features(faces)) / 0.7)
        wanted = odds / odds.sum(1, keepdims=True)
        np.testing.assert_allclose(found[:, :labels], wanted[:, :labels], atol=1e-5)
        np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
        assert read_tail(bundle, classifier).reads.tolist() == list(range(labels))


def _with(bundle: Bundle, new: bytes, labels: int, *, other: bool) -> Bundle:
    names = tuple(f"class {number}" for number in range(labels))
    info = msgspec.structs.replace(bundle.info, labels=names, other=other, temperature=0.7)
    return dataclasses.replace(bundle, info=info, graph=new)


def test_a_graph_of_another_make_is_refused(tmp_path: Path, make_bundle) -> None:
    bundle = load_bundle(make_bundle(features=True, labels=LABELS))
    with pytest.raises(BundleError, match="no last layer that can be changed"):
        read_tail(bundle, OnnxClassifier(bundle))
    mine = model(tmp_path / "m")
    damaged = dataclasses.replace(mine, graph=graph()[:-40])
    with pytest.raises(BundleError, match="no last layer"):
        read_tail(damaged, OnnxClassifier(mine))


def test_labels_that_the_layer_does_not_give_are_told(tmp_path: Path) -> None:
    bundle = model(tmp_path / "m")
    colder = msgspec.structs.replace(bundle.info, temperature=2.0)
    strange = dataclasses.replace(bundle, info=colder)
    with pytest.raises(BundleError, match="not told"):
        read_tail(strange, OnnxClassifier(bundle))


def test_a_network_that_is_sure_of_everything_is_read_all_the_same(tmp_path: Path) -> None:
    sure = Head(100 * np.eye(2, 4), np.zeros(2))
    bundle = model(tmp_path / "m", other=False)
    certain = replace_tail(bundle.graph, sure, 2, bundle.info.temperature)
    bundle = dataclasses.replace(bundle, graph=certain)
    np.testing.assert_allclose(read_tail(bundle, OnnxClassifier(bundle)).head.weight, sure.weight)
