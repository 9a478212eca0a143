"""Faces of folders: of several in a picture, that it may be another one is told."""

from pathlib import Path

import pytest
from tests.training.adapt.making import folder, model

from mien.models.classifier import OnnxClassifier
from mien.training.adapt.gather import gather
from mien.types import Box, Face, PixelArray


class Finds:
    """Finds one face, and beside it another of some size."""

    name, face_side = "finds", 16.0

    def __init__(self, beside: float | None) -> None:
        self._beside = beside

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        sides = [16.0] if self._beside is None else [16.0, self._beside]
        return tuple(Face(Box(0, 0, side, side), 0.9) for side in sides)


def test_what_lies_beside_the_class_folders_is_told(tmp_path: Path) -> None:
    classifier = OnnxClassifier(model(tmp_path / "start"))
    own = folder(tmp_path / "own", {"angry": 0, "happy": 1})
    (own / "loose.png").write_bytes((own / "angry" / "p0_0.png").read_bytes())
    found = gather(own, classifier, None)
    assert len(found) == 12
    assert sum(found.left_out.values()) == 1
    assert any(note.startswith("1 left out:") for note in found.notes)


@pytest.mark.parametrize(("beside", "told"), [(None, False), (4.0, False), (14.0, True)])
def test_pictures_of_several_people_are_told(
    tmp_path: Path, beside: float | None, told: bool
) -> None:
    classifier = OnnxClassifier(model(tmp_path / "start"))
    own = folder(tmp_path / "own", {"angry": 0, "happy": 1})
    notes = " ".join(gather(own, classifier, Finds(beside)).notes)
    assert ("12 with several large faces (angry/" in notes) is told
    assert ("…)" in notes) is told
