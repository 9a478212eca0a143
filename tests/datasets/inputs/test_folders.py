"""Folders of pictures become labelled faces; what cannot be read is listed, never guessed."""

import io
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mien.datasets.inputs.folders import CropSettings, FolderInput
from mien.datasets.inputs.patterns import GroupPattern
from mien.datasets.records import LabelledFace, Rejection
from mien.errors import DatasetError, SettingsError
from mien.types import Box, Face, PixelArray
from mien.vision.images.reading import decode_picture

FACE = Face(Box(4, 4, 40, 40), 1.0)


def picture(seed: int = 0, size: tuple[int, int] = (40, 40)) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 255, (*size, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def save(path: Path, image: Image.Image | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    (image or picture(abs(hash(path.name)) % 1000)).save(path)
    return path


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Two classes of two pictures."""
    root = tmp_path / "faces"
    for name in ("calm/1.png", "calm/2.png", "tense/1.png", "tense/2.png"):
        save(root / name)
    return root


def read(source: FolderInput) -> dict[str, LabelledFace | Rejection]:
    entries = list(source.read(0, len(source)))
    return {entry.origin: entry for entry in entries}


def face(source: FolderInput, origin: str) -> LabelledFace:
    found = read(source)[origin]
    assert isinstance(found, LabelledFace)
    return found


def reasons(source: FolderInput) -> dict[str, str]:
    read_ones = [r for r in source.read(0, len(source)) if isinstance(r, Rejection)]
    return {r.origin: r.reason for r in [*source.refused, *read_ones]}


class FakeDetector:
    """Finds the faces that it was told of."""

    name = "fake"
    face_side = 48.0

    def __init__(self, *faces: Face) -> None:
        self.faces = faces

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        return self.faces


def test_classes_are_the_sorted_folders_and_files_may_lie_deep(faces: Path) -> None:
    save(faces / "angry" / "a b" / 'o\'clock "x".jpg')
    save(faces / "angry" / "Zoë" / "日本.webp")
    source = FolderInput(faces)
    assert source.classes == ("angry", "calm", "tense")
    assert [(e.origin, e.label) for e in read(source).values() if isinstance(e, LabelledFace)] == [
        ("angry/Zoë/日本.webp", 0),
        ('angry/a b/o\'clock "x".jpg', 0),
        ("calm/1.png", 1),
        ("calm/2.png", 1),
        ("tense/1.png", 2),
        ("tense/2.png", 2),
    ]


def test_color_is_kept_and_gray_is_stored_as_gray(faces: Path) -> None:
    color = np.zeros((20, 20, 3), np.uint8)
    color[..., 0] = 200
    save(faces / "calm" / "red.png", Image.fromarray(color))
    save(faces / "calm" / "gray.png", picture().convert("L"))
    source = FolderInput(faces)
    assert face(source, "calm/red.png").pixels[0, 0].tolist() == [200, 0, 0]
    assert face(source, "calm/gray.png").pixels.shape == (40, 40, 1)
    gray = FolderInput(faces, CropSettings(gray=True))
    assert face(gray, "calm/red.png").pixels.shape == (20, 20, 1)


def test_large_pictures_are_shrunk_and_small_ones_stay(faces: Path) -> None:
    save(faces / "calm" / "wide.png", picture(size=(100, 300)))
    source = FolderInput(faces, CropSettings(size=60))
    assert face(source, "calm/wide.png").pixels.shape == (20, 60, 3)
    assert face(source, "calm/1.png").pixels.shape == (40, 40, 3)


def test_unreadable_pictures_are_listed_with_the_reason(faces: Path) -> None:
    buffer = io.BytesIO()
    picture(size=(200, 200)).save(buffer, "JPEG")
    (faces / "calm" / "half.jpg").write_bytes(buffer.getvalue()[:2000])
    (faces / "calm" / "empty.jpg").write_bytes(b"")
    (faces / "calm" / "notes.txt").write_text("buy milk")
    save(faces / "calm" / "dot.png", picture(size=(3, 3)))
    found = reasons(FolderInput(faces))
    assert found["calm/half.jpg"].startswith("unreadable picture (broken or truncated")
    assert found["calm/empty.jpg"] == "unreadable picture (the file is empty (0 bytes))"
    assert found["calm/notes.txt"].startswith("unreadable picture (not a picture")
    assert found["calm/dot.png"] == "picture too small (3x3 pixels)"
    assert not any(str(faces) in reason for reason in found.values())


def test_a_picture_that_changes_after_it_was_listed_ends_the_run(faces: Path) -> None:
    source = FolderInput(faces)
    save(faces / "calm" / "2.png", picture(9))
    with pytest.raises(DatasetError, match=r"calm/2\.png: changed while it was read; run"):
        read(source)
    assert isinstance(read(FolderInput(faces))["calm/2.png"], LabelledFace)


def test_small_jpegs_are_stored_as_they_are(faces: Path) -> None:
    rng = np.random.default_rng(0)
    smooth = Image.fromarray(rng.integers(0, 255, (6, 6, 3), dtype=np.uint8)).resize((48, 48))
    for name, image in {"color": smooth, "gray": smooth.convert("L")}.items():
        image.save(faces / "calm" / f"{name}.jpg", comment=b"who it is")
    for origin in ("calm/color.jpg", "calm/gray.jpg"):
        stored = face(FolderInput(faces), origin)
        assert stored.encoded is not None
        assert b"who it is" not in stored.encoded
        pixels = decode_picture(stored.encoded, origin)[..., ::-1]
        assert np.array_equal(pixels[..., : stored.pixels.shape[2]], stored.pixels)
    assert face(FolderInput(faces), "calm/1.png").encoded is None
    # What is done to a picture is done to its pixels.
    for crop in (CropSettings(size=24), CropSettings(detector=FakeDetector(FACE))):
        assert face(FolderInput(faces, crop), "calm/color.jpg").encoded is None
    gray = FolderInput(faces, CropSettings(gray=True))
    assert face(gray, "calm/color.jpg").encoded is None
    assert face(gray, "calm/gray.jpg").encoded is not None


def test_links_out_of_the_folder_are_refused_and_listed(faces: Path, tmp_path: Path) -> None:
    secret = save(tmp_path / "secret" / "me.png")
    (faces / "calm" / "link.png").symlink_to(secret)
    (faces / "calm" / "away").symlink_to(secret.parent)
    (faces / "elsewhere").symlink_to(secret.parent)
    (faces / "calm" / "circle").symlink_to(faces / "calm")
    (faces / "calm" / "again.png").symlink_to(faces / "calm" / "1.png")
    source = FolderInput(faces)
    assert source.classes == ("calm", "tense")
    assert reasons(source) == {
        "calm/link.png": "link out of the folder",
        "calm/away": "link out of the folder",
        "elsewhere": "link out of the folder",
        "calm/circle": "link to a folder",
    }
    assert isinstance(read(source)["calm/again.png"], LabelledFace)


def test_hidden_files_are_passed_over_and_stray_ones_listed(faces: Path) -> None:
    save(faces / "calm" / ".thumb.png")
    save(faces / ".cache" / "1.png")
    save(faces / "stray.png")
    os.mkfifo(faces / "calm" / "pipe.png")
    source = FolderInput(faces)
    assert source.classes == ("calm", "tense")
    assert reasons(source) == {"stray.png": "not in a class folder", "calm/pipe.png": "not a file"}


def test_names_that_are_no_text_are_still_read(faces: Path) -> None:
    path = os.fsencode(faces / "calm") + b"/caf\xe9.png"
    try:
        with open(path, "wb") as file:  # noqa: PTH123
            picture().save(file, "PNG")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    assert isinstance(read(FolderInput(faces))["calm/caf\\xe9.png"], LabelledFace)


def test_metadata_gives_groups_and_shares(faces: Path) -> None:
    (faces / "metadata.csv").write_text(
        "file_name,group,calm,tense\ncalm/1.png,anna,3,1\ncalm/9.png,anna,1,0\n"
    )
    source = FolderInput(faces)
    noted = face(source, "calm/1.png")
    assert (noted.group, noted.soft) == ("anna", (0.75, 0.25))
    plain = face(source, "tense/2.png")
    assert (plain.group, plain.soft) == ("", (0.0, 1.0))
    assert reasons(source) == {"calm/9.png": "named by metadata.csv but not there"}


@pytest.mark.parametrize(
    ("splits", "held", "validates", "said"),
    [
        (("train", "test"), 4, 0, "validation is dealt from train"),
        (("Training", "val"), 0, 4, "test is dealt from train"),
        (("train", "valid", "test"), 4, 4, "kept as splits"),
        (("train",), 0, 0, "validation and test are dealt from train"),
    ],
)
def test_splits_above_the_classes_are_kept_and_told(
    faces: Path, splits: tuple[str, ...], held: int, validates: int, said: str
) -> None:
    root = faces.parent / "archive"
    for split in splits:
        shutil.copytree(faces, root / split)
    source = FolderInput(root)
    assert source.classes == ("calm", "tense")
    found = [entry for entry in read(source).values() if isinstance(entry, LabelledFace)]
    assert sum(entry.held_out for entry in found) == held
    assert sum(entry.validates for entry in found) == validates
    assert source.splits_itself == bool(held)
    (note,) = source.notes()
    assert said in note
    assert all(f"{split}/" in note for split in splits)


def test_metadata_may_lie_beside_the_splits_or_in_them(faces: Path) -> None:
    root = faces.parent / "archive"
    for split in ("train", "test"):
        shutil.copytree(faces, root / split)
    (root / "metadata.csv").write_text("file,subject\ntrain\\calm\\1.png,S1\n")
    (root / "test" / "metadata.csv").write_text("file,subject\ncalm/1.png,S2\n")
    source = FolderInput(root)
    assert face(source, "train/calm/1.png").group == "S1"
    assert face(source, "test/calm/1.png").group == "S2"


def test_metadata_has_its_name_in_any_case(faces: Path) -> None:
    (faces / "Metadata.CSV").write_text("file,subject\ncalm/1.png,S1\n")
    source = FolderInput(faces)
    assert face(source, "calm/1.png").group == "S1"
    assert reasons(source) == {}


@pytest.mark.parametrize("name", ["metadata.jsonl", "labels.csv", "calm/metadata.csv"])
def test_a_table_that_is_not_read_is_told(faces: Path, name: str) -> None:
    (faces / name).write_text("file,subject\n1.png,S1\n")
    assert any(note.startswith(f"{name}: not read") for note in FolderInput(faces).notes())
    (faces / "metadata.csv").write_text("file,subject\ncalm/1.png,S1\n")
    assert not any("not read" in note for note in FolderInput(faces).notes())


def test_metadata_that_is_a_pipe_or_leads_out_is_not_opened(faces: Path) -> None:
    os.mkfifo(faces / "metadata.csv")
    (faces / "METADATA.CSV").symlink_to("/etc/passwd")
    source = FolderInput(faces)
    assert set(reasons(source)) == {"metadata.csv", "METADATA.CSV"}
    assert any("not read" in note for note in source.notes())


def test_what_metadata_tells_of_people_is_told(faces: Path) -> None:
    (faces / "metadata.csv").write_text(
        "Image;Participant;age\ncalm\\1.png;anna;30\ntense\\1.png;ben;40\ncalm\\7.png;ben;40\n"
    )
    source = FolderInput(faces)
    assert face(source, "calm/1.png").group == "anna"
    text = " | ".join(source.notes())
    assert "2 persons or groups, by column 'Participant'; 2 of 4 pictures have no row" in text
    assert "columns that are not used: age" in text
    assert "1 of 3 rows name no picture of this folder, such as 'calm\\\\7.png'" in text


def test_rows_that_name_nobody_are_no_person_and_counted(faces: Path) -> None:
    rows = {"calm/1.png": "NA", "tense/1.png": "", "calm/2.png": "anna", "tense/2.png": "n/a"}
    text = "\n".join(f"{name},{person}" for name, person in rows.items())
    (faces / "metadata.csv").write_text(f"file,subject\n{text}\n")
    source = FolderInput(faces)
    groups = [face(source, name).group for name in ("calm/1.png", "tense/1.png")]
    assert groups == ["", ""]
    told = " | ".join(source.notes())
    assert "1 persons or groups" in told
    assert "of 3 pictures the person is not known (it says nothing, 'NA', 'n/a')" in told
    # A pattern may still tell.
    named = FolderInput(faces, group_pattern=GroupPattern("(.*)"))
    assert face(named, "calm/1.png").group == "1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,age\ncalm/1.png,30\n", "no column says who is who"),
        (
            "file,id\n" + "".join(f"{c}/{n}.png,{c}{n}\n" for c in "ct" for n in range(9)),
            "another value for every picture",
        ),
    ],
)
def test_metadata_that_tells_nobody_apart_is_told(tmp_path: Path, text: str, said: str) -> None:
    for name in ("c", "t"):
        for number in range(9):
            save(tmp_path / name / f"{number}.png")
    (tmp_path / "metadata.csv").write_text(text)
    assert said in " | ".join(FolderInput(tmp_path).notes())


def test_a_pattern_names_groups_where_metadata_does_not(faces: Path) -> None:
    save(faces / "calm" / "x_1.png")
    save(faces / "tense" / "x_2.png")
    (faces / "metadata.csv").write_text("file,person\ncalm/x_1.png,anna\n")
    source = FolderInput(faces, group_pattern=GroupPattern("(.+)_[0-9]+"))
    assert face(source, "calm/x_1.png").group == "anna"
    assert face(source, "tense/x_2.png").group == "x"
    assert face(source, "calm/1.png").group == ""
    assert "1 groups; 4 of 6 file names do not fit" in " | ".join(source.notes())


@pytest.mark.parametrize(
    ("side", "part", "warned"), [(200, 0.3, True), (200, 0.9, False), (100, 0.3, False)]
)
def test_portraits_that_are_not_cropped_are_told(
    tmp_path: Path, side: int, part: float, warned: bool
) -> None:
    for name in ("calm/1.png", "calm/2.png", "tense/1.png", "tense/2.png"):
        save(tmp_path / name, picture(size=(side, side)))
    (tmp_path / "tense" / "3.png").write_bytes(b"no picture")
    detector = FakeDetector(Face(Box(0, 0, side * part, side * part), 0.9))
    notes = FolderInput(tmp_path, CropSettings(make_judge=lambda: detector)).notes()
    assert bool(notes) == warned
    assert not warned or "in 4 of 4 that were looked at the face takes 30%" in notes[0]
    assert FolderInput(tmp_path, CropSettings(detector, make_judge=lambda: detector)).notes() == ()


def test_a_folder_around_the_classes_is_named(faces: Path) -> None:
    with pytest.raises(DatasetError, match=r"name .*/faces instead, which holds calm, tense"):
        FolderInput(faces.parent)


def test_a_class_that_is_called_like_a_split_is_told(faces: Path) -> None:
    (faces / "calm").rename(faces / "test")
    assert "'test' is taken as a class" in FolderInput(faces).notes()[0]


def test_largest_sure_face_is_cropped(faces: Path) -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[10:30, 10:30] = 100
    image[40:80, 40:80] = 200
    save(faces / "calm" / "two.png", Image.fromarray(image))
    small, large = Face(Box(10, 10, 30, 30), 0.99), Face(Box(40, 40, 80, 80), 0.9)
    detector = FakeDetector(small, large)
    found = face(FolderInput(faces, CropSettings(detector, size=48)), "calm/two.png").pixels
    assert found.shape == (40, 40, 1)
    assert (found == 200).all()
    framed = CropSettings(detector, crop_scale=2.0, size=48)
    found = face(FolderInput(faces, framed), "calm/two.png").pixels
    assert found.shape == (48, 48, 1)
    assert found[0, 0, 0] < 200


def test_picture_without_a_face_is_listed(faces: Path) -> None:
    assert set(reasons(FolderInput(faces, CropSettings(FakeDetector()))).values()) == {
        "no face found"
    }


def test_fingerprint_follows_files_and_notes(faces: Path) -> None:
    first = FolderInput(faces).fingerprint(0, 2)
    assert first == FolderInput(faces).fingerprint(0, 2)
    save(faces / "calm" / "1.png", picture(7, (50, 50)))
    second = FolderInput(faces).fingerprint(0, 2)
    assert second != first
    (faces / "metadata.csv").write_text("file_name,group\ncalm/1.png,anna\n")
    assert FolderInput(faces).fingerprint(0, 2) != second


@pytest.mark.parametrize("count", [0, 1])
def test_class_with_no_or_one_picture_is_named(faces: Path, count: int) -> None:
    (faces / "bored").mkdir()
    for number in range(count):
        save(faces / "bored" / f"{number}.png")
    with pytest.raises(DatasetError, match=rf"faces: .*'bored' \({count}\); add pictures"):
        FolderInput(faces)


def test_fewer_than_two_classes_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "faces" / "only" / "1.png")
    with pytest.raises(DatasetError, match="1 class folder,"):
        FolderInput(tmp_path / "faces")
    with pytest.raises(DatasetError, match="absent: cannot be read"):
        FolderInput(tmp_path / "absent")


@pytest.mark.parametrize("values", [{"size": 4}, {"crop_scale": 0.0}])
def test_impossible_crops_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match="--"):
        CropSettings(**values)  # type: ignore[arg-type]


def test_exif_turned_and_cmyk_pictures_are_read_as_they_are_meant(faces: Path) -> None:
    image = np.zeros((20, 40, 3), np.uint8)
    image[:, :20] = 255
    turned = Image.fromarray(image)
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(faces / "calm" / "turned.jpg", exif=exif, quality=95)
    picture().convert("CMYK").save(faces / "calm" / "cmyk.jpg")
    source = FolderInput(faces)
    assert face(source, "calm/turned.jpg").pixels.shape[:2] == (40, 20)
    assert face(source, "calm/cmyk.jpg").pixels.shape == (40, 40, 3)
    assert cv2.mean(face(source, "calm/turned.jpg").pixels[:18])[0] > 240


def test_fingerprint_tells_detectors_of_one_name_apart(faces: Path) -> None:
    seen = set()
    for weights in ("", "one", "other"):
        detector = FakeDetector()
        detector.sha256 = weights  # type: ignore[attr-defined]
        seen.add(FolderInput(faces, CropSettings(detector)).fingerprint(0, 2))
    assert len(seen) == 3
