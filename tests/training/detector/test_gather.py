"""Teachers are asked once, people stay together, and cropped faces come in by themselves."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import TrainingError
from mien.training.detector import gather
from mien.training.detector.gather import make_material
from mien.training.detector.material import Material, Picture, load_material
from mien.training.detector.request import Request
from mien.types import PixelArray

MakeRequest = Callable[..., Request]


def by_name(material: Material) -> dict[str, Picture]:
    return {Path(picture.origin).name: picture for picture in material.info.pictures}


def test_what_two_teachers_see_is_a_face(material: Material) -> None:
    picture = by_name(material)["Person_A_0.png"]
    (face,) = picture.faces
    assert picture.size == (200, 140)
    assert picture.source == "people"
    x1, y1, x2, y2 = face.box
    assert (x1, y1) == pytest.approx((35, 45), abs=1.5)
    assert (x2, y2) == pytest.approx((86, 96), abs=1.5)
    assert face.landmarks is not None


def test_what_one_sees_is_unknown_and_what_people_say_counts(material: Material) -> None:
    pictures = by_name(material)
    assert not pictures["doubtful.png"].faces
    assert len(pictures["doubtful.png"].unknown) == 1
    assert pictures["moon.png"].tricky
    assert not pictures["moon.png"].faces
    assert not pictures["moon.png"].unknown
    assert pictures["thing0.png"].unknown == ((10.0, 10.0, 60.0, 70.0),)
    assert not pictures["thing1.png"].unknown


def test_a_person_is_in_one_split_and_all_splits_have_pictures(material: Material) -> None:
    splits: dict[str, set[str]] = {}
    for picture in material.info.pictures:
        if picture.group:
            splits.setdefault(picture.group, set()).add(picture.split)
    assert len(splits) == 12
    assert all(len(found) == 1 for found in splits.values())
    assert {picture.split for picture in material.info.pictures} == {"train", "validation", "test"}


def test_the_same_photo_twice_is_in_one_split(tmp_path: Path, make_request: MakeRequest) -> None:
    rng = np.random.default_rng(0)
    for number in range(12):
        face = cv2.GaussianBlur(rng.integers(0, 255, (90, 90), dtype=np.uint8), (0, 0), 6)
        face = cv2.normalize(face, None, 190, 255, cv2.NORM_MINMAX)
        for copy in "ab":
            image = np.full((140, 160, 3), 20, np.uint8)
            image[20:110, 30:120] = face[..., None]
            image[0, 0] = ord(copy)
            cv2.imwrite(str(tmp_path / f"{copy}{number}.png"), image)
    made = make_material(tmp_path / "m", make_request(folders=[tmp_path]))
    pictures = by_name(made)
    for number in range(12):
        assert pictures[f"a{number}.png"].split == pictures[f"b{number}.png"].split


def test_the_same_seed_deals_the_same(
    tmp_path: Path, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "COMPARED", float("inf"))
    one, same, other = (
        make_material(tmp_path / name, make_request(seed=seed)).info.pictures
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    assert one == same
    assert [picture.split for picture in one] != [picture.split for picture in other]


def test_material_that_is_there_is_not_made_again(
    material: Material, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "label", lambda *_: pytest.fail("asked again"))
    assert make_material(material.folder, make_request()).info == material.info


def test_pixels_are_those_of_the_pictures(material: Material) -> None:
    annotated = material.open()
    index = [Path(p.origin).name for p in material.info.pictures].index("Person_C_4.png")
    path = material.info.pictures[index].origin
    gray = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2GRAY)
    assert np.array_equal(annotated[index].image, gray)
    assert [half.shape for half in annotated[index].halves] == [(70, 100), (35, 50), (17, 25)]
    small = cv2.resize(gray, (100, 70), interpolation=cv2.INTER_AREA)
    assert np.array_equal(annotated[index].halves[0], small)
    assert np.allclose(annotated[index].boxes[0], material.info.pictures[index].faces[0].box)


def test_colour_is_kept_where_it_is_wanted(tmp_path: Path, make_request: MakeRequest) -> None:
    made = make_material(tmp_path / "m", make_request(channels=3))
    image = made.open()[3].image
    assert np.array_equal(image, cv2.imread(made.info.pictures[3].origin))


def test_cropped_faces_are_seen_with_an_edge(make_request: MakeRequest) -> None:
    image = np.full((48, 48, 3), 30, np.uint8)
    cv2.circle(image, (24, 24), 20, (230, 230, 230), -1)
    data = bytes(cv2.imencode(".png", image)[1])
    seen = gather._look_at_crop(data, "row 7", make_request())
    assert seen.picture.cropped
    (face,) = seen.picture.faces
    assert face.box == pytest.approx((4, 4, 45, 45), abs=1)
    assert len(seen.thumbs) == 1


def test_a_judge_is_shown_what_is_doubtful(tmp_path: Path, make_request: MakeRequest) -> None:
    class Yes:
        name = "yes"
        face_side = 48.0

        def __call__(self, image: PixelArray) -> tuple[gather.Face, ...]:
            side = len(image)
            box = gather.Box(0.3 * side, 0.3 * side, 0.7 * side, 0.7 * side)
            return (gather.Face(box, 0.9),)

    made = make_material(tmp_path / "m", make_request(judge=Yes()))
    assert made.info.judge == "yes"
    assert len(by_name(made)["doubtful.png"].faces) == 1


def test_bad_material_is_named(tmp_path: Path, pictures: Path, make_request: MakeRequest) -> None:
    with pytest.raises(TrainingError, match=r"material\.json"):
        load_material(tmp_path)
    folder = tmp_path / "bad"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.zeros((20, 20, 3), np.uint8))
    for text in ("file,x,y\na.png,1,2\n", f"file,x1,y1,x2,y2\n{'x' * 200_000}\n"):
        (folder / "boxes.csv").write_text(text)
        with pytest.raises(TrainingError, match=r"boxes\.csv.*its columns are"):
            make_material(tmp_path / "m", make_request(folders=[folder]))
    assert not (tmp_path / "m").exists()


def test_material_of_something_else_is_refused(
    tmp_path: Path, material: Material, make_request: MakeRequest, pictures: Path
) -> None:
    shutil.copytree(pictures, tmp_path / "pictures")
    same = make_request(folders=[tmp_path / "pictures"])
    assert make_material(material.folder, same).info == material.info
    teachers = dict(same.teachers)
    teachers["other"] = replace(teachers["other"], scales=(1.0,))
    others = {
        "--seed": replace(same, seed=5),
        "--channels": replace(same, channels=3),
        "--group-pattern": replace(same, group_pattern="(x)"),
        "teachers": replace(same, teachers=teachers),
        "pictures": make_request(folders=[tmp_path / "pictures" / "people"]),
    }
    for name, request in others.items():
        with pytest.raises(TrainingError, match=f"was made with other .*{name}.*--material"):
            make_material(material.folder, request)
    (tmp_path / "pictures" / "boxes.csv").write_text("file,x1,y1,x2,y2\n")
    with pytest.raises(TrainingError, match=r"was made with other boxes\.csv"):
        make_material(material.folder, same)


def test_material_that_is_cut_short_is_told(tmp_path: Path, material: Material) -> None:
    shutil.copytree(material.folder, tmp_path / "m")
    pixels = tmp_path / "m" / "pixels.bin"
    pixels.write_bytes(pixels.read_bytes()[:-1])
    with pytest.raises(TrainingError, match=r"pixels\.bin: cut short.*remove"):
        load_material(tmp_path / "m")
