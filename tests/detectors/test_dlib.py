import sys

import pytest

from mien.detectors import dlib as adapter
from mien.detectors.dlib import DlibCnnDetector, DlibHogDetector
from mien.errors import BundleError, MissingExtraError


@pytest.mark.parametrize("make", [DlibHogDetector, DlibCnnDetector])
def test_says_which_extra_is_missing(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(MissingExtraError, match=r"the detector dlib-\w+ .*\[dlib\]"):
        make()


def test_weights_that_are_not_installed_are_part_of_the_extra(monkeypatch):
    pytest.importorskip("dlib", reason="needs the extra [dlib]")
    monkeypatch.setattr(adapter, "package_folder", lambda package: None)
    with pytest.raises(MissingExtraError, match="dlib-cnn"):
        DlibCnnDetector()


def test_a_file_that_is_not_the_known_one_is_refused(tmp_path):
    pytest.importorskip("dlib", reason="needs the extra [dlib]")
    path = tmp_path / "mmod.dat"
    path.write_bytes(b"wrong")
    with pytest.raises(BundleError, match=r"mmod\.dat: sha256 is .*mmod_human_face_detector"):
        DlibCnnDetector(path)


class Rectangle:
    """As dlib's: right and bottom are inside."""

    def left(self):
        return 10

    def top(self):
        return 20

    def right(self):
        return 29

    def bottom(self):
        return 59


def test_converts_rectangles_and_margins():
    found = [(Rectangle(), 0.0), (Rectangle(), 2.0), (Rectangle(), 800.0)]
    faces = adapter._to_faces(found, (2.0, 0.5))
    assert [round(face.score, 2) for face in faces] == [1.0, 0.88, 0.5]
    assert faces[0].box.to_tuple() == (20, 10, 60, 30)
    assert all(face.landmarks is None for face in faces)
