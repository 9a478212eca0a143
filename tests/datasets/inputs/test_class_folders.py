"""Class folders are found below the folders of splits, and nothing hangs or leads out."""

import os
import subprocess
import unicodedata
from pathlib import Path

import pytest

from mien.datasets.inputs.class_folders import find_classes, split_of
from mien.errors import DatasetError


def make(root: Path, *files: str) -> Path:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def found(root: Path) -> set[tuple[str | None, str, str]]:
    folders = find_classes(root)
    return {
        (folder.split, folder.name, path.relative_to(root).as_posix())
        for folder in folders.folders
        for path in folders.files(folder)
    }


@pytest.mark.parametrize(
    ("name", "split"),
    [
        *(
            ("train", "train"),
            ("Training", "train"),
            ("TRAIN_SET", "train"),
            ("train data", "train"),
        ),
        *(("val", "validation"), ("Valid", "validation"), ("validation", "validation")),
        *(("dev", "validation"), ("test", "test"), ("Testing", "test"), ("eval-set", "test")),
        *(("PublicTest", "test"), ("Private_Test", "test"), ("test1", "test")),
        *(("happy", None), ("tester", None), ("trained", None), ("set", None), ("", None)),
    ],
)
def test_folders_of_splits_are_known_by_their_usual_names(name: str, split: str | None) -> None:
    assert split_of(name) == split


def test_classes_lie_below_splits(tmp_path: Path) -> None:
    make(tmp_path, "Train/Happy/a", "Train/sad/b/c", "valid/happy/d", "TEST/HAPPY/e", "readme.txt")
    assert found(tmp_path) == {
        ("train", "Happy", "Train/Happy/a"),
        ("train", "sad", "Train/sad/b/c"),
        ("validation", "Happy", "valid/happy/d"),
        ("test", "Happy", "TEST/HAPPY/e"),
    }
    folders = find_classes(tmp_path)
    assert (folders.classes, folders.splits) == (("Happy", "sad"), ("train", "validation", "test"))
    assert [refused.origin for refused in folders.refused] == ["readme.txt"]


def test_a_class_is_one_however_a_system_stores_its_accents(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "fröhlich")
    make(tmp_path, "train/fröhlich/a", f"test/{decomposed}/b", "train/sad/c", "test/sad/d")
    assert find_classes(tmp_path).classes == ("fröhlich", "sad")
    assert find_classes(tmp_path / "test").classes == ("fröhlich", "sad")


def test_what_lies_beside_splits_is_listed(tmp_path: Path) -> None:
    make(tmp_path, "train/a/1", "test/a/2", "labels/list/3", "__MACOSX/train/a/4")
    assert found(tmp_path) == {("train", "a", "train/a/1"), ("test", "a", "test/a/2")}
    assert [one.origin for one in find_classes(tmp_path).refused] == ["labels"]


@pytest.mark.parametrize(
    "files",
    [
        # Vehicles, say; and no train.
        ("train/1.png", "test/2.png"),
        ("test/a/1", "val/a/2"),
        ("train/freight/1", "car/2"),
    ],
)
def test_classes_that_only_have_such_names_stay_classes(
    tmp_path: Path, files: tuple[str, ...]
) -> None:
    make(tmp_path, *files)
    assert {split for split, _, _ in found(tmp_path)} == {None}
    assert find_classes(tmp_path).classes == tuple(sorted(name.split("/")[0] for name in files))


def test_links_in_circles_and_pipes_are_refused(tmp_path: Path) -> None:
    make(tmp_path, "a/1", "b/2")
    (tmp_path / "a" / "loop").symlink_to(tmp_path / "a" / "pool")
    (tmp_path / "a" / "pool").symlink_to(tmp_path / "a" / "loop")
    (tmp_path / "a" / "self").symlink_to("self")
    (tmp_path / "a" / "up").symlink_to("..")
    os.mkfifo(tmp_path / "b" / "pipe")
    folders = find_classes(tmp_path)
    kept = [path.name for folder in folders.folders for path in folders.files(folder)]
    assert kept == ["1", "2"]
    assert {one.origin: one.kind for one in folders.refused} == {
        "a/loop": "link out of the folder",
        "a/pool": "link out of the folder",
        "a/self": "link out of the folder",
        "a/up": "link to a folder",
        "b/pipe": "not a file",
    }


@pytest.mark.parametrize("name", ["d", "long" * 20])
def test_folders_may_lie_thousands_of_levels_deep(tmp_path: Path, name: str) -> None:
    """Those whose path is longer than the system takes are listed."""
    make(tmp_path, "a/1", "b/2")
    at = os.open(tmp_path / "a", os.O_RDONLY)
    for _ in range(1500):
        os.mkdir(name, dir_fd=at)
        inner = os.open(name, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(os.open("deep", os.O_CREAT, dir_fd=at))
    os.close(at)
    try:
        folders = find_classes(tmp_path)
        kept = [path.name for folder in folders.folders for path in folders.files(folder)]
        kinds = [one.kind for one in folders.refused]
    finally:
        # Python's own removal goes down by recursion.
        subprocess.run(["rm", "-rf", tmp_path / "a"], check=True)
    # In the order of the names: the deep ones come after the file.
    expected = (["1", "deep", "2"], []) if len(name) == 1 else (["1", "2"], ["cannot be read"])
    assert (kept, kinds) == expected


def test_an_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "faces.zip").write_bytes(b"PK")
    with pytest.raises(DatasetError, match=r"faces.zip: .*; unpack it and name a folder"):
        find_classes(tmp_path / "faces.zip")


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"absent: cannot be read as a folder"):
        find_classes(tmp_path / "absent")
