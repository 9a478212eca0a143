"""The table of `benchmarks.detectors`: recall by slice and detector, each at its own score."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.report import Column, Result
from mien.evaluation.detection import Tally, recall_difference

LEAST, LARGE = 48.0, 96.0  # sides of faces in pixels
TAGS = ("turned", "tilted", "glasses", "beard", "covered", "mask", "dark", "blurred", "cut")
OURS = "mien"
REFERENCE = "yunet-s"  # what the others' recall is compared with, face by face


@dataclass(frozen=True, slots=True)
class Scores:
    """What one detector did.

    Attributes:
        tally: On the pictures as they are.
        tags: Of each face in `tally.fits`.
        slices: On changed pictures and clips, by name.
    """

    tally: Tally
    tags: list[tuple[str, ...]]
    slices: dict[str, Tally]

    @property
    def threshold(self) -> float:
        """The score above which there is at most one false box in 100 pictures."""
        return self.tally.threshold()

    def tagged(self, tag: str) -> tuple[float, int]:
        """Return the recall of faces with a tag, and how many there are."""
        found = [
            fit.score > self.threshold
            for fit, tags in zip(self.tally.fits, self.tags, strict=True)
            if tag in tags and fit.side >= LEAST
        ]
        return (float(np.mean(found)) if found else float("nan")), len(found)


def table(scores: Mapping[str, Scores], pictures: str) -> Result:
    """Return recall by slice and detector, and what no percentage of faces says."""
    first = next(iter(scores.values()))
    columns = [Column("slice", "slice"), Column("faces", "faces", ",.0f")]
    columns += [Column(name, name, ".1%") for name in scores]
    rows: list[dict[str, str | float]] = []

    def add(title: str, count: float, values: Mapping[str, float]) -> None:
        known = {name: value for name, value in values.items() if np.isfinite(value)}
        rows.append({"slice": title, "faces": count, **known})

    for title, least in (("48 px and more", LEAST), ("96 px and more", LARGE)):
        values = {name: s.tally.recall(least, s.threshold) for name, s in scores.items()}
        add(title, first.tally.count(least), values)
    for tag in TAGS:
        values = {name: s.tagged(tag)[0] for name, s in scores.items()}
        add(tag, first.tagged(tag)[1], values)
    for name, tally in first.slices.items():
        if tally.count(LEAST):
            values = {
                other: s.slices[name].recall(LEAST, s.threshold)
                for other, s in scores.items()
                if name in s.slices
            }
            add(name, tally.count(LEAST), values)
    title = f"recall on {pictures} at 0.01 false boxes per picture"
    findings = (*_findings(scores), *_differences(scores))
    return Result("detectors", title, tuple(columns), tuple(rows), findings)


def _findings(scores: Mapping[str, Scores]) -> Iterator[str]:
    """Say what no percentage of faces says."""
    for name, score in scores.items():
        tally, least = score.tally, score.threshold
        false = {
            clip: sum(value > least for value in each.false_scores)
            for clip, each in score.slices.items()
            if clip.startswith("clip")
        }
        clips = ", ".join(f"{clip[5:]} {count}" for clip, count in false.items())
        error = tally.eye_error(LEAST)
        eyes = f"median eye error {error:.1%} of the eye distance"
        yield (
            f"{name}: score above {least:.3f}; mean IoU {tally.overlap(LEAST):.3f}, "
            f"{eyes if np.isfinite(error) else 'no landmarks'}; false boxes: pictures "
            f"{sum(value > least for value in tally.false_scores)}"
            + (f", frames of {clips}." if clips else ".")
        )


def _differences(scores: Mapping[str, Scores]) -> Iterator[str]:
    """Say how much more each detector of ours finds than the reference, on the same faces."""
    reference = scores.get(REFERENCE)
    for name, score in scores.items():
        if reference is None or not name.startswith(OURS):
            continue
        thresholds = score.threshold, reference.threshold
        gains = []
        for least in (LEAST, LARGE):
            if not score.tally.count(least):
                continue
            gain = recall_difference(score.tally, reference.tally, least, thresholds)
            ends = f"{100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
            gains.append(f"{100 * gain.value:+.1f} points ({ends}) of {least:.0f} px and more")
        yield f"{name} finds, compared with {REFERENCE}: {', '.join(gains)}."
