"""Who is who: moving scenes in which people cross, hide and leave, and what numbers they get.

    python -m benchmarks.identity [--people wild] [--pairs 4]

Without `--people`, both are the portrait that comes with mien, the second mirrored and in other
colours; with a folder of class folders of pictures named `<person>_<number>.jpg`, pairs of them,
too. Recall and IDF1 (Ristani et al. 2016, "Performance measures and a data set for
multi-target, multi-camera tracking") are of the whole path; an ID switch is a person whose number
changes.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks.moving import Actor, Cutout, Scene, Walk, cut_out, people, portrait
from benchmarks.report import Column, Result, print_result
from mien.pipeline.analyzer import Analyzer, AnalyzerSettings
from mien.protocols import Detector
from mien.registry import make_analyzer, make_classifier, make_detector
from mien.types import Analysis, Box
from mien.vision.boxes import iou_matrix, to_array

SAME = 0.3  # overlap (IoU) of a reading with the face that is meant: framings differ
COLUMNS = (
    Column("case", "scene"),
    Column("faces", "faces", ",d"),
    Column("recall", "recall", ".1%"),
    Column("switches", "ID switches", "d"),
    Column("idf1", "IDF1", ".3f"),
    Column("recall_all", "recall, every full frame", ".1%"),
    Column("switches_all", "ID switches, every full frame", "d"),
)


@dataclass
class Truth:
    """Counts how numbers and people go together."""

    faces: int = 0
    read: int = 0
    found: int = 0
    switches: int = 0
    pairs: Counter[tuple[int, int]] = field(default_factory=Counter)
    last: dict[int, int] = field(default_factory=dict)

    def add(self, there: dict[int, Box], analysis: Analysis) -> None:
        """Count one frame."""
        self.faces += len(there)
        self.read += len(analysis.readings)
        if not there or not analysis.readings:
            return
        boxes = [reading.face.box for reading in analysis.readings]
        overlaps = iou_matrix(to_array(list(there.values())), to_array(boxes))
        for row, who in zip(overlaps, there, strict=True):
            if row.max() >= SAME:
                number = analysis.readings[int(row.argmax())].track_id
                self.found += 1
                self.switches += self.last.setdefault(who, number) != number
                self.last[who] = number
                self.pairs[who, number] += 1

    @property
    def idf1(self) -> float:
        """IDF1; people and numbers are joined by the frames that they share, most first."""
        shared, left = 0, dict(self.pairs)
        while left:
            who, number = max(left, key=left.__getitem__)
            shared += left[who, number]
            left = {k: n for k, n in left.items() if k[0] != who and k[1] != number}
        return 2 * shared / max(1, self.faces + self.read)


def scenes(first: Cutout, second: Cutout) -> Iterator[Scene]:
    """Yield scenes of two people."""

    def actor(
        who: Cutout,
        *points: tuple[float, float],
        y: float = 240.0,
        side: float = 110.0,
        hidden: tuple[float, float] | None = None,
    ) -> Actor:
        walk = Walk([(t, (x, y)) for t, x in points], [hidden] if hidden else [])
        return Actor([(0.0, who)], walk, side)

    yield Scene(
        (
            actor(first, (1, 100), (4, 540)),
            actor(second, (1, 540), (4, 100), y=250),
        ),
        5,
        name="two cross",
    )
    yield Scene(
        (
            actor(first, (1, 100), (3, 540), y=230, side=90),
            actor(second, (1, 540), (3, 100), y=260, side=130),
        ),
        5,
        name="two cross, one nearer",
    )
    yield Scene(
        (
            actor(first, (0, 120), (2, 300), (3, 300), (5, 120)),
            actor(second, (0, 520), (2, 360), (3, 360), (5, 520)),
        ),
        5,
        name="two meet and part",
    )
    yield Scene(
        (
            actor(first, (0, 200), (5, 240), hidden=(2, 3)),
            actor(second, (0, 480), (5, 460)),
        ),
        5,
        name="one hidden for 1 s",
    )
    yield Scene(
        (
            actor(first, (0, 200), (5, 240), hidden=(2, 3)),
            actor(second, (0, 480), (5, 460), hidden=(2, 3)),
        ),
        5,
        name="both hidden for 1 s",
    )
    yield Scene(
        (actor(first, (1.5, 150), (4, 450), hidden=(2, 3)),), 5, name="hidden for 1 s on the way"
    )
    yield Scene(
        (
            actor(first, (1, 200), (1.5, 520), (2, 520), (2.5, 100)),
            actor(second, (1, 330), (1.5, 650), (2, 650), (2.5, 230), side=90),
        ),
        4,
        name="camera pans, one leaves for 0.5 s",
    )
    yield Scene(
        (actor(first, (1, 320), (1.5, -400), (2, -400), (2.5, 320)),),
        4,
        name="camera pans away and back",
    )


def judge(analyzer: Analyzer, scene: Scene) -> Truth:
    """Read a scene."""
    truth = Truth()
    for index in range(len(scene)):
        frame, there = scene.frame(index)
        truth.add(there, analyzer(frame))
    return truth


def measure(casts: list[tuple[Cutout, Cutout]], detector: Detector) -> Result:
    """Read all scenes with all pairs, by ROI tracking and by every full frame."""
    classifier, info = make_classifier()
    totals: dict[str, list[tuple[Truth, Truth]]] = {}
    for cast in casts:
        for scene in scenes(*cast):
            both = []
            for settings in (AnalyzerSettings(), AnalyzerSettings(search=0.0)):
                analyzer = make_analyzer(detector, classifier, info, settings=settings)
                both.append(judge(analyzer, scene))
            totals.setdefault(scene.name, []).append((both[0], both[1]))
    rows: list[dict[str, str | float]] = [
        {"case": name, **_figures(pairs)} for name, pairs in totals.items()
    ]
    return Result("identity", f"{len(casts)} pairs of people", COLUMNS, tuple(rows))


def _figures(pairs: list[tuple[Truth, Truth]]) -> dict[str, float]:
    ours, every = ([pair[n] for pair in pairs] for n in (0, 1))
    return {
        "faces": sum(one.faces for one in ours),
        "recall": sum(one.found for one in ours) / sum(one.faces for one in ours),
        "switches": sum(one.switches for one in ours),
        "idf1": float(np.mean([one.idf1 for one in ours])),
        "recall_all": sum(one.found for one in every) / sum(one.faces for one in every),
        "switches_all": sum(one.switches for one in every),
    }


def _pairs(folder: Path, count: int, detector: Detector) -> list[tuple[Cutout, Cutout]]:
    known = people(folder)
    found: list[Cutout] = []
    for name in np.random.default_rng(0).permutation(sorted(known)):
        cutout = cut_out(next(iter(known[name].values()))[0], detector)
        if cutout is not None:
            found.append(cutout)
        if len(found) == 2 * count:
            break
    return list(zip(found[::2], found[1::2], strict=False))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=Path, help="class folders of pictures")
    parser.add_argument("--pairs", type=int, default=4, help="of people (default %(default)s)")
    args = parser.parse_args()
    detector = make_detector()
    casts = [(portrait(), portrait(hue=60, mirrored=True))]
    if args.people:
        casts += _pairs(args.people, args.pairs, detector)
    print_result(measure(casts, detector), Console(highlight=False, width=150))


if __name__ == "__main__":
    main()
