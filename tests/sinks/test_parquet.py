import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.pipeline.fakes import analyzer, face, frame

from mien.errors import InUseError, MissingExtraError, SinkError
from mien.sinks import ParquetSink, parquet
from mien.sinks.layout import default_layout
from mien.sinks.open import make_sinks
from mien.types import Analysis, Frame

LABELS = ("angry", "sad", "happy", "neutral")
LAYOUT = default_layout(LABELS)


@pytest.fixture
def read() -> Callable[..., tuple[Frame, Analysis]]:
    analyze = analyzer([face(10), face(200)])

    def call(index: int, source: str = "test") -> tuple[Frame, Analysis]:
        picture = frame(index, source=source)
        return picture, analyze(picture)

    return call


def test_it_has_the_columns_of_the_csv_and_all_rows(
    tmp_path: Path, read: Callable[..., tuple[Frame, Analysis]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra [train]")
    monkeypatch.setattr(parquet, "ROW_GROUP", 3)
    path = tmp_path / "sub" / "t.parquet"
    (sink,) = make_sinks(LABELS, out=path)
    wanted = []
    for index in range(4):
        picture, analysis = read(index, source="caf\udce9.mp4")
        sink.write(picture, analysis)
        wanted += analysis.to_rows()
    assert not path.exists()
    sink.close()
    sink.close()
    table = pq.read_table(path)
    assert tuple(table.column_names) == LAYOUT.names
    assert table.to_pylist() == [
        {name: row[name] for name in LAYOUT.names} | {"source": "caf\\udce9.mp4"} for row in wanted
    ]
    assert [one.name for one in path.parent.iterdir()] == ["t.parquet"]
    with pytest.raises(SinkError, match="is closed already"):
        sink.write(*read(9))


def test_without_faces_it_has_no_rows_and_without_frames_there_is_none(
    tmp_path: Path, read: Callable[..., tuple[Frame, Analysis]]
) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="needs the extra [train]")
    ParquetSink(tmp_path / "none.parquet", LAYOUT).close()
    assert list(tmp_path.iterdir()) == []
    sink = ParquetSink(tmp_path / "t.parquet", default_layout(LABELS, other=True))
    sink.write(frame(), Analysis(0, 0.0, "test", (640, 240), ()))
    sink.close()
    table = pq.read_table(tmp_path / "t.parquet")
    assert (table.num_rows, table.column_names[-1]) == (0, "p_other")


def test_what_exists_is_not_lost(
    tmp_path: Path, read: Callable[..., tuple[Frame, Analysis]]
) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra [train]")
    path = tmp_path / "t.parquet"
    path.write_text("the user's own")
    with pytest.raises(SinkError, match="it exists already"):
        ParquetSink(path, LAYOUT)
    sink = ParquetSink(path, LAYOUT, overwrite=True)
    with pytest.raises(InUseError):
        ParquetSink(path, LAYOUT, overwrite=True)
    assert path.read_text() == "the user's own"
    sink.close()
    assert path.read_text() == "the user's own"
    (tmp_path / "no-folder").write_text("")
    with pytest.raises(SinkError, match="no-folder"):
        ParquetSink(tmp_path / "no-folder" / "t.parquet", LAYOUT)


def test_a_full_disk_is_one_line(
    small_disk: Path,
    read: Callable[..., tuple[Frame, Analysis]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra [train]")
    monkeypatch.setattr(parquet, "ROW_GROUP", 1)
    sink = ParquetSink(small_disk / "t.parquet", LAYOUT)

    def write_much() -> None:
        for index in range(5000):
            sink.write(*read(index))

    with pytest.raises(SinkError, match=r"t\.parquet: cannot be written: the disk is full"):
        write_much()
    sink.close()
    assert list(small_disk.iterdir()) == []


def test_a_missing_extra_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"writing Parquet needs .*\[train\]"):
        ParquetSink(tmp_path / "t.parquet", LAYOUT)
