"""What is chosen is what a table has; what cannot be chosen is said in one line."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import SettingsError, SinkError
from mien.protocols import Sink
from mien.sinks.columns import COLUMNS, EACH, GROUPS, iso
from mien.sinks.layout import Layout, TableSettings, Thinned, choose, default_layout
from mien.sinks.notes import About
from mien.sinks.open import check_table, make_sinks
from mien.types import Analysis, Frame

LABELS = ("angry", "sad", "happy", "neutral")
MakePair = Callable[..., tuple[Frame, Analysis]]
ABOUT = About("1", {"name": "m"}, {"name": "d"}, {"every": 0.2}, ("clip.mp4",), "mien predict")


def with_landmarks(analysis: Analysis) -> Analysis:
    points = np.array([[10, 10], [30, 10], [20, 22], [12, 32], [28, 32]], np.float32)
    readings = tuple(
        dataclasses.replace(one, face=dataclasses.replace(one.face, landmarks=points))
        for one in analysis.readings
    )
    return dataclasses.replace(analysis, readings=readings)


def names(*wanted: str, **options: bool) -> list[str]:
    return [column.name for column in choose(wanted, LABELS, **options)]


def test_the_default_is_what_an_analysis_says_of_itself(make_pair: MakePair) -> None:
    _, analysis = make_pair(faces=2)
    layout = default_layout(LABELS, other=True)
    assert layout.rows(analysis) == analysis.to_rows()
    assert names(live=True) == [*names(), "utc"]


def test_columns_come_in_the_order_that_was_asked_for_and_once() -> None:
    assert names("label", "time", "label") == ["label", "time"]
    assert names("raw") == [f"raw_{label}" for label in LABELS]
    assert names("raw", other=True)[-1] == "raw_other"
    assert names("+yaw", "utc") == [*names(), "yaw", "utc"]
    assert names("pose") == ["pitch", "yaw", "roll", "faces_camera"]
    assert set(names("all")) >= {name for group in GROUPS for name in names(group)}


@pytest.mark.parametrize(
    ("wanted", "told"),
    [("ptch", "did you mean pitch"), ("xyzzy", "groups are"), ("p_hapy", "p_happy")],
)
def test_what_is_no_column_is_named_with_what_is_like_it(wanted: str, told: str) -> None:
    with pytest.raises(SettingsError, match=rf"--columns {wanted}: .*{told}"):
        names(wanted)


def test_every_column_says_what_it_means_and_no_two_have_one_name() -> None:
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)
    assert all(column.meaning and column.group for column in COLUMNS)
    assert all((EACH in column.name) <= bool(column.nest) for column in COLUMNS)
    assert not {column.name for column in COLUMNS} & set(GROUPS)


def test_a_frame_without_a_face_is_not_seen(make_pair: MakePair) -> None:
    _, empty = make_pair(3, 0.5, faces=0)
    assert Layout(choose(("all",), LABELS)).rows(empty) == []
    (row,) = Layout(choose(("all",), LABELS), empty_frames=True).rows(empty)
    told = {name: value for name, value in row.items() if value is not None}
    assert told == {
        "source": "clip.mp4",
        "frame": 3,
        "time": 0.5,
        "label": "not seen",
        "shown": "not seen",
        "width": 64,
        "height": 48,
    }


def test_the_time_of_day_is_iso_8601_with_milliseconds(make_pair: MakePair) -> None:
    assert iso(0.25) == "1970-01-01T00:00:00.250Z"
    _, analysis = make_pair()
    analysis = dataclasses.replace(analysis, captured=1_800_000_000.25)
    assert Layout(choose(("utc",), LABELS)).rows(analysis) == [{"utc": "2027-01-15T08:00:00.250Z"}]


FORMATS = (".csv", ".jsonl", ".parquet", ".xlsx")


def written(path: Path, pairs: list[tuple[Frame, Analysis]], **settings: object) -> Path:
    for module, suffix in (("pyarrow", ".parquet"), ("xlsxwriter", ".xlsx")):
        if path.suffix == suffix:
            pytest.importorskip(module)
    made = TableSettings(**settings)  # type: ignore[arg-type]
    (sink,) = make_sinks(LABELS, out=path, settings=made, about=ABOUT)
    for pair in pairs:
        sink.write(*pair)
    sink.close()
    return path


@pytest.mark.parametrize("suffix", FORMATS)
def test_all_formats_hold_the_same(tmp_path: Path, make_pair: MakePair, suffix: str) -> None:
    pd = pytest.importorskip("pandas")
    frame, analysis = make_pair(1, 1 / 3, faces=2)
    pairs = [(frame, with_landmarks(analysis)), make_pair(2, 0.5, faces=0)]
    path = written(tmp_path / f"t{suffix}", pairs, columns=("all",), empty_frames=True)
    layout = Layout(choose(("all",), LABELS), empty_frames=True)
    wanted = [row for _, one in pairs for row in layout.rows(one)]
    if suffix == ".jsonl":
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert [line["box"] for line in lines] == [
            [1.25, 2, 30, 40],
            [2.5, 2, 30, 40],
            None,
        ]
        assert lines[0]["landmarks"][4] == [28, 32]
        assert lines[0]["raw"]["happy"] == wanted[0]["raw_happy"]
        assert (lines[0]["yaw"], lines[2]["yaw"]) == (wanted[0]["yaw"], None)
        return
    read = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".xlsx": pd.read_excel}[suffix]
    table = read(path)
    assert tuple(table.columns) == layout.names
    for row, one in zip(table.to_dict("records"), wanted, strict=True):
        for name, value in one.items():
            if value in (None, ""):
                assert pd.isna(row[name]) or row[name] == ""
            else:
                assert row[name] == (pytest.approx(value) if isinstance(value, float) else value)


@pytest.mark.parametrize("suffix", FORMATS)
def test_two_runs_agree_byte_for_byte(tmp_path: Path, make_pair: MakePair, suffix: str) -> None:
    one = written(tmp_path / "a" / f"t{suffix}", [make_pair()])
    other = written(tmp_path / "b" / f"t{suffix}", [make_pair()])
    assert one.read_bytes() == other.read_bytes()


def test_a_comma_for_the_point_parts_columns_by_semicolons(
    tmp_path: Path, make_pair: MakePair
) -> None:
    pd = pytest.importorskip("pandas")
    path = written(tmp_path / "t.csv", [make_pair(0, 1 / 3)], decimal=",", bom=True)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfsource;frame;")
    table = pd.read_csv(path, sep=";", decimal=",", encoding="utf-8-sig")
    assert table["time"][0] == 1 / 3


def test_what_is_of_csv_only_is_refused_elsewhere() -> None:
    with pytest.raises(SettingsError, match=r"--decimal is of CSV only, and t\.jsonl is none"):
        check_table(Path("t.jsonl"), TableSettings(decimal=","))
    with pytest.raises(SettingsError, match="--bom"):
        check_table(Path("t.xlsx"), TableSettings(bom=True))
    with pytest.raises(SettingsError, match="--every"):
        check_table(Path("t.csv"), TableSettings(every=-1.0))


@pytest.mark.parametrize("suffix", FORMATS)
def test_notes_say_what_columns_mean(tmp_path: Path, make_pair: MakePair, suffix: str) -> None:
    path = written(tmp_path / f"t{suffix}", [make_pair()], columns=("time", "label"))
    notes = json.loads((tmp_path / f"t{suffix}.json").read_text())
    assert notes["table"] == path.name
    assert [column["name"] for column in notes["columns"]] == ["time", "label"]
    assert notes["columns"][0]["unit"] == "s"
    assert "not seen" in notes["columns"][1]["meaning"]
    assert (notes["command"], notes["source"]) == ("mien predict", ["clip.mp4"])


@pytest.mark.parametrize("suffix", FORMATS)
def test_without_frames_there_are_no_notes(tmp_path: Path, suffix: str) -> None:
    written(tmp_path / f"t{suffix}", [])
    assert list(tmp_path.iterdir()) == []


def test_notes_replace_no_file_of_others(tmp_path: Path, make_pair: MakePair) -> None:
    foreign = tmp_path / "t.csv.json"
    foreign.write_text('{"precious": 1}')
    with pytest.raises(SinkError, match=r"t\.csv\.json: exists already"):
        written(tmp_path / "t.csv", [make_pair()])
    assert foreign.read_text() == '{"precious": 1}'
    assert not (tmp_path / "t.csv").exists()
    # Those of a table that was removed are no obstacle.
    written(tmp_path / "u.csv", [make_pair()]).unlink()
    written(tmp_path / "u.csv", [make_pair()])


def test_a_sheet_that_is_full_is_followed_by_another(
    tmp_path: Path, make_pair: MakePair, monkeypatch: pytest.MonkeyPatch
) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("xlsxwriter")
    monkeypatch.setattr("mien.sinks.xlsx.MOST_ROWS", 3)
    path = written(tmp_path / "t.xlsx", [make_pair(index) for index in range(5)])
    book = openpyxl.load_workbook(path, read_only=True)
    frames = [[row[1] for row in sheet.values] for sheet in book]
    assert frames == [["frame", 0, 1], ["frame", 2, 3], ["frame", 4]]
    book.close()


def test_no_text_is_a_formula_in_a_sheet(tmp_path: Path, make_pair: MakePair) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    path = written(tmp_path / "t.xlsx", [make_pair(source="=1+1.mp4")])
    book = openpyxl.load_workbook(path)
    assert (book.active["A2"].data_type, book.active["A2"].value) == ("s", "./=1+1.mp4")


class Kept:
    """A sink that keeps the times that it was given."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def write(self, frame: Frame, analysis: Analysis) -> None:
        self.times.append(analysis.timestamp)

    def close(self) -> None:
        pass


def thinned(times: list[float], every: float, sources: str = "") -> list[float]:
    kept = Kept()
    sink = Thinned(kept, every)
    assert isinstance(sink, Sink)
    image = np.zeros((4, 4, 3), np.uint8)
    for at, time in enumerate(times):
        source = sources[at] if sources else "a"
        sink.write(Frame(image, at, time, source), Analysis(at, time, source, (4, 4), ()))
    return kept.times


def test_rows_keep_a_steady_beat() -> None:
    assert thinned([k / 10 for k in range(11)], 0.2) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    at_30 = thinned([k / 30 for k in range(31)], 0.25)
    assert at_30 == pytest.approx([0, 8 / 30, 0.5, 23 / 30, 1])


def test_another_source_and_time_that_runs_backwards_begin_anew() -> None:
    assert thinned([0, 0.1, 0, 0.1], 1, "aabb") == [0, 0]
    assert thinned([5, 5.5, 1, 1.5, 2], 1) == [5, 1, 2]


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=50).map(sorted), st.floats(0.01, 10))
def test_at_most_one_frame_in_each_step(times: list[float], every: float) -> None:
    kept = thinned(times, every)
    steps = [int((time - times[0] + 1e-6) / every) for time in kept]
    assert len(set(steps)) == len(steps)
    assert kept[0] == times[0]
