"""Several inputs as one: classes by name, people and twins kept apart, a part held back."""

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.datasets.dataset import Dataset, load_dataset
from mien.datasets.inputs.mix import MixedInput, held_back
from mien.datasets.inputs.prepared import PreparedInput
from mien.datasets.preparation.prepare import prepare
from mien.datasets.preparation.settings import PrepareSettings
from mien.datasets.records import LabelledFace, Rejection, digest
from mien.errors import DatasetError
from mien.types import Box, Face, PixelArray


class WholePicture:
    """A detector that finds one face, in the middle half of the picture."""

    name, face_side = "whole", 64.0

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        height, width = image.shape[:2]
        return (Face(Box(width / 4, height / 4, width * 3 / 4, height * 3 / 4), 0.9),)


def write_faces(root: Path, classes: Sequence[str], count: int, seed: int, side: int = 24) -> None:
    rng = np.random.default_rng(seed)
    for name in classes:
        (root / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
            cv2.imwrite(str(root / name / f"{number}.png"), pixels)


def write_groups(root: Path, classes: Sequence[str], count: int, people: int) -> None:
    with (root / "metadata.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", "group"])
        for name in classes:
            writer.writerows((f"{name}/{i}.png", f"person {i % people}") for i in range(count))


def write_mix(folder: Path) -> Path:
    write_faces(folder / "lab", ("anger", "joy"), 20, seed=1)
    write_groups(folder / "lab", ("anger", "joy"), 20, people=10)
    write_faces(folder / "web", ("angry", "happy", "tired"), 20, seed=2)
    path = folder / "mix.toml"
    path.write_text(
        """
        classes = ["happy", "angry"]
        hold_back = 0.3
        [sources.lab]
        folder = "lab"
        classes = { anger = "angry", joy = "happy" }
        [sources.web]
        folder = "web"
        """
    )
    return path


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    return write_mix(tmp_path)


def no_detector() -> WholePicture:
    raise AssertionError("no source wants a detector")


def faces_of(source: MixedInput) -> list[LabelledFace]:
    results = source.read(0, len(source))
    return [one for one in results if isinstance(one, LabelledFace)]


def test_classes_are_matched_by_name(mix: Path) -> None:
    source = MixedInput(mix, no_detector)
    assert source.classes == ("happy", "angry")
    for face in faces_of(source):
        wanted = {"joy": 0, "happy": 0, "anger": 1, "angry": 1}[face.origin.split("/")[1]]
        assert face.label == wanted
        assert face.soft[wanted] == 1


def test_classes_that_nobody_wants_are_left_out_with_a_reason(mix: Path) -> None:
    source = MixedInput(mix, no_detector)
    rejected = [one for one in source.read(0, len(source)) if isinstance(one, Rejection)]
    assert len(rejected) == 20
    assert {(one.kind, one.detail) for one in rejected} == {("another class", "(tired)")}


def test_source_whose_classes_have_other_names_is_told_of(mix: Path) -> None:
    told = [note for note in MixedInput(mix, no_detector).notes() if "has no class" in note]
    assert told == []
    lines = mix.read_text().splitlines()
    mix.write_text("\n".join(line for line in lines if "joy" not in line))
    told = [note for note in MixedInput(mix, no_detector).notes() if "has no class" in note]
    assert len(told) == 1
    assert told[0].startswith("lab: has no class 'happy', 'angry'; left out: ")
    assert "'joy'" in told[0]
    assert "[sources.lab]" in told[0]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[MixedInput, list[str]]:
    """A mix, and the origins of all its faces."""
    source = MixedInput(write_mix(tmp_path_factory.mktemp("mix")), no_detector)
    return source, [face.origin for face in source.read(0, len(source))]


@settings(max_examples=40)
@given(first=st.integers(0, 100), second=st.integers(0, 100))
def test_any_slice_is_a_part_of_the_whole(
    read: tuple[MixedInput, list[str]], first: int, second: int
) -> None:
    source, whole = read
    start, stop = sorted((min(first, len(source)), min(second, len(source))))
    assert [face.origin for face in source.read(start, stop)] == whole[start:stop]


def prepared(mix: Path, out: Path) -> Dataset:
    return prepare(MixedInput(mix, no_detector), out, PrepareSettings(validation=0.2))


def test_people_are_in_one_split_and_the_held_back_ones_in_the_test(
    mix: Path, tmp_path: Path
) -> None:
    dataset = prepared(mix, tmp_path / "out")
    splits: dict[str, set[str]] = {}
    for split in ("train", "validation", "test"):
        for rows in dataset.rows(split):
            for group, source in zip(rows.groups, rows.sources, strict=True):
                if source == "lab":
                    splits.setdefault(group, set()).add(split)
    assert len(splits) == 10
    for group, found in splits.items():
        name = group.removeprefix("lab/")
        assert found == {"test"} if held_back("lab", name, 0.3) else "test" not in found
        assert len(found) == 1


def test_test_groups_are_listed_by_digests(mix: Path, tmp_path: Path) -> None:
    dataset = prepared(mix, tmp_path / "out")
    with (dataset.path / "held_back.csv").open() as file:
        listed = {(row["source"], row["group"]) for row in csv.DictReader(file)}
    people = {f"lab/person {i}" for i in range(10) if held_back("lab", f"person {i}", 0.3)}
    assert {group for source, group in listed if source == "lab"} == set(map(digest, people))
    assert "person" not in (dataset.path / "held_back.csv").read_text()


def test_counts_of_each_source_are_in_the_data_set(mix: Path, tmp_path: Path) -> None:
    dataset = prepared(mix, tmp_path / "out")
    assert list(dataset.info.sources) == ["lab", "web"]
    assert sum(sum(splits.values()) for splits in dataset.info.sources.values()) == 80
    assert load_dataset(dataset.path).info == dataset.info


def test_twins_across_sources_never_span_splits(tmp_path: Path) -> None:
    write_faces(tmp_path / "one", ("a", "b"), 30, seed=3, side=48)
    write_faces(tmp_path / "two", ("a", "b"), 30, seed=4, side=48)
    for number in range(20):
        photo = cv2.imread(str(tmp_path / "one" / "a" / f"{number}.png"))
        brighter = cv2.convertScaleAbs(photo, alpha=0.9, beta=8)
        cv2.imwrite(str(tmp_path / "two" / "a" / f"{number}.png"), brighter)
    path = tmp_path / "mix.toml"
    path.write_text(
        'classes = ["a", "b"]\nhold_back = 0.4\n'
        '[sources.one]\nfolder = "one"\n[sources.two]\nfolder = "two"\n'
    )
    dataset = prepared(path, tmp_path / "out")
    where: dict[str, set[str]] = {}
    for split in ("train", "validation", "test"):
        for rows in dataset.rows(split):
            for origin in rows.origins:
                name = origin.split("/", 1)[1]
                if name.startswith("a/") and int(name[2:-4]) in range(20):
                    where.setdefault(name, set()).add(split)
    assert any(found == {"test"} for found in where.values())
    assert all(len(found) == 1 for found in where.values())


def test_held_back_people_are_the_same_whatever_else_is_there(mix: Path, tmp_path: Path) -> None:
    first = {f.group for f in faces_of(MixedInput(mix, no_detector)) if f.held_out}
    text = mix.read_text().replace("[sources.web]", "[sources.other]")
    mix.write_text(text)
    again = {f.group for f in faces_of(MixedInput(mix, no_detector)) if f.held_out}
    assert {g for g in first if g.startswith("lab/")} == {g for g in again if g.startswith("lab/")}


@given(st.text(max_size=8), st.text(max_size=8), st.floats(0, 1), st.floats(0, 1))
def test_more_held_back_never_frees_anyone(name: str, group: str, a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert not held_back(name, group, low) or held_back(name, group, high)
    assert not held_back(name, group, 0)
    assert held_back(name, group, 1)


def test_each_source_is_framed_in_its_own_way(mix: Path) -> None:
    mix.write_text(mix.read_text() + 'crop = "detector"\ncrop_scale = 1.0\n')
    made = []
    source = MixedInput(mix, lambda: made.append(WholePicture()) or made[-1])
    sides = {face.source: face.pixels.shape[0] for face in faces_of(source)}
    assert sides == {"lab": 24, "web": 12}
    assert len(made) == 1


def test_prepared_data_set_is_a_source_and_keeps_its_test(mix: Path, tmp_path: Path) -> None:
    before = prepared(mix, tmp_path / "before")
    path = tmp_path / "again.toml"
    path.write_text('classes = ["angry", "happy"]\n[sources.old]\ndataset = "before"\n')
    again = prepare(MixedInput(path, no_detector), tmp_path / "again")
    assert again.count("test") == before.count("test")
    wanted = _origins(before, "angry")
    assert wanted
    assert _origins(again, "angry") == {f"old/{origin}" for origin in wanted}


def _origins(dataset: Dataset, name: str) -> set[str]:
    """Where the test's faces of a class come from."""
    label = dataset.classes.index(name)
    return {
        origin
        for rows in dataset.rows("test")
        for origin, found in zip(rows.origins, rows.labels, strict=True)
        if found == label
    }


def test_prepared_input_gives_the_pixels_back(mix: Path, tmp_path: Path) -> None:
    dataset = prepared(mix, tmp_path / "before")
    source = PreparedInput(dataset)
    assert len(list(source.read(0, len(source)))) == len(source) == 80
    for face in source.read(5, 9):
        assert isinstance(face, LabelledFace)
        _, _, name = face.origin.partition("/")
        root = tmp_path / face.origin.split("/")[0]
        stored = cv2.imread(str(root / name))
        np.testing.assert_array_equal(face.pixels[..., ::-1], stored)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("classes = [", "not TOML"),
        ("classes = " + "[" * 5000, "not TOML: nested too deeply"),
        ("hold_back = " + "9" * 5000, "not TOML"),
        ('classes = ["a", "a"]\n[sources.x]\nfolder = "lab"', "differ"),
        ('classes = ["a", "b"]\n[sources.x]\nfolder = "lab"\ndataset = "y"', "name one of"),
        ('classes = ["a", "b"]\n[sources.x]\ncrop = "none"', "name one of"),
        ('classes = ["a", "b"]\n[sources.x]\nfolder = "lab"\nwieght = 2', "wieght"),
        ('classes = ["a", "b"]\nhold_back = 1.0\n[sources.x]\nfolder = "lab"', "hold_back"),
        ('classes = ["anger", "b"]\n[sources.x]\nfolder = "lab"', "no source has a class 'b'"),
        (
            'classes = ["anger", "joy"]\n[sources.x]\nfolder = "lab"\nclasses = { rage = "anger" }',
            "has no class 'rage'",
        ),
        ('classes = ["a", "b"]', "sources"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(mix: Path, text: str, match: str) -> None:
    mix.write_text(text)
    with pytest.raises(DatasetError, match=match) as caught:
        MixedInput(mix, no_detector)
    assert "mix.toml" in str(caught.value)


@pytest.mark.parametrize("kind", ["folder", "fer2013", "dataset"])
def test_a_name_that_no_system_could_have_is_named(mix: Path, kind: str) -> None:
    mix.write_text(f'classes = ["a", "b"]\nsources.x.{kind} = "a\\u0000b"')
    with pytest.raises(DatasetError, match=r"a\x00b: (cannot be read|no data set here)"):
        MixedInput(mix, no_detector)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"none\.toml: cannot be read"):
        MixedInput(tmp_path / "none.toml", no_detector)
