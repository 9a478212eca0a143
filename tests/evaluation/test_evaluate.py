"""Data sets and folders go through the classifier, and what cannot be used is counted."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import BundleError, DatasetError, SettingsError
from mien.evaluation.evaluate import evaluate_dataset, evaluate_folder
from mien.evaluation.inputs import FolderSettings, Picture
from mien.evaluation.measures import AGREEMENT
from mien.models.bundle import ModelInfo
from mien.types import Box

ROWS = [("angry", 10, "ann"), ("sad", 100, "bob"), ("happy", 150, "bob"), ("neutral", 10, "")]


def test_a_data_set_is_answered_row_by_row(classifier, info: ModelInfo, make_dataset) -> None:
    result = evaluate_dataset(classifier, info, make_dataset(ROWS))
    np.testing.assert_array_equal(result.answers.truth, [0, 1, 2, 3])
    np.testing.assert_array_equal(result.answers.probabilities.argmax(axis=1), [0, 1, 2, 0])
    assert result.answers.origins[3] == "neutral/3.png"
    assert result.answers.groups == ("ann", "bob", "bob", "")
    assert (result.dataset, result.split, result.detector) == ("faces", "test", None)


def test_faces_are_classified_in_batches(classifier, info: ModelInfo, make_dataset) -> None:
    result = evaluate_dataset(classifier, info, make_dataset(ROWS * 35))
    assert classifier.calls == [64, 64, 12]
    np.testing.assert_array_equal(result.answers.probabilities.argmax(axis=1), [0, 1, 2, 0] * 35)


def test_classes_are_matched_by_name_and_not_by_number(
    classifier, info: ModelInfo, make_dataset
) -> None:
    dataset = make_dataset([("happy", 150, ""), ("angry", 10, "")], classes=("happy", "angry"))
    assert evaluate_dataset(classifier, info, dataset).answers.truth.tolist() == [2, 0]


def test_an_unknown_class_is_an_error_that_names_both_lists(
    classifier, info: ModelInfo, make_dataset
) -> None:
    dataset = make_dataset([("fear", 10, "")], classes=("fear", "happy"))
    with pytest.raises(DatasetError, match=r"fear, happy.*angry, sad, happy, neutral"):
        evaluate_dataset(classifier, info, dataset)


def test_unknown_classes_are_left_out_and_counted_on_request(
    classifier, info: ModelInfo, make_dataset
) -> None:
    rows = [("fear", 10, ""), ("happy", 150, ""), ("fear", 10, "")]
    dataset = make_dataset(rows, classes=("fear", "happy"))
    result = evaluate_dataset(classifier, info, dataset, ignore_unknown=True)
    assert result.answers.truth.tolist() == [2]
    assert result.skipped == {"fear": 2}


def test_a_data_set_of_more_classes_serves_a_bundle_of_fewer(
    classifier, info: ModelInfo, make_dataset
) -> None:
    classes = ("happy", "fear", "contempt", "sad", "neutral", "angry")
    rows = [("fear", None, ""), ("sad", 100, ""), ("contempt", 90, ""), ("happy", 150, "")]
    dataset = make_dataset(rows, classes, agreement=0.7)
    result = evaluate_dataset(classifier, info, dataset, ignore_unknown=True)
    assert result.answers.truth.tolist() == [1, 2]
    assert result.skipped == {"fear": 1, "contempt": 1}
    # A vote for a class that the bundle lacks is a vote all the same.
    assert result.measures[AGREEMENT].tolist() == pytest.approx([0.7, 0.7])
    # What is left out is not even decoded, so a broken picture of it is no complaint.
    assert not result.unreadable


def test_watchers_see_every_picture_once(
    classifier, info: ModelInfo, fixed_detector, make_folder: Callable[..., Path]
) -> None:
    class Watcher:
        def __init__(self) -> None:
            self.seen: list[tuple[str, bool]] = []

        def add(self, picture: Picture) -> None:
            self.seen.append((picture.origin, picture.face is None))

    folder = make_folder({"sad/1.png": 100, "sad/2.png": 0, "sad/3.png": None})
    detector, watchers = fixed_detector(Box(8, 8, 40, 40)), (Watcher(), Watcher())
    evaluate_folder(classifier, info, detector, folder, watchers=watchers)
    for watcher in watchers:
        assert watcher.seen == [("sad/1.png", False), ("sad/2.png", True)]
    assert detector.looked == 2


def test_no_class_in_common_is_an_error_even_when_unknown_ones_are_ignored(
    classifier, info: ModelInfo, make_dataset
) -> None:
    dataset = make_dataset([("fear", 10, "")], classes=("fear",))
    with pytest.raises(DatasetError, match="no class that the bundle knows"):
        evaluate_dataset(classifier, info, dataset, ignore_unknown=True)


def test_a_broken_picture_in_a_data_set_is_listed(
    classifier, info: ModelInfo, make_dataset
) -> None:
    result = evaluate_dataset(classifier, info, make_dataset([*ROWS, ("sad", None, "")]))
    assert [entry.origin for entry in result.unreadable] == ["sad/4.png"]
    assert len(result.answers.truth) == 4


def test_an_empty_split_is_an_error(classifier, info: ModelInfo, make_dataset) -> None:
    with pytest.raises(DatasetError, match=r"validation.*no picture"):
        evaluate_dataset(classifier, info, make_dataset(ROWS), "validation")


def test_progress_counts_all_rows(classifier, info: ModelInfo, make_dataset) -> None:
    seen = []
    evaluate_dataset(
        classifier, info, make_dataset(ROWS), on_progress=lambda *args: seen.append(args)
    )
    assert seen == [("pictures", 3, 4), ("pictures", 4, 4)]


def test_values_that_are_no_numbers_are_not_taken_for_missing_faces(
    classifier, info: ModelInfo, make_dataset
) -> None:
    class Broken(type(classifier)):
        def __call__(self, faces):
            return np.full((len(faces), 4), np.nan, np.float32)

    with pytest.raises(BundleError, match=r"not finite for angry/0\.png"):
        evaluate_dataset(Broken(), info, make_dataset(ROWS))


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
    result = evaluate_folder(classifier, info, fixed_detector(Box(8, 8, 40, 40)), folder)
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
    evaluate_folder(classifier, info, detector, folder)
    assert classifier.means == [200]


def test_crop_scale_overrides_the_framing(
    classifier, info: ModelInfo, fixed_detector, make_folder: Callable[..., Path]
) -> None:
    folder = make_folder({"sad/1.png": 0}, side=100)
    image = np.full((100, 100, 3), 50, np.uint8)
    image[25:75, 25:75] = 200
    cv2.imwrite(str(folder / "sad" / "1.png"), image)
    detector = fixed_detector(Box(25, 25, 75, 75))
    evaluate_folder(classifier, info, detector, folder)
    wide = evaluate_folder(
        classifier, info, detector, folder, settings=FolderSettings(crop_scale=2)
    )
    assert classifier.means == pytest.approx([200, 87.5], abs=2)
    assert wide.crop_scale == 2


def test_cropped_faces_need_no_detector(
    classifier, info: ModelInfo, make_folder: Callable[..., Path]
) -> None:
    result = evaluate_folder(classifier, info, None, make_folder({"sad/1.png": 100}))
    assert result.answers.found.all()
    assert (result.detector, result.crop_scale, result.split) == (None, None, "cropped faces")
    with pytest.raises(SettingsError, match="crop scale"):
        evaluate_folder(
            classifier,
            info,
            None,
            make_folder({"sad/1.png": 100}),
            settings=FolderSettings(crop_scale=1.3),
        )


def test_groups_come_from_the_file_names(
    classifier, info: ModelInfo, make_folder: Callable[..., Path]
) -> None:
    names = ("sad/Ann_Lee_01.png", "happy/Ann_Lee_02.png", "sad/Bob_1.png", "sad/other.png")
    folder = make_folder(dict.fromkeys(names, 100))
    settings = FolderSettings(group_pattern=r"(.+)_\d+")
    result = evaluate_folder(classifier, info, None, folder, settings=settings)
    groups = dict(zip(result.answers.origins, result.answers.groups, strict=True))
    assert [groups[name] for name in names] == ["Ann_Lee", "Ann_Lee", "Bob", ""]


def test_sources_come_from_the_data_set_or_from_the_folders(
    classifier, info: ModelInfo, make_dataset, make_folder: Callable[..., Path]
) -> None:
    dataset = make_dataset(ROWS, sources=("web", "", "studio", "web"))
    assert evaluate_dataset(classifier, info, dataset).sources == ("web", "", "studio", "web")
    assert evaluate_dataset(classifier, info, make_dataset(ROWS)).sources == ()
    folder = make_folder(dict.fromkeys(("sad/1.png", "sad/web/2.png", "sad/web/deep/3.png"), 100))
    assert evaluate_folder(classifier, info, None, folder).sources == ("", "web", "web")


def test_cropped_faces_of_many_classes_beside_a_list(
    classifier, info: ModelInfo, make_folder: Callable[..., Path]
) -> None:
    folder = make_folder({"sad/1.png": 100, "happy/2.png": 150, "surprise/3.png": 10}, side=100)
    (folder / "manifest.csv").write_text("file,class\nsad/1.png,sad\n")
    (folder / "sad" / "notes.csv").write_text("1.png,blurred\n")
    result = evaluate_folder(classifier, info, None, folder)
    assert result.answers.origins == ("happy/2.png", "sad/1.png")
    assert result.skipped == {"surprise": 1}
    assert result.unreadable == ()


def test_a_framing_out_of_range_is_refused(
    classifier, info: ModelInfo, fixed_detector, make_folder: Callable[..., Path]
) -> None:
    detector, folder = fixed_detector(Box(0, 0, 9, 9)), make_folder({"sad/1.png": 100})
    with pytest.raises(SettingsError, match="crop scale 99"):
        evaluate_folder(classifier, info, detector, folder, settings=FolderSettings(crop_scale=99))


def test_folders_that_give_nothing_say_why(
    classifier, info: ModelInfo, fixed_detector, make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        evaluate_folder(classifier, info, None, tmp_path / "nowhere")
    folder = make_folder({"fear/1.png": 10})
    with pytest.raises(DatasetError, match=r"has fear; the bundle has angry"):
        evaluate_folder(classifier, info, None, folder)
    make_folder({"sad/1.png": None})
    with pytest.raises(DatasetError, match="1 unreadable"):
        evaluate_folder(classifier, info, None, folder)
    make_folder({"sad/1.png": 10})
    with pytest.raises(DatasetError, match="no face was found in any of 1"):
        evaluate_folder(classifier, info, fixed_detector(), folder)


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
    settings = FolderSettings(group_pattern="(.+)", split=split)
    result = evaluate_folder(classifier, info, None, folder, settings=settings)
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
        evaluate_folder(classifier, info, None, folder, settings=FolderSettings(split="test"))
    with pytest.raises(DatasetError, match="no folders of splits"):
        evaluate_folder(
            classifier, info, None, folder / "train", settings=FolderSettings(split="test")
        )


def test_links_in_circles_are_listed(
    classifier, info: ModelInfo, make_folder: Callable[..., Path]
) -> None:
    folder = make_folder({"sad/1.png": 100})
    (folder / "sad" / "2.png").symlink_to("2.png")
    result = evaluate_folder(classifier, info, None, folder)
    assert [entry.origin for entry in result.unreadable] == ["sad/2.png"]


def test_a_link_to_nowhere_is_listed(
    classifier, info: ModelInfo, make_folder: Callable[..., Path]
) -> None:
    folder = make_folder({"sad/1.png": 100})
    (folder / "sad" / "2.png").symlink_to("gone.png")
    result = evaluate_folder(classifier, info, None, folder)
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
    result = evaluate_folder(classifier, info, None, folder)
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
    result = evaluate_folder(classifier, info, None, folder)
    assert result.answers.origins == ("sad/\\udce9.png",)
    assert [entry.origin for entry in result.unreadable] == ["sad/\\udcea.png"]
    assert "\\udcea" in result.unreadable[0].reason
