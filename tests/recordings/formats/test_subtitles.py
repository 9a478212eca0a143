"""WebVTT and SRT, read back by libraries of others."""

from datetime import timedelta
from io import StringIO

import srt
import webvtt

from mien.recordings.formats.subtitles import to_srt, to_vtt
from mien.recordings.values import Timeline

SAID = [
    ("00:00:00.000", "01:01:01.500", "Ben: looks sad"),
    ("00:00:00.500", "00:00:01.250", "looks happy"),
    ("00:00:01.250", "00:00:02.000", "not seen"),
    ("00:00:02.000", "00:00:03.500", "not sure"),
]


def test_webvtt(timeline: Timeline) -> None:
    text = to_vtt(timeline).decode()
    found = webvtt.from_buffer(StringIO(text))
    assert len(found) == len(SAID)
    for cue, (begin, end, words) in zip(found, SAID, strict=True):
        assert (cue.start, cue.end) == (begin, end)
        assert cue.text.endswith(words)
    assert found[0].voice == "Ben"
    # One arrow a cue, none in a text; what begins with a name is no markup.
    assert text.count("-->") == len(SAID)
    assert 'Anna --&gt; &lt;b&gt;&amp;"\\t\\n ö: looks happy' in text
    assert all(len(cue.raw_text.splitlines()) == 1 for cue in found)


def test_srt(timeline: Timeline) -> None:
    text = to_srt(timeline).decode()
    found = list(srt.parse(text))
    assert [cue.index for cue in found] == [1, 2, 3, 4]
    assert found[0].end == timedelta(hours=1, minutes=1, seconds=1.5)
    assert found[1].content == 'Anna → <b>&"\\t\\n ö: looks happy'
    assert (found[1].start, found[1].end) == (timedelta(seconds=0.5), timedelta(seconds=1.25))
    assert srt.compose(found).strip() == text.strip()


def test_a_recording_of_nobody() -> None:
    empty = Timeline("a.mp4", "a", 0.0, 1.0, 0.04, ())
    assert len(webvtt.from_buffer(StringIO(to_vtt(empty).decode()))) == 0
    assert to_srt(empty) == b""
