"""Usual faces from what is there before a source is read: its own first seconds, or pictures."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from mien.errors import SettingsError
from mien.pipeline.analyzer import Analyzer
from mien.pipeline.baseline import FEWEST, MOMENT, Baseline, Moments
from mien.protocols import Source
from mien.sources.limited import Limited
from mien.types import Frame, PixelArray, ProbabilityArray, Reading, RealArray

_WHY: Mapping[str, str] = {
    "few": f"fewer than {FEWEST} moments in which the face is seen well",
    "unsteady": "the face changes its look",
}


def check_seconds(start: float, end: float) -> None:
    """Refuse a part of a video that is too short to learn a usual face from.

    Raises:
        SettingsError: It is.
    """
    if not start >= 0 or not end - start >= FEWEST * MOMENT:
        raise SettingsError(
            f"a usual face needs {FEWEST * MOMENT:.0f} seconds or more, got those from {start:g} "
            f"to {end:g} s; choose some in which the face is at rest"
        )


def from_seconds(
    source: Source,
    analyzer: Analyzer,
    reference: RealArray,
    start: float,
    end: float,
    *,
    begin: float | None = None,
) -> Baseline:
    """Learn the usual face of everybody who is seen in a part of each video.

    An analyzer that reads the same source from the same frame on gives people the same numbers.

    Args:
        source: Videos that can be read again; closed by who opened it.
        analyzer: Reads them; of the same settings as the one that is given what is learnt.
        reference: From `mien.models.neutral.reference`.
        start: Seconds of stream time.
        end: Seconds of stream time, not included.
        begin: From where the source is going to be read; its beginning where None.

    Raises:
        SettingsError: The part is too short, or nobody's usual face could be learnt.
        SourceError: The source broke off.
    """
    check_seconds(start, end)
    people: dict[str, dict[int, Moments]] = {}
    videos: set[str] = set()  # pictures have one frame
    for frame in Limited(source, start=begin, end=end):
        found = people.get(frame.source)
        if found is None:
            found = people[frame.source] = {}
        else:
            videos.add(frame.source)
        readings = analyzer(frame).readings
        if start <= frame.timestamp < end:
            for reading in readings:
                moments = found.setdefault(reading.track_id, Moments())
                if reading.quality.ok:
                    moments.add(outcomes_of(reading, len(reference)), frame.timestamp)
    return _judged({name: people[name] for name in people if name in videos}, reference)


def _judged(people: Mapping[str, Mapping[int, Moments]], reference: RealArray) -> Baseline:
    offsets: dict[str, dict[int, RealArray]] = {}
    notes = []
    for name, found in people.items():
        if not found:
            notes.append(f"{name}: no usual face: nobody is seen in those seconds")
        for number, moments in found.items():
            problem = moments.problem()
            if problem is None:
                offsets.setdefault(name, {})[number] = moments.offset(reference)
            else:
                notes.append(f"{name}: no usual face of person {number}: {_WHY[problem]}")
    if not offsets:
        raise SettingsError(
            f"{notes[0] if notes else 'a usual face needs a video, and there is none'}; "
            "choose seconds of a video in which a face is at rest and seen well"
        )
    return Baseline(offsets, notes=tuple(notes))


def from_pictures(
    pictures: Iterable[tuple[str, PixelArray]],
    make_analyzer: Callable[[], Analyzer],
    reference: RealArray,
) -> Baseline:
    """Learn the usual face of the one person in some pictures.

    Args:
        pictures: Names, and BGR uint8 [H,W,3]; one face each.
        make_analyzer: Makes what reads them.
        reference: From `mien.models.neutral.reference`.

    Raises:
        SettingsError: There is no picture, a picture has not one face that is seen well, or the
            looks differ.
    """
    moments = Moments()
    for index, (name, image) in enumerate(pictures):
        readings = make_analyzer()(Frame(image, 0, 0.0, name)).readings
        if len(readings) != 1:
            found = "no face" if not readings else f"{len(readings)} faces"
            raise SettingsError(f"{name}: {found}; a picture of a usual face shows one face")
        (reading,) = readings
        if not reading.quality.ok:
            why = ", ".join(reading.quality.issues)
            raise SettingsError(f"{name}: the face is {why}; take a better picture of it")
        moments.add(outcomes_of(reading, len(reference)), index * MOMENT)
    problem = moments.problem(fewest=1)
    if problem is not None:
        why = "no picture" if problem == "few" else "the looks in the pictures differ"
        raise SettingsError(f"no usual face: {why}; give pictures of one face at rest")
    return Baseline(alone=moments.offset(reference))


def outcomes_of(reading: Reading, columns: int) -> ProbabilityArray:
    """Return what the classifier gave, float32 [columns]: of the labels, and of something else."""
    raw = reading.raw
    labels = (share * (1 - raw.other) for share in raw.probabilities)
    return np.array([*labels, raw.other][:columns], np.float32)
