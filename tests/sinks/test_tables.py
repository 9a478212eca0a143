"""Tables hold every reading in full, at once, and fail in one clear line."""

import csv
import errno
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.errors import InUseError, SinkError
from mien.protocols import Sink
from mien.sinks import CsvSink, JsonlSink
from mien.sinks.layout import default_layout
from mien.types import Analysis, Frame

LABELS = ("angry", "sad", "happy", "neutral")
LAYOUT = default_layout(LABELS)
MakePair = Callable[..., tuple[Frame, Analysis]]
OPENERS = [
    pytest.param(lambda path, **options: CsvSink(path, LAYOUT, **options), id="csv"),
    pytest.param(lambda path, **options: JsonlSink(path, LAYOUT, **options), id="jsonl"),
]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_columns_are_those_of_the_analysis(make_pair: MakePair) -> None:
    _, analysis = make_pair()
    assert default_layout(LABELS, other=True).names == tuple(analysis.to_rows()[0])
    assert LAYOUT.names == default_layout(LABELS, other=True).names[:-1]


def test_csv_gives_back_the_very_values(tmp_path: Path, make_pair: MakePair) -> None:
    path = tmp_path / "out.csv"
    sink = CsvSink(path, LAYOUT)
    assert isinstance(sink, Sink)
    frame, analysis = make_pair(7, 1 / 3, faces=2)
    sink.write(frame, analysis)
    sink.close()
    sink.close()
    first, second = rows(path)
    assert (first["source"], first["frame"], first["track_id"]) == ("clip.mp4", "7", "1")
    assert float(first["time"]) == 1 / 3
    assert float(first["p_happy"]) == 0.6000000238418579
    assert (first["label"], first["quality"]) == ("happy", "ok")
    assert (second["label"], second["quality"]) == ("not sure", "too small; dark")


def test_csv_has_a_header_even_without_faces(tmp_path: Path, make_pair: MakePair) -> None:
    path = tmp_path / "out.csv"
    sink = CsvSink(path, LAYOUT)
    sink.write(*make_pair(faces=0))
    sink.close()
    assert path.read_text() == ",".join(LAYOUT.names) + "\n"


def test_jsonl_has_one_object_per_face(tmp_path: Path, make_pair: MakePair) -> None:
    path = tmp_path / "new" / "folder" / "out.jsonl"
    sink = JsonlSink(path, LAYOUT)
    assert isinstance(sink, Sink)
    for index, faces in enumerate((1, 0, 2)):
        sink.write(*make_pair(index, index / 4, faces=faces))
    sink.close()
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(item["frame"], item["track_id"]) for item in records] == [(0, 1), (2, 1), (2, 2)]
    assert records[1]["time"] == 0.5
    assert records[0]["box"] == [1.25, 2, 30, 40]
    assert list(records[0]["probabilities"]) == list(LABELS)
    assert records[2]["label"] == "not sure"
    assert set(records[0]) == {
        *("source", "frame", "time", "track_id", "box", "probabilities"),
        *("label", "confidence", "shown", "quality", "reason"),
    }


def test_a_bundle_that_tells_something_else_apart_has_one_more_column(
    tmp_path: Path, make_pair: MakePair
) -> None:
    table = CsvSink(tmp_path / "out.csv", default_layout(LABELS, other=True))
    lines = JsonlSink(tmp_path / "out.jsonl", default_layout(LABELS, other=True))
    for sink in (table, lines):
        sink.write(*make_pair(faces=2, other=0.625))
        sink.close()
    first, second = rows(tmp_path / "out.csv")
    assert (first["reason"], first["p_other"]) == ("", "0.625")
    assert (second["label"], second["reason"]) == ("not sure", "something else")
    record = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[1])
    assert (record["reason"], record["p_other"]) == ("something else", 0.625)
    assert list(rows(tmp_path / "out.csv")[0])[-2:] == ["reason", "p_other"]


@pytest.mark.parametrize("opener", OPENERS)
def test_a_killed_run_keeps_what_it_had(
    tmp_path: Path, make_pair: MakePair, opener: Callable[..., CsvSink]
) -> None:
    path = tmp_path / "out"
    sink = opener(path)
    sink.write(*make_pair())
    assert "happy" in path.read_text().splitlines()[-1]
    sink.close()


@pytest.mark.parametrize("name", ['a "b", c.jpg', "line\nbreak.jpg", "ü 笑.jpg", "=cmd.jpg"])
def test_odd_names_survive(tmp_path: Path, make_pair: MakePair, name: str) -> None:
    pair = make_pair(source=name)
    table, lines = CsvSink(tmp_path / "out.csv", LAYOUT), JsonlSink(tmp_path / "out.jsonl", LAYOUT)
    for sink in (table, lines):
        sink.write(*pair)
        sink.close()
    # The same file, and no formula to a spreadsheet.
    wanted = f"./{name}" if name.startswith("=") else name
    assert rows(tmp_path / "out.csv")[0]["source"] == wanted
    assert json.loads((tmp_path / "out.jsonl").read_text("utf-8"))["source"] == wanted


def test_a_name_is_as_on_disk_where_the_system_says_that_it_knows_ascii_only(
    tmp_path: Path, make_pair: MakePair
) -> None:
    sink = CsvSink(tmp_path / "out.csv", LAYOUT)
    sink.write(*make_pair(source="ü 笑.jpg".encode().decode("ascii", "surrogateescape")))
    sink.close()
    assert rows(tmp_path / "out.csv")[0]["source"] == "ü 笑.jpg"


@pytest.mark.parametrize("opener", OPENERS)
def test_a_name_that_is_no_unicode_is_written_with_escapes(
    tmp_path: Path, make_pair: MakePair, opener: Callable[..., CsvSink]
) -> None:
    sink = opener(tmp_path / "out")
    sink.write(*make_pair(source=os.fsdecode(b"caf\xe9.jpg")))
    sink.close()
    text = (tmp_path / "out").read_text("utf-8")
    assert "caf\\udce9.jpg" in text.replace("\\\\", "\\")


def test_a_dash_is_standard_output(capsys: pytest.CaptureFixture[str], make_pair: MakePair) -> None:
    sink = CsvSink("-", LAYOUT)
    sink.write(*make_pair())
    sink.close()
    sys.stdout.write("still open\n")
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert table[0]["label"] == "happy"
    assert table[1]["source"] == "still open"


@pytest.mark.parametrize("opener", OPENERS)
class TestFailures:
    def test_an_existing_file_is_kept_until_there_is_something_to_replace_it(
        self, tmp_path: Path, opener: Callable[..., CsvSink], make_pair: MakePair
    ) -> None:
        path = tmp_path / "old"
        path.write_text("precious")
        with pytest.raises(SinkError, match=r"old: .*exists already"):
            opener(path)
        assert path.read_text() == "precious"
        opener(path, overwrite=True).close()
        assert path.read_text() == "precious"
        sink = opener(path, overwrite=True)
        sink.write(*make_pair())
        sink.close()
        assert "precious" not in path.read_text()
        assert "happy" in path.read_text()

    def test_a_file_made_for_nothing_is_removed(
        self, tmp_path: Path, opener: Callable[..., CsvSink], make_pair: MakePair
    ) -> None:
        opener(tmp_path / "out").close()
        assert not (tmp_path / "out").exists()
        sink = opener(tmp_path / "out")
        # A run that is killed while it waits for its first frame leaves nothing.
        assert not (tmp_path / "out").exists()
        sink.write(*make_pair(faces=0))
        sink.close()
        assert (tmp_path / "out").exists()

    def test_a_table_without_faces_replaces_an_older_one_too(
        self, tmp_path: Path, opener: Callable[..., CsvSink], make_pair: MakePair
    ) -> None:
        path = tmp_path / "old"
        path.write_text("precious")
        sink = opener(path, overwrite=True)
        sink.write(*make_pair(faces=0))
        sink.close()
        assert "precious" not in path.read_text()

    def test_a_folder_is_no_file(self, tmp_path: Path, opener: Callable[..., CsvSink]) -> None:
        with pytest.raises(SinkError, match="that is a folder"):
            opener(tmp_path)

    def test_a_file_is_no_folder(self, tmp_path: Path, opener: Callable[..., CsvSink]) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(SinkError, match=str(tmp_path / "file")):
            opener(tmp_path / "file" / "out.csv")

    def test_a_folder_that_may_not_be_written(
        self, tmp_path: Path, opener: Callable[..., CsvSink], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
        with pytest.raises(SinkError, match=r"out: .*may not write there"):
            opener(tmp_path / "out")

    def test_a_full_disk_names_the_file_and_is_closed(
        self, opener: Callable[..., CsvSink], make_pair: MakePair
    ) -> None:
        full = Path("/dev/full")
        if not full.exists():
            pytest.skip("needs /dev/full, which only Linux has")
        with pytest.raises(SinkError, match=r"^/dev/full: .*disk is full"):
            opener(full).write(*make_pair())

    def test_after_it_is_closed_nothing_is_lost_silently(
        self, tmp_path: Path, opener: Callable[..., CsvSink], make_pair: MakePair
    ) -> None:
        sink = opener(tmp_path / "out")
        sink.close()
        with pytest.raises(SinkError, match="closed"):
            sink.write(*make_pair())


def test_a_disk_that_fills_up_keeps_the_rows_before(
    tmp_path: Path, make_pair: MakePair, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.csv"
    sink = CsvSink(path, LAYOUT)
    sink.write(*make_pair(0))

    class Full(io.StringIO):
        """Takes half of a text, as a disk does that fills up."""

        def write(self, text: str) -> int:
            stream.write(text[: len(text) // 2])
            stream.close()
            raise OSError(errno.ENOSPC, "No space left on device")

    stream = sink._file._stream
    assert stream is not None
    sink._file._stream = Full()
    with pytest.raises(SinkError, match=r"out\.csv: .*disk is full"):
        sink.write(*make_pair(1))
    sink.close()
    assert path.read_text().endswith(",ok,\n")
    assert [row["frame"] for row in rows(path)] == ["0"]


def test_a_reader_of_a_pipe_who_leaves_is_no_failure(make_pair: MakePair) -> None:
    class Left(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", Left())
        with pytest.raises(BrokenPipeError):
            CsvSink("-", LAYOUT).write(*make_pair())


@pytest.mark.parametrize("opener", OPENERS)
def test_two_never_write_into_one_table(
    tmp_path: Path, make_pair: MakePair, opener: Callable[..., Sink]
) -> None:
    path = tmp_path / "out.table"
    first = opener(path)
    first.write(*make_pair(0))
    with pytest.raises(InUseError, match=rf"out\.table: process {os.getpid()}.* is writing"):
        opener(path, overwrite=True)
    first.write(*make_pair(1))
    first.close()
    opener(path, overwrite=True).close()
    assert [one.name for one in tmp_path.iterdir()] == ["out.table"]
