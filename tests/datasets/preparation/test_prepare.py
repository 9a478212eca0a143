"""`prepare` writes a data set whole or not at all, and goes on where it was stopped."""

import csv
import errno
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mien.datasets.dataset import load_dataset, partial_folder
from mien.datasets.preparation import search, work
from mien.datasets.preparation.prepare import prepare
from mien.datasets.preparation.settings import PrepareSettings
from mien.datasets.records import LabelledFace, Rejection, one_hot
from mien.errors import DatasetError, InUseError, SettingsError
from mien.types import PixelArray
from mien.vision.images.reading import decode_picture

SMALL = PrepareSettings(chunk_size=8, shard_rows=20)


def photo(seed: int) -> PixelArray:
    coarse = np.random.default_rng(seed).integers(0, 255, (12, 12), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (40, 40), interpolation=cv2.INTER_CUBIC))[..., None]


class FakeInput:
    """Random photos of two classes by turns; counts what is read, so that repeats are seen."""

    name = "fake"
    classes = ("calm", "tense")
    refused = (Rejection("stray.png", "not in a class folder"),)

    def __init__(self, count: int = 60, *, held_out: int = 0, version: str = "1") -> None:
        self.count, self.held_out, self.version = count, held_out, version
        self.splits_itself = held_out > 0
        self.changes: dict[int, Callable[[], LabelledFace | Rejection]] = {}
        self.read_entries: list[int] = []

    def __len__(self) -> int:
        return self.count

    def settings(self) -> dict[str, str | int | float | bool | None]:
        return {"input": "fake"}

    def notes(self) -> tuple[str, ...]:
        return ()

    def fingerprint(self, start: int, stop: int) -> str:
        return f"{self.version} {start} {stop}"

    def face(self, entry: int, pixels: PixelArray | None = None, label: int = -1) -> LabelledFace:
        label = entry % 2 if label < 0 else label
        pixels = photo(entry) if pixels is None else pixels
        held_out = entry >= self.count - self.held_out
        return LabelledFace(pixels, label, one_hot(label, 2), f"{entry}.png", held_out=held_out)

    def read(self, start: int, stop: int) -> Iterator[LabelledFace | Rejection]:
        for entry in range(start, stop):
            self.read_entries.append(entry)
            yield self.changes[entry]() if entry in self.changes else self.face(entry)


@dataclass
class KilledAt:
    """Stops the work as Ctrl-C would, when a stage has come so far."""

    stage: str
    done: int

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        if stage == self.stage and done >= self.done:
            self.end()

    def end(self, *_: object) -> None:
        raise KeyboardInterrupt


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def rejected(folder: Path) -> dict[str, str]:
    with (folder / "rejected.csv").open(newline="", encoding="utf-8") as file:
        return {row["file"]: row["reason"] for row in csv.DictReader(file)}


def test_every_face_comes_back_as_it_was(tmp_path: Path) -> None:
    source = FakeInput()
    dataset = prepare(source, tmp_path / "set", SMALL, command="mien prepare x")
    seen = {}
    for split in ("train", "validation", "test"):
        assert sum(len(rows) for rows in dataset.rows(split)) == dataset.count(split)
        for rows in dataset.rows(split, batch_size=7):
            seen |= dict(zip(rows.origins, zip(rows.images, rows.labels, rows.soft), strict=False))  # noqa: B905
    assert len(seen) == 60
    for entry in range(60):
        image, label, soft = seen[f"{entry}.png"]
        assert np.array_equal(decode_picture(image, "x")[..., :1], photo(entry))
        assert label == entry % 2
        assert soft.tolist() == list(one_hot(entry % 2, 2))
    counts = dataset.info.counts
    assert counts["validation"] == counts["test"] == {"calm": 3, "tense": 3}
    assert dataset.info.command == "mien prepare x"
    assert not partial_folder(tmp_path / "set").exists()


def test_files_are_shards_that_datasets_understands(tmp_path: Path) -> None:
    prepare(FakeInput(), tmp_path / "set", SMALL)
    data = tmp_path / "set" / "data"
    names = sorted(path.name for path in data.iterdir())
    assert names == [
        "test-00000-of-00001.parquet",
        "train-00000-of-00003.parquet",
        "train-00001-of-00003.parquet",
        "train-00002-of-00003.parquet",
        "validation-00000-of-00001.parquet",
    ]
    table = pq.read_table(data / names[1])
    assert table.num_rows == 20
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == {"_type": "Image"}
    assert features["label"] == {"names": ["calm", "tense"], "_type": "ClassLabel"}
    assert list(features) == table.schema.names
    assert set(table["split"].to_pylist()) == {"train"}
    assert set(table["image"][0].as_py()) == {"bytes", "path"}


@pytest.mark.parametrize(
    ("stage", "done", "again"),
    [("reading pictures", 24, 36), ("finding duplicates", 60, 0), ("writing", 5, 0)],
)
def test_stopped_work_goes_on_and_ends_the_same(
    tmp_path: Path, stage: str, done: int, again: int
) -> None:
    whole = prepare(FakeInput(), tmp_path / "whole", SMALL).path
    out = tmp_path / "set"
    with pytest.raises(KeyboardInterrupt):
        prepare(FakeInput(), out, SMALL, on_progress=KilledAt(stage, done))
    assert not out.exists()
    with pytest.raises(DatasetError, match="unfinished"):
        load_dataset(out)
    source = FakeInput()
    prepare(source, out, SMALL)
    assert len(source.read_entries) == again
    assert contents(out) == contents(whole)


def test_changed_pictures_are_read_again(tmp_path: Path) -> None:
    out = tmp_path / "set"
    with pytest.raises(KeyboardInterrupt):
        prepare(FakeInput(), out, SMALL, on_progress=KilledAt("reading pictures", 24))
    source = FakeInput(version="2")
    prepare(source, out, SMALL)
    assert len(source.read_entries) == 60


def test_full_disk_is_one_line_and_what_was_done_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, room = pq.write_table, iter(range(3))

    def write_table(table: pa.Table, path: Path, **options: object) -> None:
        if next(room, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(table, path, **options)

    out = tmp_path / "set"
    with monkeypatch.context() as patch:
        patch.setattr(work.pq, "write_table", write_table)
        with pytest.raises(DatasetError, match=r"set: cannot be written: No space left") as caught:
            prepare(FakeInput(), out, SMALL)
    assert "\n" not in str(caught.value)
    source = FakeInput()
    prepare(source, out, SMALL)
    assert source.read_entries == list(range(24, 60))


def test_work_that_is_damaged_under_way_is_named(tmp_path: Path) -> None:
    out = tmp_path / "set"

    def damage(stage: str, *_: int) -> None:
        if stage == "finding duplicates":
            next(partial_folder(out).glob("chunk-*")).write_bytes(b"nothing")

    with pytest.raises(DatasetError, match=r"set\.partial: .*delete this folder"):
        prepare(FakeInput(), out, SMALL, on_progress=damage)
    # The next run makes it again.
    assert prepare(FakeInput(), out, SMALL).count("train") > 0


def test_what_exists_is_replaced_only_when_asked_and_only_a_data_set(tmp_path: Path) -> None:
    out = prepare(FakeInput(), tmp_path / "set", SMALL).path
    before = contents(out)
    with pytest.raises(DatasetError, match="--overwrite"):
        prepare(FakeInput(), out, SMALL)
    stop = KilledAt("writing", 1)
    with pytest.raises(KeyboardInterrupt):
        prepare(FakeInput(40), out, SMALL, overwrite=True, on_progress=stop)
    assert contents(out) == before
    assert prepare(FakeInput(40), out, SMALL, overwrite=True).count("train") == 32
    other = tmp_path / "precious"
    other.mkdir()
    with pytest.raises(DatasetError, match="is no data set"):
        prepare(FakeInput(), other, SMALL, overwrite=True)


def test_output_inside_the_pictures_is_refused(tmp_path: Path) -> None:
    source = FakeInput()
    source.name = str(tmp_path)
    with pytest.raises(DatasetError, match="inside the pictures"):
        prepare(source, tmp_path / "set", SMALL)
    assert list(tmp_path.iterdir()) == []


def test_left_out_faces_are_counted_and_listed(tmp_path: Path) -> None:
    source = FakeInput()
    source.changes[5] = lambda: Rejection("5.png", "unreadable picture", "(empty)")
    source.changes[50] = lambda: source.face(50, photo(10))
    source.changes[51] = lambda: source.face(51, photo(10))
    dataset = prepare(source, tmp_path / "set", SMALL)
    assert rejected(dataset.path) == {
        "stray.png": "not in a class folder",
        "5.png": "unreadable picture (empty)",
        "50.png": "exact duplicate of 10.png",
        "51.png": "exact duplicate of 10.png",
    }
    assert dataset.info.rejected == {
        "exact duplicate": 2,
        "not in a class folder": 1,
        "unreadable picture": 1,
    }
    assert (dataset.info.clusters, dataset.info.conflicts) == (1, 1)
    with (dataset.path / "conflicts.csv").open(newline="") as file:
        conflicts = [(row["file"], row["label"]) for row in csv.DictReader(file)]
    assert conflicts == [("10.png", "calm"), ("50.png", "calm"), ("51.png", "tense")]


def test_near_twins_stay_together_and_test_faces_stay_clean(tmp_path: Path) -> None:
    source = FakeInput(held_out=10)
    mirrored = np.ascontiguousarray(photo(55)[:, ::-1])
    source.changes[4] = lambda: source.face(4, mirrored)
    source.changes[7] = lambda: source.face(7, np.ascontiguousarray(photo(9)[3:-3, 3:-3]))
    dataset = prepare(source, tmp_path / "set", SMALL)
    assert rejected(dataset.path)["4.png"] == "near-duplicate of test face 55.png"
    assert dataset.count("test") == 10
    split_of, group_of = {}, {}
    for split in ("train", "validation", "test"):
        for rows in dataset.rows(split):
            split_of |= dict.fromkeys(rows.origins, split)
            group_of |= dict(zip(rows.origins, rows.groups, strict=True))
    assert split_of["7.png"] == split_of["9.png"]
    assert group_of["7.png"] == group_of["9.png"] != group_of["8.png"]
    assert dataset.info.settings["test"] == "set aside by the input"


def test_faces_set_aside_for_validation_are_the_validation(tmp_path: Path) -> None:
    source = FakeInput(held_out=10)
    for entry in range(40, 50):
        source.changes[entry] = lambda entry=entry: replace(source.face(entry), validates=True)
    source.changes[3] = lambda: source.face(3, np.ascontiguousarray(photo(45)[2:-2, 2:-2]))
    dataset = prepare(source, tmp_path / "set", SMALL)
    assert [dataset.count(split) for split in ("train", "validation", "test")] == [39, 10, 10]
    assert rejected(dataset.path)["3.png"] == "near-duplicate of validation face 45.png"
    assert dataset.info.settings["validation"] == "set aside by the input"
    assert any("1 pictures were left out of train" in note for note in dataset.info.notes)


def test_notes_of_the_input_are_kept(tmp_path: Path) -> None:
    source = FakeInput()
    source.notes = lambda: ("4 persons",)  # type: ignore[method-assign]
    assert prepare(source, tmp_path / "set", SMALL).info.notes == ("4 persons",)


@pytest.mark.parametrize("groups", [True, False])
def test_people_of_one_studio_are_left_out_only_where_nobody_knows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, groups: bool
) -> None:
    source = FakeInput(48, held_out=8)
    for entry in range(48):
        group = f"person {entry // 8}" if groups else ""
        source.changes[entry] = lambda entry=entry, group=group: replace(
            source.face(entry), group=group
        )
    # Each resembles the pictures of the next person, and one of them as much as a copy would.
    alike = {(entry, entry + 8): np.float32(0.83) for entry in range(40)} | {(39, 40): 0.88}
    found = np.array([*alike], dtype=np.int64), np.array([*alike.values()], dtype=np.float32)
    monkeypatch.setattr(search, "find_pairs", lambda *_: found)
    left_out = prepare(source, tmp_path / "set", SMALL).info.rejected
    assert left_out.get("near-duplicate of test face", 0) == (not groups)


def test_balance_makes_classes_equal(tmp_path: Path) -> None:
    source = FakeInput()
    for entry in range(40):
        source.changes[entry] = lambda entry=entry: source.face(entry, label=0)
    settings = PrepareSettings(balance=True, chunk_size=8)
    dataset = prepare(source, tmp_path / "set", settings)
    totals = np.sum([list(counts.values()) for counts in dataset.info.counts.values()], axis=0)
    assert totals.tolist() == [10, 10]
    assert dataset.info.rejected["left out to balance the classes"] == 40


def test_seed_decides_the_splits(tmp_path: Path) -> None:
    def test_faces(name: str, seed: int) -> list[str]:
        settings = PrepareSettings(seed=seed, chunk_size=8)
        dataset = prepare(FakeInput(), tmp_path / name, settings)
        return [origin for rows in dataset.rows("test") for origin in rows.origins]

    assert test_faces("a", 1) == test_faces("b", 1) != test_faces("c", 2)


def test_class_that_is_missing_from_a_split_is_noted(tmp_path: Path) -> None:
    source = FakeInput()
    for entry in range(60):
        source.changes[entry] = lambda entry=entry: source.face(entry, label=int(entry < 2))
    dataset = prepare(source, tmp_path / "set", SMALL)
    assert "no face of class 'tense' in test" in dataset.info.notes


def test_class_without_usable_pictures_is_named(tmp_path: Path) -> None:
    source = FakeInput()
    for entry in range(1, 60, 2):
        source.changes[entry] = lambda entry=entry: Rejection(f"{entry}.png", "no face found")
    with pytest.raises(DatasetError, match=r"fake: .*'tense' \(0\)"):
        prepare(source, tmp_path / "set", SMALL)


@pytest.mark.parametrize(
    "values",
    [
        {"validation": 1.0},
        {"test": -0.1},
        {"validation": 0.5, "test": 0.5},
        {"near": 0.0},
        {"seed": -1},
        {"chunk_size": 0},
    ],
)
def test_impossible_settings_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        PrepareSettings(**values)  # type: ignore[arg-type]


def cut_short(data: bytes) -> bytes:
    return data[:-1]


def cut_away(data: bytes) -> bytes:
    return data[:10]


def flip_a_bit(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        *itertools.product(["chunk", "thumbnails", "pairs"], [cut_short, cut_away]),
        # No reader of Parquet would notice by itself.
        ("chunk", flip_a_bit),
    ],
)
def test_what_is_damaged_is_told_and_made_again(
    tmp_path: Path, kind: str, damage: Callable[[bytes], bytes]
) -> None:
    whole = prepare(FakeInput(), tmp_path / "whole", SMALL).path
    out = tmp_path / "set"
    with pytest.raises(KeyboardInterrupt):
        prepare(FakeInput(), out, SMALL, on_progress=KilledAt("writing", 1))
    file = next(partial_folder(out).glob(f"{kind}-*"))
    file.write_bytes(damage(file.read_bytes()))
    told: list[str] = []
    prepare(FakeInput(), out, SMALL, on_progress=lambda stage, *_: told.append(stage))
    assert f"{file.name} is damaged and made again" in told
    assert contents(out) == contents(whole)


def test_work_of_a_run_that_was_killed_at_its_last_step_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "set"
    with monkeypatch.context() as patch:
        patch.setattr("mien.datasets.preparation.prepare.discard", KilledAt("set.partial", 0).end)
        with pytest.raises(KeyboardInterrupt):
            prepare(FakeInput(), out, SMALL)
    assert load_dataset(out).count("train") == 48
    assert partial_folder(out).is_dir()
    with pytest.raises(DatasetError, match="exists already"):
        prepare(FakeInput(), out, SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_two_never_make_one_data_set(tmp_path: Path) -> None:
    out = tmp_path / "set"

    def second(stage: str, done: int, total: int | None) -> None:
        with pytest.raises(InUseError, match=r"set\.partial: process \d+"):
            prepare(FakeInput(), out, SMALL)

    assert prepare(FakeInput(), out, SMALL, on_progress=second).count("train") == 48
