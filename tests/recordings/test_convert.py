"""Tables become files: where they go, what is refused, and that nothing is lost."""

from pathlib import Path

import pympi
import pytest
import webvtt
from tests.recordings.making import as_csv, row, rows

from mien.errors import SettingsError, SinkError, TableError
from mien.recordings.convert import ConvertSettings, convert
from mien.recordings.people import People, Row


@pytest.fixture
def table(tmp_path: Path) -> Path:
    table = [*rows(["happy"] * 5, source="in/a.mp4"), *rows(["sad"] * 5, source="in/b.mp4")]
    return as_csv(tmp_path / "t.csv", table)


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return as_csv(tmp_path / "one.csv", rows(["happy", "happy", "sad"]))


@pytest.mark.parametrize("name", ["vtt", "srt", "eaf"])
def test_a_file_for_each_recording(table: Path, tmp_path: Path, name: str) -> None:
    done = convert(table, tmp_path / "out", ConvertSettings(to=name))  # type: ignore[arg-type]
    assert done.recordings == 2
    assert done.files == [tmp_path / "out" / f"{one}.{name}" for one in ("a", "b")]
    assert all(file.stat().st_size for file in done.files)


def test_the_ending_says_the_format(one: Path, tmp_path: Path) -> None:
    convert(one, tmp_path / "new" / "x.VTT")
    assert [cue.text for cue in webvtt.read(tmp_path / "new" / "x.VTT")] == [
        "clip 1: looks happy",
        "clip 1: looks sad",
    ]
    with pytest.raises(SettingsError, match="no format that mien converts to by its ending"):
        convert(one, tmp_path / "x.doc")
    assert not (tmp_path / "x.doc").exists()


def test_several_recordings_do_not_fit_into_one_file(table: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"holds one recording, and there are in/a\.mp4 and"):
        convert(table, tmp_path / "x.eaf")
    assert not (tmp_path / "x.eaf").exists()


def test_boris_takes_them_all(table: Path, tmp_path: Path) -> None:
    convert(table, tmp_path / "x.tsv")
    assert len((tmp_path / "x.tsv").read_text().splitlines()) == 5
    convert(table, tmp_path / "folder", ConvertSettings(to="boris"))
    assert sorted(one.name for one in (tmp_path / "folder").iterdir()) == ["a.tsv", "b.tsv"]


def test_bids_is_a_folder(table: Path, tmp_path: Path) -> None:
    who = People("p", [Row(2, "*", 1, "Anna", None)])
    convert(table, tmp_path / "out", ConvertSettings(to="bids", task="talk"), people=who)
    found = sorted(one.name for one in (tmp_path / "out" / "sub-Anna" / "beh").glob("*.tsv"))
    assert found == [f"sub-Anna_task-talk_run-{run}_events.tsv" for run in (1, 2)]


def test_a_data_set_of_others_is_left_alone(one: Path, tmp_path: Path) -> None:
    out, settings = tmp_path / "out", ConvertSettings(to="bids", overwrite=True)
    convert(one, out, settings)
    convert(one, out, settings)
    for theirs in ("{}", "[", '{"GeneratedBy": "me"}', '{"GeneratedBy": [{"Name": "x"}]}'):
        (out / "dataset_description.json").write_text(theirs)
        (out / "participants.tsv").write_text("participant_id\tage\nsub-1\t40\n")
        with pytest.raises(TableError, match="was not made by mien"):
            convert(one, out, settings)
        assert "age" in (out / "participants.tsv").read_text()


def test_a_slash_says_that_it_is_a_folder(table: Path, tmp_path: Path) -> None:
    done = convert(table, f"{tmp_path}/x.eaf/")
    assert done.files == [tmp_path / "x.eaf" / f"{one}.eaf" for one in ("a", "b")]


def test_a_file_that_exists_is_kept(one: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.eaf"
    path.write_text("weeks of work")
    with pytest.raises(SinkError, match=r"x\.eaf: cannot be written: it exists already"):
        convert(one, path)
    assert path.read_text() == "weeks of work"
    convert(one, path, ConvertSettings(overwrite=True))
    assert list(pympi.Eaf(path).get_tier_names()) == ["clip 1"]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["one.csv", "x.eaf"]


def test_the_video_is_linked_from_where_the_file_is(one: Path, tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "clip.mp4").write_bytes(b"")
    for video in (tmp_path / "videos", tmp_path / "videos" / "clip.mp4"):
        convert(one, tmp_path / "out" / "x.eaf", ConvertSettings(overwrite=True), video=video)
        (link,) = pympi.Eaf(tmp_path / "out" / "x.eaf").get_linked_files()
        assert link["RELATIVE_MEDIA_URL"] == "../videos/clip.mp4"


def test_pictures_have_no_intervals(tmp_path: Path) -> None:
    pictures = [row(index, source=f"{index}.png", time=0.0) for index in range(3)]
    table = as_csv(tmp_path / "t.csv", pictures)
    with pytest.raises(TableError, match="holds no recording that lasts"):
        convert(table, tmp_path / "out", ConvertSettings(to="vtt"))
    assert not (tmp_path / "out").exists()
    table = as_csv(tmp_path / "t.csv", [*pictures, *rows(["sad"] * 3)])
    done = convert(table, tmp_path / "x.vtt")
    assert done.timeless == ["0.png", "1.png", "2.png"]
    assert done.files == [tmp_path / "x.vtt"]


def test_what_was_good_stays_where_a_later_table_is_not(one: Path, tmp_path: Path) -> None:
    as_csv(tmp_path / "two.csv", [*rows(["sad"] * 3, source="b.mp4"), row(0, source="b.mp4")])
    with pytest.raises(TableError, match=r"two\.csv, row 5: the time of b\.mp4 runs backwards"):
        convert(tmp_path, tmp_path / "out", ConvertSettings(to="vtt"))
    assert (tmp_path / "out" / "clip.vtt").is_file()
