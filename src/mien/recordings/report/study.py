"""What is kept of a study: figures of each case, so that no recording stays in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mien.recordings.report.agreement import Tally
from mien.recordings.report.cases import Case
from mien.recordings.report.events import Event, Events, Latency, latency
from mien.recordings.report.shares import Episodes, episodes, problems
from mien.recordings.report.strips import Strip, strip_of
from mien.recordings.values import Recording

# More than these are no page that anybody reads, and none that a browser opens at once.
MOST_STRIPS = 200


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a case.

    Attributes:
        source: The recording's name in the table.
        video: Its short name.
        person: Who.
        begin: Where the recording begins, in seconds of stream.
        end: Where it ends.
        seen: For how many seconds the person was seen.
        episodes: By look, "not sure" and "not seen" too.
        problems: What stood against being read, and for how many seconds; None where the table does
            not say.
        latencies: For each event of the recording, in order.
        strip: The case over time; None where there are too many for a page.
    """

    source: str
    video: str
    person: str
    begin: float
    end: float
    seen: float
    episodes: Mapping[str, Episodes]
    problems: Mapping[str, float] | None
    latencies: tuple[Latency, ...]
    strip: Strip | None

    @property
    def seconds(self) -> float:
        """How long the recording is."""
        return self.end - self.begin

    def look(self, look: str) -> Episodes:
        """Return the episodes of a look; none where it does not occur."""
        return self.episodes.get(look, Episodes())


@dataclass(slots=True)
class Study:
    """All cases, by recording.

    Attributes:
        window: Seconds before and after an event that are looked at; None where there are none.
        told: The cases.
        events: Those within each recording, by its source.
        links: Where a recording's video is, seen from the page, by its source.
        labels: The looks that the tables speak of.
        deserted: Recordings in which nobody is left.
        tally: What was coded by hand.
    """

    window: float | None = None
    told: list[Told] = field(default_factory=list)
    events: dict[str, tuple[Event, ...]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    deserted: list[str] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    @property
    def people(self) -> Sequence[str]:
        """Everybody, by name."""
        return list(dict.fromkeys(one.person for one in self.told))

    @property
    def sources(self) -> Sequence[str]:
        """Every recording in which somebody is."""
        return list(dict.fromkeys(one.source for one in self.told))

    def add(self, recording: Recording, cases: Sequence[Case], events: Events | None) -> None:
        """Add one recording, and the cases in it."""
        source = recording.source
        here = () if events is None else events.of(source, recording.begin, recording.end)
        self.events[source] = here
        if not cases:
            self.deserted.append(source)
        for case in cases:
            self.labels = tuple(dict.fromkeys((*self.labels, *case.labels)))
            self.tally.add(case)
            self.told.append(self._told(case))

    def _told(self, case: Case) -> Told:
        window = self.window or 0.0
        return Told(
            *(case.source, case.video, case.person, case.begin, case.end, case.seen),
            episodes(case.looks),
            None if case.quality is None else problems(case),
            tuple(latency(case, one, window) for one in self.events[case.source]),
            strip_of(case) if len(self.told) < MOST_STRIPS else None,
        )
