"""What all pages share: models, sources, and what is counted."""

import dataclasses
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mien.models.occlusion import PartEffect
from mien.protocols import Source
from mien.sources.reconnect import OnNotice
from mien.types import Analysis, Face, Frame, OnProgress, PixelArray
from mien.web import protocol
from mien.web.guard.limits import OpenPages
from mien.web.protocol import Mode, SourceId
from mien.web.session.recorder import Recorder
from mien.web.session.stats import LiveMeter
from mien.web.teaching import Adapted, KeptFace

Explain = Callable[[PixelArray, Face], Sequence[PartEffect]]


class Analyze(Protocol):
    """Reads the frames of one stream, as `mien.pipeline.analyzer.Analyzer` does."""

    def __call__(self, frame: Frame, /) -> Analysis:
        """Read all faces of one frame."""
        ...

    def learn_usual(self, track_id: int) -> None:
        """Learn the usual face of somebody who is in view, in the seconds that come."""
        ...

    def forget_usual(self, track_id: int) -> None:
        """Read somebody like anybody again."""
        ...


def obey_usual(analyze: Analyze, asked: protocol.Usual) -> None:
    """Learn or forget a usual face, as a page asks."""
    if asked.learn:
        analyze.learn_usual(asked.track_id)
    else:
        analyze.forget_usual(asked.track_id)


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """What a page has had learnt: a model of its own, in memory.

    Attributes:
        told: What the page is told of it.
        labels: What it reads.
        model: What the page tells of it.
        make_analyzer: As of `Services`.
        explain: As of `Services`.
        files: Of its bundle, by their names.
    """

    told: Adapted
    labels: tuple[str, ...]
    model: protocol.ModelFacts
    make_analyzer: Callable[[], Analyze]
    explain: Explain
    files: Mapping[str, bytes]


class Teach(Protocol):
    """Makes a model of faces, as `mien.web.session.teacher.Teacher` does."""

    def __call__(self, faces: Sequence[KeptFace], on_progress: OnProgress, /) -> Taught:
        """Learn, in a thread; what `on_progress` raises ends it."""
        ...


@dataclass(frozen=True, slots=True)
class OfferedSource:
    """A source that pages may watch.

    Attributes:
        name: What to call it on the page.
        open: Opens it; raises `SourceError` where that fails. Is given what to tell when the
            source breaks off and is waited for, and when it is back.
    """

    name: str
    open: Callable[[OnNotice], Source]


@dataclass(frozen=True, slots=True)
class Services:
    """What all pages share.

    Attributes:
        labels: The classifier's labels.
        make_analyzer: Makes an analyzer with a state of its own, on models that all share.
        explain: Tells which parts of a face in a picture its reading rests on.
        sources: What the server can read.
        mode: What a page begins with.
        meter: Counts all frames.
        pages: Counts the pages that are open.
        model: What the page tells of the model.
        recorder: Writes what is read into a table, where one was asked for.
        teach: Makes a model of a page's own; None where none can be made.
        lesson: Held while a page's model is made: one at a time, whichever page it is of.
    """

    labels: tuple[str, ...]
    make_analyzer: Callable[[], Analyze]
    explain: Explain
    sources: Mapping[SourceId, OfferedSource]
    mode: Mode = "camera"
    meter: LiveMeter = dataclasses.field(default_factory=LiveMeter)
    pages: OpenPages = dataclasses.field(default_factory=OpenPages)
    model: protocol.ModelFacts | None = None
    recorder: Recorder = dataclasses.field(default_factory=Recorder)
    teach: Teach | None = None
    lesson: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def for_others(self) -> "Services":
        """Return what devices on the network are offered: not what this machine's camera sees.

        Whoever sits before it would not expect to be seen on a phone; and the address of a stream
        may hold a password, which the page must not be able to use from elsewhere. Nor is a guest
        written into this machine's table, who does not know of it.
        """
        sources = dict(self.sources)
        sources.pop("configured", None)
        mode: Mode = "camera" if self.mode == "configured" else self.mode
        return dataclasses.replace(self, sources=sources, mode=mode, recorder=Recorder())

    def reading(self, taught: Taught) -> "Services":
        """Return the same with a page's own model, which no other page reads with."""
        return dataclasses.replace(
            self,
            labels=taught.labels,
            model=taught.model,
            make_analyzer=taught.make_analyzer,
            explain=taught.explain,
        )
