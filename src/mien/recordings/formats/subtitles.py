"""WebVTT and SRT: one cue for each look of each person, which players show below the video.

WebVTT: https://www.w3.org/TR/webvtt1/. SRT has no standard; this is what players agree on.
"""

import html
from collections.abc import Iterator
from dataclasses import dataclass

from mien import __version__
from mien.recordings.values import Timeline
from mien.vision.looks import word

_ARROW = "-->"


@dataclass(frozen=True, slots=True)
class _Cue:
    begin: int
    end: int
    who: str
    text: str


def to_vtt(timeline: Timeline, link: str | None = None) -> bytes:  # noqa: ARG001 - as the others
    """Return a timeline as WebVTT; times are rounded to milliseconds, of which none is 0 long."""
    note = f"NOTE Read by mien {__version__}; what a face looks like, not what anybody feels."
    parts = ["WEBVTT", note]
    for number, cue in enumerate(_cues(timeline), start=1):
        who, text = html.escape(cue.who, quote=False), html.escape(cue.text, quote=False)
        when = f"{_clock(cue.begin, '.')} {_ARROW} {_clock(cue.end, '.')}"
        parts.append(f"{number}\n{when}\n<v {who}>{who}: {text}</v>")
    return ("\n\n".join(parts) + "\n").encode()


def to_srt(timeline: Timeline, link: str | None = None) -> bytes:  # noqa: ARG001 - as the others
    """Return a timeline as SRT, where an arrow in a name is written as one letter."""
    parts = []
    for number, cue in enumerate(_cues(timeline), start=1):
        when = f"{_clock(cue.begin, ',')} {_ARROW} {_clock(cue.end, ',')}"
        text = f"{cue.who}: {cue.text}".replace(_ARROW, "→")
        parts.append(f"{number}\n{when}\n{text}\n")
    return "\n".join(parts).encode()


def _cues(timeline: Timeline) -> Iterator[_Cue]:
    """Yield cues by their time; nobody is announced as "not seen" before he is seen, or after."""
    cues = [
        _Cue(begin, end, lane.name, _said(one.look, timeline.labels))
        for lane in timeline.lanes
        for one in lane.seen()
        if (begin := _ms(one.begin)) < (end := _ms(one.end))
    ]
    yield from sorted(cues, key=lambda cue: (cue.begin, cue.end))


def _said(look: str, labels: tuple[str, ...]) -> str:
    return f"looks {word(look)}" if look in labels else look


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def _clock(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{rest:03}"
