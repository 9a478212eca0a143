"""A run writes intervals directly."""

from pathlib import Path

import numpy as np
import pympi
import pytest

from mien.errors import InUseError, SettingsError, SinkError
from mien.protocols import Source
from mien.recordings.sink import SINKS, TimelineSink
from mien.sinks.open import make_sinks
from mien.types import Analysis, Box, Face, Frame, Prediction, Quality, Reading

LABELS = ("angry", "sad", "happy", "neutral")
Pair = tuple[Frame, Analysis]


def pair(index: int, label: str | None = "happy", faces: int = 1, source: str = "a.mp4") -> Pair:
    said = Prediction(LABELS, (0.1, 0.2, 0.6, 0.1))
    readings = tuple(
        Reading(track, Face(Box(1, 2, 30, 40), 0.9), said, said, label, Quality(30, 10, 90))
        for track in range(1, faces + 1)
    )
    frame = Frame(np.zeros((48, 64, 3), np.uint8), index, index * 0.04, source)
    return frame, Analysis(index, frame.timestamp, source, frame.size, readings)


def written(sink: TimelineSink, pairs: list[Pair]) -> None:
    for frame, analysis in pairs:
        sink.write(frame, analysis)
    sink.close()
    sink.close()


def test_faces_and_frames_without_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.eaf"
    looks = [pair(0, faces=0), pair(1), pair(2, None), pair(3, faces=2), pair(4, faces=0)]
    written(TimelineSink(path, LABELS), looks)
    found = pympi.Eaf(path)
    assert found.get_annotation_data_for_tier("a 1") == [
        (0, 40, "not seen"),
        (40, 80, "happy"),
        (80, 120, "not sure"),
        (120, 160, "happy"),
        (160, 200, "not seen"),
    ]
    assert [one[2] for one in found.get_annotation_data_for_tier("a 2")] == [
        "not seen",
        "happy",
        "not seen",
    ]


@pytest.mark.parametrize("suffix", [".vtt", ".srt", ".tsv"])
def test_other_formats(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    written(TimelineSink(path, LABELS), [pair(index) for index in range(3)])
    assert "a 1" in path.read_text()


def test_nothing_is_made_of_nothing_and_what_exists_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.vtt"
    written(TimelineSink(path, LABELS), [])
    assert list(tmp_path.iterdir()) == []
    path.write_text("kept")
    with pytest.raises(SinkError, match="exists already"):
        TimelineSink(path, LABELS)
    written(TimelineSink(path, LABELS, overwrite=True), [])
    assert path.read_text() == "kept"


def test_a_picture_and_a_second_recording_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="one moment only"):
        written(TimelineSink(tmp_path / "x.vtt", LABELS), [pair(0)])
    assert list(tmp_path.iterdir()) == []
    sink = TimelineSink(tmp_path / "x.vtt", LABELS)
    for one in (pair(0), pair(1)):
        sink.write(*one)
    with pytest.raises(SinkError, match=r"b\.mp4 came after a\.mp4"):
        sink.write(*pair(0, source="b.mp4"))
    sink.close()
    assert (tmp_path / "x.vtt").is_file()
    with pytest.raises(SinkError, match="closed already"):
        sink.write(*pair(2))


def test_only_one_writes(tmp_path: Path) -> None:
    sink = TimelineSink(tmp_path / "x.vtt", LABELS)
    with pytest.raises(InUseError):
        TimelineSink(tmp_path / "x.vtt", LABELS)
    sink.close()


class Two(Source):
    """Two files."""

    name = "two files"
    names = ("a", "b")


def test_it_is_made_by_its_suffix_for_one_source(tmp_path: Path) -> None:
    (sink,) = make_sinks(LABELS, out=tmp_path / "x.EAF", more=SINKS)
    sink.close()
    with pytest.raises(SettingsError, match=r"name a \.csv.* or \.tsv file"):
        make_sinks(LABELS, out=tmp_path / "x.doc", more=SINKS)
    with pytest.raises(SettingsError, match=r"\.eaf: holds one recording, and 2 are to be read"):
        make_sinks(LABELS, out=tmp_path / "x.eaf", more=SINKS, source=Two())
