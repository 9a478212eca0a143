"""Faces that a page has kept become a model, as those of a folder do."""

import cv2
import numpy as np
import pytest
from tests.training.adapt.making import LABELS, model, quarters_of, seen

from mien.errors import DatasetError
from mien.models.classifier import OnnxClassifier
from mien.types import Box, Face
from mien.web.session.teacher import NAME, Teacher, can_teach
from mien.web.teaching import KeptFace


class Whole:
    """A detector that takes each bright picture for a face."""

    name, face_side = "whole", 1.0

    def __call__(self, image):
        height, width = image.shape[:2]
        return (Face(Box(0, 0, width, height), 0.9),) if image.max() > 10 else ()


@pytest.fixture(scope="module")
def classifier(tmp_path_factory) -> OnnxClassifier:
    return OnnxClassifier(model(tmp_path_factory.mktemp("models") / "start"))


@pytest.fixture
def teacher(classifier) -> Teacher:
    return Teacher(classifier, Whole())


def kept(word: str, quarter: int, seed: int, person: str = "1") -> KeptFace:
    """A face as the page sends it; JPEGs are kinder to larger pictures."""
    large = cv2.resize(seen(quarter, seed), (64, 64), interpolation=cv2.INTER_NEAREST)
    return KeptFace(word, person, bytes(cv2.imencode(".jpg", large)[1]))


def faces(words: dict[str, int], count: int = 6) -> list[KeptFace]:
    return [
        kept(word, quarter, 100 * quarter + seed)
        for word, quarter in words.items()
        for seed in range(count)
    ]


def ignore(*_: object) -> None:
    pass


def test_a_model_comes_of_faces(teacher, classifier):
    assert can_teach(classifier)
    stages = set()
    given = [*faces({"happy": 1, "angry": 0, "tired": 3}), KeptFace("tired", "1", b"no picture")]
    taught = teacher(given, lambda stage, done, total: stages.add(stage))
    assert len(stages) > 1
    assert taught.labels == (*LABELS, "tired")
    assert taught.told.verdict == "better"
    assert taught.told.left_out == 1
    assert [(one.word, one.faces, one.before) for one in taught.told.own.words] == [
        ("angry", 6, 6),
        ("happy", 6, 6),
        ("tired", 6, None),
    ]
    assert taught.told.known is not None
    assert taught.model.name == "quarters-adapted"
    assert NAME in taught.files["CARD.md"].decode()
    assert {"model.onnx", "model.json", "CARD.md"} <= taught.files.keys()


def test_what_is_saved_is_a_bundle(teacher, tmp_path):
    from mien.models.bundle import load_bundle

    taught = teacher(faces({"happy": 1, "angry": 0, "tired": 3}), ignore)
    for name, data in taught.files.items():
        (tmp_path / name).write_bytes(data)
    said = OnnxClassifier(load_bundle(tmp_path))(quarters_of(5, [3])).argmax(axis=1)
    assert np.mean(said == taught.labels.index("tired")) > 0.5


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (faces({"happy": 1}), "few_words"),
        ([*faces({"happy": 1}), kept("angry", 0, 1)], "few_faces"),
        ([*faces({"happy": 1}), *[kept("angry", 0, 1)] * 3], "one_photo"),
    ],
)
def test_faces_of_which_nothing_comes_are_told(teacher, given, code):
    with pytest.raises(DatasetError) as caught:
        teacher(given, ignore)
    assert caught.value.told.code == code


def test_pictures_without_a_face_are_told(teacher):
    dark = bytes(cv2.imencode(".jpg", np.zeros((20, 20, 3), np.uint8))[1])
    with pytest.raises(DatasetError, match="no face found"):
        teacher([*faces({"happy": 1}), *[KeptFace("tired", "", dark)] * 2], ignore)


def test_what_progress_raises_ends_it(teacher):
    def end(*_: object) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        teacher(faces({"happy": 1, "angry": 0}), end)


def test_a_model_without_features_teaches_nothing(tmp_path):
    assert not can_teach(OnnxClassifier(model(tmp_path / "plain", features=False)))
