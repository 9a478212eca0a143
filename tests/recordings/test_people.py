"""people.csv: names, merges, drops and places, and what is wrong with one."""

from pathlib import Path

import pytest
from tests.recordings.making import as_csv, rows

from mien.errors import TableError
from mien.recordings.people import People, read_people
from mien.recordings.read import read_recordings
from mien.recordings.timelines import Names, timelines
from mien.recordings.values import Lane

HEAD = "source,track_id,name,place\n"


def people(folder: Path, text: str, head: str = HEAD) -> People:
    path = folder / "people.csv"
    path.write_text(head + text, encoding="utf-8")
    return read_people(path)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two recordings: three tracks, one after the other, and one."""
    (tmp_path / "tables").mkdir()
    return as_csv(
        tmp_path / "tables" / "t.csv",
        [
            *rows(["happy"] * 3, start=0, track=1, source="in/a.mp4", width=100, height=50),
            *rows(["sad"] * 3, start=3, track=2, source="in/a.mp4", width=100, height=50),
            *rows(["sad"] * 3, start=6, track=7, source="in/a.mp4", width=100, height=50),
            *rows(["neutral"] * 3, track=1, source="in/b.mp4", width=100, height=50),
        ],
    )


def lanes(table: Path, who: People) -> list[tuple[Lane, ...]]:
    return [one.lanes for one in timelines(read_recordings(table, box=True), who)]


def names(table: Path, who: People) -> list[list[str]]:
    return [[lane.name for lane in some] for some in lanes(table, who)]


def test_without_it_everybody_has_a_name_of_his_own(table: Path) -> None:
    assert names(table, People()) == [["a 1", "a 2", "a 7"], ["b 1"]]


def test_a_name_twice_is_one_person_and_a_dash_drops(table: Path, tmp_path: Path) -> None:
    who = people(tmp_path, "in/a.mp4,1,Anna,\nin/a.mp4,2,Anna,\nin/a.mp4,7,-,\nb.mp4,1,Ben,\n")
    assert names(table, who) == [["Anna"], ["Ben"]]
    ((anna,), _) = lanes(table, who)
    assert [one.look for one in anna.intervals] == ["happy", "sad", "not seen"]
    assert who.missed() == []
    assert who.elsewhere() == []


def test_whom_it_does_not_name_stays(table: Path, tmp_path: Path) -> None:
    assert names(table, people(tmp_path, "in/a.mp4,1,Anna,\nin/a.mp4,2,,\n")) == [
        ["Anna", "a 7"],
        ["b 1"],
    ]


def test_of_two_at_a_time_the_one_who_is_seen(tmp_path: Path) -> None:
    table = as_csv(
        tmp_path / "t.csv", [*rows(["not seen"] * 3, track=1), *rows(["sad"] * 3, track=2)]
    )
    ((anna,),) = lanes(table, people(tmp_path, "*,1,Anna,\n*,2,Anna,\n"))
    assert [one.look for one in anna.intervals] == ["sad"]


@pytest.mark.parametrize("place", ["0.1 0 0.3 1", "0.1, 0, 0.3, 1", "10 0 30 50", "10;0;30;50"])
def test_a_place_names_who_sits_there(table: Path, tmp_path: Path, place: str) -> None:
    # Tracks 1 and 2 have their centres at 14 and 24 of 100 pixels, 7 at 74.
    who = people(tmp_path, f'in/*.mp4,,left chair,"{place}"\nin/a.mp4,2,Ben,\n')
    assert names(table, who) == [["left chair", "Ben", "a 7"], ["left chair"]]


def test_a_place_in_fractions_needs_the_size_of_the_picture(tmp_path: Path) -> None:
    table = as_csv(tmp_path / "t.csv", rows(["sad"] * 3))
    who = people(tmp_path, "*,,left,0 0 0.5 1\n")
    with pytest.raises(TableError, match=r"line 2: \"left\" sits in fractions .*--video"):
        lanes(table, who)


def test_who_is_not_there_is_said(table: Path, tmp_path: Path) -> None:
    who = people(tmp_path, "in/a.mp4,9,Carl,\nin/z.mp4,1,Dora,\nin/z.mp4,2,Emil,\n")
    names(table, who)
    (missed,) = who.missed()
    assert 'people.csv, line 2: "Carl", track 9 of in/a.mp4, is not in the table' in missed
    (elsewhere,) = who.elsewhere()
    assert elsewhere.endswith("people.csv: in/z.mp4 is none of these recordings")


def test_names_of_any_kind(table: Path, tmp_path: Path) -> None:
    who = people(tmp_path, 'in/a.mp4,1,"Anna\nMaria\t<x>",\n')
    assert names(table, who)[0][0] == "Anna\\nMaria\\t<x>"


def test_semicolons_and_more_columns(table: Path, tmp_path: Path) -> None:
    who = people(tmp_path, "7;Anna;in/a.mp4;9,5\n", "track_id;name;source;seconds\n")
    assert names(table, who)[0] == ["a 1", "a 2", "Anna"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a.mp4,one,Anna,\n", 'line 2: track_id is "one", which is no whole number'),
        ("a.mp4,99999999999,Anna,\n", "line 2: track_id is"),
        ("a.mp4,,Anna,\n", "line 2: needs a track_id or a place"),
        ("a.mp4,1,Anna,0 0 1 1\n", "line 2: needs a track_id or a place, and not both"),
        ("a.mp4,,Anna,left\n", 'line 2: place is "left"; write x1 y1 x2 y2'),
        ("a.mp4,,Anna,1 0 0.5 1\n", "line 2: place is"),
        ("a.mp4,,Anna,0 0 nan inf\n", "line 2: place is"),
        ("a.mp4,1,Anna,\na.mp4,1,Ben,\n", 'is "Anna" in line 2; keep one'),
        ('a.mp4,1,"Anna', "save it as one"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(TableError) as caught:
        people(tmp_path, text)
    assert told in str(caught.value)


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no column 'name'"):
        people(tmp_path, "", "source,track_id\n")
    with pytest.raises(TableError, match="cannot be read"):
        read_people(tmp_path / "nowhere.csv")
    (tmp_path / "x.csv").write_bytes(b"\xff\xfa\xfb\xfc")
    with pytest.raises(TableError, match="not a text in utf-8"):
        read_people(tmp_path / "x.csv")


def test_names_of_sources_are_unique() -> None:
    names = Names()
    found = [
        names.of(one) for one in ("mon/anna.mp4", "tue/anna.mp4", "tue/anna.mov", "tue/Anna.mp4")
    ]
    assert found == ["anna", "tue-anna", "anna.mov", "Anna.mp4"]
    assert names.of("mon/anna.mp4") == "anna"
    assert names.of("rtsp://user@host/a?b") == "a-b"
    assert names.of("C:\\videos\\x.mp4") == "x"
    # People are called after them in people.csv, which spreadsheets open.
    assert names.of("=1+1.mp4") == "1+1"
    assert len({names.of(f"{number}") for number in range(5)} | {names.of("..")}) == 6
