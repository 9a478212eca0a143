"""What a user asks for becomes outputs; what is read is never overwritten."""

import contextlib
from pathlib import Path

import pytest
from tests.sources.made import picture, video

from mien.errors import SettingsError, SinkError
from mien.sinks.open import make_sinks, refuse_taken
from mien.sources.open import open_sources
from mien.types import Analysis

LABELS = ("angry", "sad", "happy", "neutral")


def test_a_source_is_never_overwritten_also_where_it_is_not_the_first(tmp_path: Path) -> None:
    first, second = video(tmp_path / "a.avi"), video(tmp_path / "b.mp4")
    before = second.read_bytes()
    source = open_sources([str(first), str(second)])
    with pytest.raises(SettingsError, match=r"b\.mp4: is to be read"):
        make_sinks(LABELS, annotate=second, overwrite=True, source=source)
    assert second.read_bytes() == before


def test_no_picture_that_is_read_is_replaced_by_the_copy_of_another(tmp_path: Path) -> None:
    inner, outer = picture(tmp_path / "sub" / "a.png"), picture(tmp_path / "a.png", gray=9)
    clip, before = video(tmp_path / "clip.avi"), outer.read_bytes()
    for specs in ([inner, outer], [inner, clip, outer]):
        source = open_sources(list(map(str, specs)))
        (sink,) = make_sinks(LABELS, annotate=tmp_path, overwrite=True, source=source)
        with contextlib.closing(sink), pytest.raises(SinkError, match=r"a\.png: is to be read"):
            sink.write(next(iter(source)), Analysis(0, 0.0, str(inner), (30, 20), ()))
        assert outer.read_bytes() == before


def test_an_output_that_cannot_be_made_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    old, blocked = tmp_path / "old.csv", tmp_path / "file" / "x.mp4"
    old.write_text("precious")
    blocked.parent.touch()
    with pytest.raises(SinkError):
        make_sinks(LABELS, out=old, annotate=blocked, overwrite=True)
    with pytest.raises(SinkError):
        make_sinks(LABELS, out=tmp_path / "new.csv", annotate=blocked)
    assert old.read_text() == "precious"
    assert not (tmp_path / "new.csv").exists()


def test_annotated_pictures_do_not_go_to_standard_output(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--annotate -: pictures cannot go to"):
        make_sinks(LABELS, annotate=Path("-"))
    with pytest.raises(SettingsError, match="--annotate -: pictures cannot go to"):
        refuse_taken(tmp_path / "t.csv", Path("-"), overwrite=False)
    with pytest.raises(SinkError, match="that is a folder"):
        refuse_taken(tmp_path, overwrite=True)
