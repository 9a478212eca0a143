"""Tables of any format become the same recordings, and what is wrong with one is said."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.recordings.making import LABELS, STEP, Row, as_csv, as_jsonl, row, rows

from mien.errors import TableError
from mien.recordings.read import read_recordings
from mien.recordings.tables import readers
from mien.recordings.values import NOT_SEEN, NOT_SURE, Recording

TABLE = [
    *rows(["happy", "happy", "not sure"]),
    *rows(["sad", "sad"], source="other.mp4", track=3),
]


def the_same(found: list[Recording]) -> None:
    first, second = found
    assert (first.source, second.source) == ("clip.mp4", "other.mp4")
    assert first.labels == LABELS
    (track,) = first.tracks
    assert track.track_id == 1
    np.testing.assert_allclose(track.time, [0, STEP, 2 * STEP])
    assert [first.word(code) for code in track.label] == ["happy", "happy", "not sure"]
    assert track.frame.tolist() == [0, 1, 2]
    np.testing.assert_allclose(track.probabilities[0], [0.1, 0.1, 0.7, 0.1], rtol=1e-6)
    assert track.mean_box() == pytest.approx((10, 20, 18, 30))
    assert second.tracks[0].track_id == 3
    assert first.step == pytest.approx(STEP)
    assert (first.begin, first.end) == pytest.approx((0, 3 * STEP))


def read(path: Path, **more: Any) -> list[Recording]:
    return list(read_recordings(path, box=True, probabilities=True, **more))


def test_csv_of_commas_semicolons_and_tabs(tmp_path: Path) -> None:
    the_same(read(as_csv(tmp_path / "a.csv", TABLE)))
    the_same(read(as_csv(tmp_path / "b.csv", TABLE, delimiter=";", point=",")))
    the_same(read(as_csv(tmp_path / "c.tsv", TABLE, delimiter="\t")))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_csv_as_windows_writes_it(tmp_path: Path, encoding: str) -> None:
    text = as_csv(tmp_path / "a.csv", TABLE).read_text(encoding="utf-8")
    path = tmp_path / "b.csv"
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    the_same(read(path))


def test_json_lines(tmp_path: Path) -> None:
    the_same(read(as_jsonl(tmp_path / "a.jsonl", TABLE)))


def test_parquet(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(TABLE), tmp_path / "a.parquet")
    the_same(read(tmp_path / "a.parquet"))


def test_excel(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(list(TABLE[0]))
    for one in TABLE:
        book.active.append(list(one.values()))
    book.save(tmp_path / "a.xlsx")
    the_same(read(tmp_path / "a.xlsx"))


def test_chunks_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "ROWS", 2)
    the_same(read(as_csv(tmp_path / "a.csv", TABLE)))
    the_same(read(as_jsonl(tmp_path / "a.jsonl", TABLE)))


def test_columns_may_be_more_or_fewer(tmp_path: Path) -> None:
    (found,) = read(as_csv(tmp_path / "a.csv", [row(0, utc="2026-01-01T00:00Z", pitch=3.5)]))
    assert found.tracks[0].label.tolist() == [LABELS.index("happy")]
    few = [{name: one[name] for name in ("source", "time", "track_id", "label")} for one in TABLE]
    first, _ = read(as_csv(tmp_path / "b.csv", few))
    assert first.labels == ("happy", "sad")
    assert first.tracks[0].probabilities.shape == (3, 0)
    assert first.tracks[0].mean_box() is None
    assert first.tracks[0].frame.tolist() == [-1, -1, -1]


def test_the_steady_word_may_be_asked_for(tmp_path: Path) -> None:
    (found,) = read(as_csv(tmp_path / "a.csv", [row(0, "sad", shown="happy")]), look="shown")
    assert found.word(found.tracks[0].label[0]) == "happy"


def test_frames_without_a_face_are_moments(tmp_path: Path) -> None:
    nobody = row(1, "not seen", track="", x1="", y1="", x2="", y2="")
    (found,) = read(as_csv(tmp_path / "a.csv", [row(0), nobody, row(2, "not sure")]))
    assert len(found.moments) == 3
    assert found.tracks[0].label.tolist() == [LABELS.index("happy"), NOT_SURE]
    seen_by_nobody = row(1, "not seen")
    (found,) = read(as_csv(tmp_path / "b.csv", [row(0), seen_by_nobody]))
    assert found.tracks[0].label[1] == NOT_SEEN


def test_rows_may_be_sorted_by_person(tmp_path: Path) -> None:
    table = [*rows(["happy"] * 3, track=1), *rows(["sad"] * 3, track=2)]
    (found,) = read(as_csv(tmp_path / "a.csv", table))
    assert [track.track_id for track in found.tracks] == [1, 2]
    assert len(found.moments) == 3


@pytest.mark.parametrize("missing", ["source", "time", "track_id", "label"])
def test_a_column_that_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    table = [{name: value for name, value in one.items() if name != missing} for one in TABLE]
    path = as_csv(tmp_path / "a.csv", table)
    with pytest.raises(TableError, match=rf"a\.csv: no column '{missing}'; a table of"):
        read(path)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (row(1, time=""), "row 3: has no time"),
        (row(1, time="soon"), 'row 3: time is "soon", which is no number'),
        (row(1, time="nan"), "row 3: has no time"),
        (row(1, track_id=1.5), "row 3: track_id is 1.5; it must be a whole number"),
        (row(1, track_id=-1), "row 3: track_id is -1"),
        (row(1, time=-0.5), "row 3: the time of clip.mp4 runs backwards, from 0 to -0.5 s"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, bad: Row, told: str) -> None:
    with pytest.raises(TableError) as caught:
        read(as_csv(tmp_path / "a.csv", [row(0), bad]))
    assert told in str(caught.value)


def test_time_that_runs_backwards_across_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "ROWS", 2)
    table = [*rows(["sad"] * 4), row(2), row(5)]
    with pytest.raises(TableError, match=r"row 6: the time of clip.mp4 runs backwards"):
        read(as_csv(tmp_path / "a.csv", table))


def test_a_recording_that_comes_again_is_refused(tmp_path: Path) -> None:
    table = [row(0), row(0, source="b.mp4"), row(1)]
    with pytest.raises(TableError, match=r"row 4: clip.mp4 again, after others"):
        read(as_csv(tmp_path / "a.csv", table))


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("a.csv", b"\xff\xfa\x00", "not a text in utf-8"),
        ("a.csv", b'source,time,track_id,label\n"a', "line 2: is damaged"),
        ("a.csv", b"source,time,track_id,label\na.mp4,0.1", "row 2: has 2 cells and not 4"),
        ("a.csv", b"", "no column 'source'"),
        ("a.jsonl", b"{]", "line 1: is damaged"),
        ("a.jsonl", b"[]\n", "line 1: is damaged"),
        ("a.jsonl", b'{"source": "a", "box": [1]}\n', "line 1: is damaged"),
        ("a.parquet", b"PAR1", "no Parquet file that can be read"),
        ("a.xlsx", b"PK", "no Excel workbook that can be read"),
        ("a.txt", b"", "no table that mien reads"),
    ],
)
def test_damaged_files(tmp_path: Path, name: str, data: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(TableError) as caught:
        read(tmp_path / name)
    assert told in str(caught.value)


def test_a_column_of_free_text_is_no_column_of_looks(tmp_path: Path) -> None:
    table = [row(index, f"remark {index}") for index in range(1002)]
    with pytest.raises(TableError, match="more than 1,000 different words"):
        read(as_csv(tmp_path / "a.csv", table))


def test_a_table_without_rows_has_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("source,time,track_id,label\n\n")
    assert read(path) == []
    (tmp_path / "a.jsonl").write_text("")
    assert read(tmp_path / "a.jsonl") == []


def test_a_later_table_may_know_more_looks(tmp_path: Path) -> None:
    as_csv(tmp_path / "a.csv", [row(0), row(1)])
    as_jsonl(tmp_path / "b.jsonl", [row(0, source="b.mp4")])
    more = json.loads((tmp_path / "b.jsonl").read_text())
    more["probabilities"]["afraid"] = 0.5
    (tmp_path / "b.jsonl").write_text(json.dumps(more | {"label": "afraid"}) + "\n")
    first, second = read(tmp_path)
    assert first.labels == LABELS
    assert second.labels == (*LABELS, "afraid")
    np.testing.assert_allclose(second.tracks[0].probabilities[0, -1], 0.5)


def test_a_further_column_may_be_in_one_of_two_tables_of_a_recording(tmp_path: Path) -> None:
    as_csv(tmp_path / "a.csv", rows(["happy"] * 3))
    as_csv(tmp_path / "b.csv", rows(["happy"] * 3, start=3, coder="sad"))
    (recording,) = read_recordings(tmp_path, words=("coder", "none"))
    assert recording.words == {"coder": ("sad",)}
    (track,) = recording.tracks
    assert track.words["coder"].tolist() == [NOT_SEEN] * 3 + [0] * 3
