"""`mien predict`: what it writes, what it says, and how it ends."""

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from rich.console import Console
from tests.detectors.fakes import OneFace
from tests.sources.made import video

from mien import registry
from mien.cli import main, predict
from mien.errors import SourceError
from mien.protocols import Source
from mien.sources.reconnect import OnNotice, Reconnecting
from mien.types import Frame
from mien.vision.images.reading import encode_png


class FakeSource(Source):
    """A stream of bright frames that ends as planned."""

    name = "fake"
    live = False

    def __init__(self, frames: int, end: BaseException | None = None) -> None:
        self._frames, self._end = frames, end

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self._frames):
            yield Frame(np.full((120, 160, 3), 250, dtype=np.uint8), index, index / 10, "fake")
        if self._end is not None:
            raise self._end

    def close(self) -> None:
        pass


@pytest.fixture
def read(make_bundle: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run `mien predict` with a tiny bundle and a detector that needs no weights."""
    bundle = str(make_bundle())
    monkeypatch.setattr(registry, "make_detector", lambda *_, **__: OneFace())
    return lambda *words: main(["predict", *map(str, words), "--bundle", bundle])


@pytest.mark.parametrize("words", [(), ("--any-angle",)])
def test_heads_that_lie_are_looked_for_where_wanted(
    make_bundle: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    words: tuple[str, ...],
) -> None:
    asked: list[bool] = []

    def make(*_: object, any_angle: bool, **__: object) -> OneFace:
        asked.append(any_angle)
        return OneFace()

    monkeypatch.setattr(registry, "make_detector", make)
    assert main(["predict", str(folder), "--bundle", str(make_bundle()), *words]) == 0
    assert asked == [bool(words)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bright, a black, and a broken picture."""
    path = tmp_path / "pictures"
    path.mkdir()
    for name, gray in (("a bright.png", 250), ("black.png", 0)):
        (path / name).write_bytes(encode_png(np.full((120, 160, 3), gray, dtype=np.uint8)))
    (path / "broken.png").write_bytes(b"not a picture")
    return path


def use(monkeypatch: pytest.MonkeyPatch, source: FakeSource) -> None:
    monkeypatch.setattr(predict, "open_sources", lambda specs, on_notice: source)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Make standard output a terminal, and keep what is printed there."""
    screen = io.StringIO()
    monkeypatch.setattr(predict, "out", Console(file=screen, width=200, highlight=False))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    return screen


def test_without_a_terminal_the_csv_is_printed(
    read: Callable[..., int], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read(folder) == 0
    printed = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(printed.out)))
    assert [(Path(r["source"]).name, r["label"]) for r in rows] == [("a bright.png", "neutral")]
    assert "2 pictures read, 1 face, 1 without a face, 1 skipped" in printed.err
    assert f"{folder / 'broken.png'}: " in printed.err


def test_on_a_terminal_words_are_printed(
    read: Callable[..., int], folder: Path, terminal: io.StringIO
) -> None:
    assert read(folder) == 0
    first, second = terminal.getvalue().splitlines()
    assert first.startswith(str(folder / "a bright.png"))
    assert "looks neutral (" in first
    assert second.endswith("black.png  no face")


def test_of_a_video_only_changes_are_printed(
    read: Callable[..., int], terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, FakeSource(20))
    assert read("video") == 0
    assert terminal.getvalue().splitlines()[0].startswith("fake    0.00 s  1: looks neutral")
    assert len(terminal.getvalue().splitlines()) == 1


def test_a_face_that_cannot_be_read_says_why(
    read: Callable[..., int], folder: Path, terminal: io.StringIO
) -> None:
    (folder / "c.png").write_bytes(encode_png(np.full((20, 20, 3), 250, dtype=np.uint8)))
    assert read(folder / "c.png") == 0
    assert "1: not sure (too small, blurred)" in terminal.getvalue()


def test_a_face_outside_the_models_looks_says_so(
    make_bundle: Callable[..., Path],
    folder: Path,
    terminal: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(registry, "make_detector", lambda *_, **__: OneFace())
    # Of bright faces its graph finds the last outcome the most probable.
    words = ["predict", str(folder), "--bundle", str(make_bundle("wide", other=True))]
    assert main(words) == 0
    assert "1: not sure (something else, blurred)" in terminal.getvalue()
    assert main([*words, "--out", str(tmp_path / "o.csv")]) == 0
    with (tmp_path / "o.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["label"], row["reason"]) == ("not sure", "something else")
    assert float(row["p_other"]) > 0.5


def test_readings_go_to_csv_json_lines_and_pictures(
    read: Callable[..., int], folder: Path, tmp_path: Path
) -> None:
    assert read(folder, "--out", tmp_path / "o.csv", "--annotate", tmp_path / "drawn") == 0
    assert read(folder, "--out", tmp_path / "o.jsonl") == 0
    with (tmp_path / "o.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    (line,) = (tmp_path / "o.jsonl").read_text(encoding="utf-8").splitlines()
    record = json.loads(line)
    assert record["label"] == row["label"] == "neutral"
    assert float(row["confidence"]) == record["confidence"]
    assert sorted(p.name for p in (tmp_path / "drawn").iterdir()) == ["a bright.png", "black.png"]


def test_what_exists_is_kept_unless_overwrite_is_given(
    read: Callable[..., int], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "o.csv"
    out.write_text("precious")
    assert read(folder, "--out", out) == 1
    assert out.read_text() == "precious"
    assert "exists" in capsys.readouterr().err
    assert read(folder, "--out", out, "--overwrite") == 0
    assert out.read_text().startswith("source,")


@pytest.mark.parametrize(
    ("option", "name"), [("--out", "o.xls"), ("--annotate", "o.avi"), ("--annotate", "o.png")]
)
def test_a_format_that_is_not_written_is_named_before_anything_is_made(
    read: Callable[..., int],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    option: str,
    name: str,
) -> None:
    before = sorted(tmp_path.iterdir())
    other = ("--annotate", tmp_path / "drawn") if option == "--out" else ("--out", "-")
    assert read(folder, option, tmp_path / name, *other) == 1
    assert name in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


def test_limits_end_a_stream(
    read: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, FakeSource(1000))
    assert read("camera", "--frames", "4", "--stats") == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 5
    assert "pictures per second, latency p50" in printed.err
    assert read("camera", "--seconds", "0.5") == 0
    assert "5 pictures read" in capsys.readouterr().err


def test_what_was_named_and_could_not_be_read_is_a_failure_at_the_end(
    read: Callable[..., int], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "no.avi").write_bytes(b"no video")
    assert read(folder) == 0
    for name in ("broken.png", "no.avi"):
        assert read(folder / name, folder / "a bright.png") == 1
        printed = capsys.readouterr()
        assert "a bright.png,0," in printed.out or "a bright.png,1," in printed.out
        assert f"{folder / name}: " in printed.err


def test_nothing_is_named_in_vain_after_a_camera(
    read: Callable[..., int], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read("camera:0", folder) == 1
    assert "add --seconds N" in capsys.readouterr().err


def test_ctrl_c_keeps_what_was_read(
    read: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use(monkeypatch, FakeSource(6, KeyboardInterrupt()))
    outputs = ("--out", tmp_path / "o.csv", "--annotate", tmp_path / "o.mp4")
    assert read("camera", *outputs) == 130
    assert len((tmp_path / "o.csv").read_text().splitlines()) == 7
    with av.open(str(tmp_path / "o.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 6
    assert "6 pictures read" in capsys.readouterr().err


def test_a_source_that_breaks_off_keeps_what_was_read_and_says_so(
    read: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use(monkeypatch, FakeSource(3, SourceError("camera 0: unplugged")))
    assert read("0", "--out", tmp_path / "o.csv") == 1
    assert len((tmp_path / "o.csv").read_text().splitlines()) == 4
    error = capsys.readouterr().err
    assert "3 pictures read" in error
    assert "mien: camera 0: unplugged" in error


def test_a_run_that_reads_nothing_leaves_nothing_in_the_way(
    read: Callable[..., int], folder: Path, tmp_path: Path
) -> None:
    outputs = ("--out", tmp_path / "o.csv", "--annotate", tmp_path / "o.mp4")
    before = sorted(tmp_path.iterdir())
    assert read(folder / "broken.png", *outputs) == 1
    assert sorted(tmp_path.iterdir()) == before
    (tmp_path / "o.csv").write_text("precious")
    assert read(folder / "broken.png", *outputs, "--overwrite") == 1
    assert (tmp_path / "o.csv").read_text() == "precious"


def test_nothing_readable_is_a_failure(
    read: Callable[..., int], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read(folder / "broken.png") == 1
    assert "0 pictures read" in capsys.readouterr().err


def test_an_outage_is_told_on_standard_error(
    read: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = iter([FakeSource(2, SourceError("fake: unplugged")), FakeSource(1)])

    def opened(_: list[str], on_notice: OnNotice) -> Reconnecting:
        return Reconnecting(lambda: next(plan), on_notice=on_notice, retry=0)

    monkeypatch.setattr(predict, "open_sources", opened)
    assert read("0") == 0
    printed = capsys.readouterr()
    assert printed.out.count("fake,") == 3
    assert printed.err.splitlines()[:2] == [
        "fake: unplugged; mien waits for it and goes on when it is back",
        "fake: is back",
    ]


def test_a_long_list_of_skipped_files_is_cut(
    read: Callable[..., int], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for index in range(30):
        (folder / f"x{index}.png").touch()
    assert read(folder) == 0
    error = capsys.readouterr().err
    assert "31 skipped" in error
    assert "and 11 more" in error


def test_a_source_that_is_not_there_is_one_line(
    read: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert read("no-such-file.jpg") == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_real_detector_reads_the_sample(
    make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "o.csv"
    words = ["predict", "sample", "--frames", "3", "--out", str(out)]
    assert main([*words, "--bundle", str(make_bundle())]) == 0
    with out.open(newline="", encoding="utf-8") as file:
        assert [row["track_id"] for row in csv.DictReader(file)] == ["1", "1", "1"]


def test_columns_step_and_times_are_those_that_were_asked_for(
    read: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, out = video(tmp_path / "clip.avi"), tmp_path / "out.csv"
    chosen = ("--columns", "time,label,shown", "--empty-frames", "--every", "0.1")
    assert read(clip, "--out", out, *chosen, "--start", "0:00:00.1") == 0
    header, *lines = out.read_text().splitlines()
    assert header == "time,label,shown"
    times = [float(line.split(",")[0]) for line in lines]
    assert times[0] >= 0.1
    assert all(b - a > 0.05 for a, b in itertools.pairwise(times))
    notes = json.loads((tmp_path / "out.csv.json").read_text())
    assert notes["settings"]["every"] == 0.1
    assert notes["source"] == [str(clip)]
    assert read(clip, "--out", tmp_path / "late.csv", "--start", "3600") == 1
    assert "before --start 3600" in capsys.readouterr().err
    assert not list(tmp_path.glob("late*"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--columns", "ptch"), "did you mean pitch"),
        (("--every", "-1"), "--every"),
        (("--start", "soon"), "--start soon: give seconds"),
        (("--start", "5", "--end", "4"), "--end 4 must be after --start 5"),
    ],
)
def test_what_no_table_can_be_is_said_before_anything_is_made(
    read: Callable[..., int],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    told: str,
) -> None:
    before = sorted(tmp_path.iterdir())
    for out in ("new.csv", "new/"):
        assert read(folder, "--out", f"{tmp_path}/{out}", *options) == 1
        error = capsys.readouterr().err
        assert told in error
        assert len(error.strip().splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before
