"""The classes of the data are the bundle's labels, whoever wrote the names of the folders."""

from pathlib import Path

from mien.datasets.inputs.class_folders import find_classes
from mien.evaluation.pictures.matching import labelled_files


def test_folders_are_matched_with_labels_in_other_writing(tmp_path: Path) -> None:
    for name in ("Happy", "SAD", "neutral", "Fear"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").touch()
    labels = ("angry", "sad", "happy", "neutral")
    files, skipped = labelled_files(find_classes(tmp_path), None, labels, others=False)
    assert {path.parent.name: truth for path, truth, _ in files} == {
        "Happy": 2,
        "SAD": 1,
        "neutral": 3,
    }
    assert skipped == {"Fear": 1}
