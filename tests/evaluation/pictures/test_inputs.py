"""Labelled pictures: what is cropped from them, and what settings are refused."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.evaluation.passes import one_pass

from mien.errors import DatasetError, SettingsError
from mien.evaluation.pictures.inputs import InputSettings
from mien.evaluation.pictures.picture import Picture, with_crop_scale
from mien.models.info import ModelInfo
from mien.types import Box, Face, InputSpec

SPEC = InputSpec(48, 1, 1.0)


@pytest.fixture
def picture() -> Picture:
    """A white face of 40 pixels on black."""
    image = np.zeros((120, 120, 3), np.uint8)
    image[40:80, 40:80] = 255
    return Picture(image, Face(Box(40, 40, 80, 80), 1.0), False, 0, "a.png", "")


def test_a_face_is_cropped_in_every_framing_that_is_asked_for(picture: Picture) -> None:
    means = [picture.crop(with_crop_scale(SPEC, scale)).mean() for scale in (0.8, 1, 2)]
    assert means == pytest.approx([255, 255, 255 / 4], abs=1)
    assert picture.crop(InputSpec(20, 3, 1.0)).shape == (20, 20, 3)


def test_a_cropped_face_has_its_own_framing(picture: Picture) -> None:
    cropped = dataclasses.replace(picture, cropped=True)
    for scale in (1, 2):
        crop = cropped.crop(with_crop_scale(SPEC, scale))
        assert crop.mean() == pytest.approx(255 / 9, abs=1)


def test_a_picture_without_a_face_has_no_crop(picture: Picture) -> None:
    assert dataclasses.replace(picture, face=None).crop(SPEC) is None


@pytest.mark.parametrize(("pattern", "reason"), [("(", "not a regular"), (r".+_\d", "parentheses")])
def test_a_pattern_that_names_no_group_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        InputSettings(group_pattern=pattern)


def test_a_crop_scale_out_of_range_is_named() -> None:
    with pytest.raises(SettingsError, match="crop scale 99"):
        with_crop_scale(SPEC, 99)


def test_a_folder_goes_the_whole_way(
    classifier, info: ModelInfo, fixed_detector, make_folder: Callable[..., Path]
) -> None:
    folder = make_folder(
        {
            "happy/a b.png": 150,
            "happy/deep/ünï.PNG": 150,
            "sad/black.png": 0,
            "sad/broken.png": None,
            "fear/1.png": 10,
            "fear/2.png": 10,
            "happy/.hidden.png": 10,
            "happy/notes.txt": 10,
        }
    )
    result = one_pass(classifier, info, folder, fixed_detector(Box(8, 8, 40, 40)))
    assert result.answers.origins == ("happy/a b.png", "happy/deep/ünï.PNG", "sad/black.png")
    assert result.answers.found.tolist() == [True, True, False]
    assert result.answers.truth.tolist() == [2, 2, 1]
    assert result.skipped == {"fear": 2}
    assert [entry.origin for entry in result.unreadable] == ["sad/broken.png"]
    assert (result.detector, result.split) == ("fixed", "full pictures, fixed")


def test_the_largest_face_counts(
    classifier, info: ModelInfo, fixed_detector, make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_folder({"sad/1.png": 100}, side=100)
    image = np.full((100, 100, 3), 20, np.uint8)
    image[50:, 50:] = 200
    cv2.imwrite(str(folder / "sad" / "1.png"), image)
    detector = fixed_detector(Box(0, 0, 10, 10), Box(60, 60, 90, 90), Box(20, 20, 30, 30))
    one_pass(classifier, info, folder, detector)
    assert classifier.means == [200]


def test_crop_scale_overrides_the_framing(
    classifier, info: ModelInfo, fixed_detector, make_folder: Callable[..., Path]
) -> None:
    folder = make_folder({"sad/1.png": 0}, side=100)
    image = np.full((100, 100, 3), 50, np.uint8)
    image[25:75, 25:75] = 200
    cv2.imwrite(str(folder / "sad" / "1.png"), image)
    detector = fixed_detector(Box(25, 25, 75, 75))
    one_pass(classifier, info, folder, detector)
    wide = one_pass(classifier, info, folder, detector, crop_scale=2)
    assert classifier.means == pytest.approx([200, 87.5], abs=2)
    assert wide.crop_scale == 2


def test_cropped_faces_need_no_detector(
    classifier, info: ModelInfo, make_folder: Callable[..., Path]
) -> None:
    result = one_pass(classifier, info, make_folder({"sad/1.png": 100}))
    assert result.answers.found.all()
    assert (result.detector, result.crop_scale, result.split) == (None, None, "cropped faces")
    with pytest.raises(SettingsError, match="crop scale"):
        one_pass(
            classifier,
            info,
            make_folder({"sad/1.png": 100}),
            crop_scale=1.3,
        )


def test_groups_come_from_the_file_names(
    classifier, info: ModelInfo, make_folder: Callable[..., Path]
) -> None:
    names = ("sad/Ann_Lee_01.png", "happy/Ann_Lee_02.png", "sad/Bob_1.png", "sad/other.png")
    folder = make_folder(dict.fromkeys(names, 100))
    result = one_pass(classifier, info, folder, group_pattern=r"(.+)_\d+")
    groups = dict(zip(result.answers.origins, result.answers.groups, strict=True))
    assert [groups[name] for name in names] == ["Ann_Lee", "Ann_Lee", "Bob", ""]


def test_sources_come_from_the_data_set_or_from_the_folders(
    classifier, info: ModelInfo, make_dataset, make_folder: Callable[..., Path]
) -> None:
    rows = [("angry", 10, ""), ("sad", 100, ""), ("happy", 150, ""), ("neutral", 10, "")]
    dataset = make_dataset(rows, sources=("web", "", "studio", "web"))
    assert one_pass(classifier, info, dataset).sources == ("web", "", "studio", "web")
    assert one_pass(classifier, info, make_dataset(rows)).sources == ()
    folder = make_folder(dict.fromkeys(("sad/1.png", "sad/web/2.png", "sad/web/deep/3.png"), 100))
    assert one_pass(classifier, info, folder).sources == ("", "web", "web")


def test_cropped_faces_of_many_classes_beside_a_list(
    classifier, info: ModelInfo, make_folder: Callable[..., Path]
) -> None:
    folder = make_folder({"sad/1.png": 100, "happy/2.png": 150, "surprise/3.png": 10}, side=100)
    (folder / "manifest.csv").write_text("file,class\nsad/1.png,sad\n")
    (folder / "sad" / "notes.csv").write_text("1.png,blurred\n")
    result = one_pass(classifier, info, folder)
    assert result.answers.origins == ("happy/2.png", "sad/1.png")
    assert result.skipped == {"surprise": 1}
    assert result.unreadable == ()


def test_a_framing_out_of_range_is_refused(
    classifier, info: ModelInfo, fixed_detector, make_folder: Callable[..., Path]
) -> None:
    detector, folder = fixed_detector(Box(0, 0, 9, 9)), make_folder({"sad/1.png": 100})
    with pytest.raises(SettingsError, match="crop scale 99"):
        one_pass(classifier, info, folder, detector, crop_scale=99)


def test_folders_that_give_nothing_say_why(
    classifier, info: ModelInfo, fixed_detector, make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        one_pass(classifier, info, tmp_path / "nowhere")
    folder = make_folder({"fear/1.png": 10})
    with pytest.raises(DatasetError, match=r"has fear; the bundle has angry"):
        one_pass(classifier, info, folder)
    make_folder({"sad/1.png": None})
    with pytest.raises(DatasetError, match="1 unreadable"):
        one_pass(classifier, info, folder)
    make_folder({"sad/1.png": 10})
    with pytest.raises(DatasetError, match="no face was found in any of 1"):
        one_pass(classifier, info, folder, fixed_detector())


@pytest.mark.parametrize(
    ("split", "origins", "said"),
    [
        (
            None,
            ["test/SAD/2.png", "test/sad/web/3.png"],
            "test part of Train/, test/; cropped faces",
        ),
        ("train", ["Train/sad/1.png"], "train part of Train/, test/; cropped faces"),
    ],
)
def test_of_a_folder_with_splits_one_part_is_judged_and_named(
    classifier,
    info: ModelInfo,
    make_folder: Callable[..., Path],
    split: str | None,
    origins: list[str],
    said: str,
) -> None:
    files = ("Train/sad/1.png", "test/SAD/2.png", "test/sad/web/3.png", "test/bored/4.png")
    folder = make_folder(dict.fromkeys(files, 100))
    result = one_pass(classifier, info, folder, group_pattern="(.+)", split=split)
    assert list(result.answers.origins) == origins
    assert result.split == said
    assert result.answers.groups == tuple(origin[-5] for origin in origins)
    assert result.sources == (("", "web") if split is None else ())
    assert result.skipped == ({"bored": 1} if split is None else {})


def test_a_split_that_a_folder_lacks_is_named(
    classifier, info: ModelInfo, make_folder: Callable[..., Path]
) -> None:
    folder = make_folder({"train/sad/1.png": 100})
    with pytest.raises(DatasetError, match="no split 'test'; choose from train"):
        one_pass(classifier, info, folder, split="test")
    with pytest.raises(DatasetError, match="no folders of splits"):
        one_pass(classifier, info, folder / "train", split="test")


def test_links_in_circles_are_listed(
    classifier, info: ModelInfo, make_folder: Callable[..., Path]
) -> None:
    folder = make_folder({"sad/1.png": 100})
    (folder / "sad" / "2.png").symlink_to("2.png")
    result = one_pass(classifier, info, folder)
    assert [entry.origin for entry in result.unreadable] == ["sad/2.png"]


def test_a_link_to_nowhere_is_listed(
    classifier, info: ModelInfo, make_folder: Callable[..., Path]
) -> None:
    folder = make_folder({"sad/1.png": 100})
    (folder / "sad" / "2.png").symlink_to("gone.png")
    result = one_pass(classifier, info, folder)
    assert [entry.origin for entry in result.unreadable] == ["sad/2.png"]


def test_links_out_of_the_folder_are_listed_and_not_followed(
    classifier, info: ModelInfo, make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_folder({"sad/1.png": 100})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "2.png").write_bytes((folder / "sad" / "1.png").read_bytes())
    (folder / "sad" / "2.png").symlink_to(outside / "2.png")
    (folder / "happy").symlink_to(outside)
    (folder / "sad" / "again.png").symlink_to(folder / "sad" / "1.png")
    result = one_pass(classifier, info, folder)
    assert result.answers.origins == ("sad/1.png", "sad/again.png")
    assert [entry.origin for entry in result.unreadable] == ["happy/2.png", "sad/2.png"]
    assert all("leaves the folder" in entry.reason for entry in result.unreadable)


def test_a_name_that_is_no_unicode_is_listed_with_escapes(
    classifier, info: ModelInfo, make_folder: Callable[..., Path]
) -> None:
    try:
        folder = make_folder({"sad/\udce9.png": 100})
        make_folder({"sad/\udcea.png": None})
    except OSError:
        pytest.skip("this disk takes names of Unicode only")
    result = one_pass(classifier, info, folder)
    assert result.answers.origins == ("sad/\\udce9.png",)
    assert [entry.origin for entry in result.unreadable] == ["sad/\\udcea.png"]
    assert "\\udcea" in result.unreadable[0].reason
