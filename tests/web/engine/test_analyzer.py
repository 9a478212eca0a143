"""Whole scenes through the engine and through Python: the same readings, frame by frame."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import cv2
import numpy as np
from tests.web.engine.twins import Answer, of_opencv_5, picture, scenery

from mien.pipeline.analyzer import Analyzer, AnalyzerSettings
from mien.pipeline.baseline import UsualFaces
from mien.types import Box, Face, Frame, InputSpec, PixelArray, ProbabilityArray

Random = np.random.Generator
SIZE = (200, 150)
SCENES, FRAMES = 12, 36
# As much blue is in faces only.
BLUE = 127
LABELS = ("angry", "sad", "happy", "neutral", "surprised", "afraid", "disgusted", "contempt")


@of_opencv_5
def test_scenes(answer: Answer) -> None:
    rng = np.random.default_rng(18)
    room = scenery(rng, *SIZE) // 4
    people = [make_person(rng, side) for side in (48, 40, 56, 44, 20)]
    people += [_as_one(people[0], (150, 2, 2)), _as_one(people[1], (170, 120, 140))]
    vectors = {
        "room": picture(room),
        "people": [picture(one) for one in people],
        "settings": _defaults(),
        "scenes": [scene(rng, room, people) for _ in range(SCENES)],
    }
    assert answer("analyzer", vectors) == ""


def _defaults() -> dict[str, Any]:
    usual = asdict(AnalyzerSettings())
    return {**_in_javascript(usual), "quality": _in_javascript(usual["quality"])}


def _in_javascript(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings by their names there."""
    return {re.sub("_(.)", lambda end: end[1].upper(), name): one for name, one in settings.items()}


def make_person(rng: Random, side: int) -> PixelArray:
    """Return hair, a face of about that side, and clothes, [H,side,3]; only the face is blue."""
    hair, face, clothes = (round(part * side) for part in (0.35, 1.0, 1.0))
    parts = []
    for height, low, share in ((hair, 10, 0.35), (face, 140, 0.4), (clothes, 10, 0.35)):
        tint = rng.uniform(0, (1, 1, 1))
        grain = scenery(rng, side, height) * 0.5 + rng.integers(0, 128, (height, side, 3))
        parts.append(low + share * grain * (tint if low < 100 else 0.6 + 0.4 * tint))
    return np.concatenate(parts).astype(np.uint8)


def _as_one(person: PixelArray, face: tuple[int, int, int]) -> PixelArray:
    """Return somebody whose face has one colour: blurred, and dark where that is but blue."""
    return np.where(person[..., :1] > BLUE, face, person).astype(np.uint8)


class _Detector:
    """Finds what is blue, and notes what it found in each call."""

    name, face_side = "blue", 24.0

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.calls: list[list[Face]] = []
        self.turned = False

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        blue = (image[..., 0] > BLUE).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(blue, connectivity=4)
        faces = [self._face(*map(float, row[:4])) for row in stats[1:] if row[4] >= 64]
        self.calls.append(faces)
        return tuple(faces)

    def _face(self, x: float, y: float, width: float, height: float) -> Face:
        nose = 0.05 if self.turned else 0.5
        share = np.array([[0.3, 0.38], [0.7, 0.38], [nose, 0.6], [0.33, 0.78], [0.67, 0.78]])
        points = share * (width, height) + (x, y) + self._rng.normal(scale=0.3, size=(5, 2))
        landmarks = None if self._rng.random() < 0.03 else points.astype(np.float32)
        return Face(Box(x, y, x + width, y + height), float(self._rng.uniform(0.5, 1)), landmarks)


class _Classifier:
    """Reads a look that comes and goes, and notes its answers."""

    def __init__(self, rng: Random, labels: int, spec: InputSpec) -> None:
        self._rng, self.spec = rng, spec
        self.labels, self.other = LABELS[:labels], bool(rng.integers(2))
        self.calls: list[ProbabilityArray] = []
        self._logits = rng.normal(scale=2, size=labels + self.other)

    def __call__(self, faces: PixelArray) -> ProbabilityArray:
        rng, width = self._rng, len(self.labels) + self.other
        if rng.random() < 0.1:
            self._logits = rng.normal(scale=rng.choice([0.5, 3]), size=width)
        values = np.exp(self._logits + rng.normal(scale=0.4, size=(len(faces), width)))
        rows = np.asarray(values / values.sum(axis=1, keepdims=True), np.float32)
        if len(faces):
            self.calls.append(rows)
        return rows


@dataclass
class _Walk:
    """Where somebody is, by whole pixels, and whether they are there."""

    who: int
    rng: Random
    place: np.ndarray = field(init=False)
    step: np.ndarray = field(init=False)
    there: bool = True

    def __post_init__(self) -> None:
        self.place = self.rng.integers((0, 0), (SIZE[0] - 40, 50))
        self.step = self.rng.integers(-4, 5, 2) * (1, 0)

    def live(self) -> None:
        """Go on; turn round at the walls, or leave."""
        rng = self.rng
        self.place = self.place + self.step
        if not -20 < self.place[0] < SIZE[0] - 30:
            self.step = -self.step
        if rng.random() < 0.08:
            self.there = not self.there
        if rng.random() < 0.05:
            self.step = rng.integers(-4, 5, 2) * (1, 0)


def stream(rng: Random, people: int) -> Iterator[tuple[float, str, list[tuple[int, int, int]]]]:
    """Yield when a frame is, of which source, and who is where."""
    walks = [_Walk(int(who), rng) for who in rng.choice(people, size=3, replace=False)]
    rate, now, source = float(rng.choice([1, 2, 5, 10, 15, 30])), float(rng.uniform(0, 3)), 0
    for _ in range(FRAMES):
        now += 1 / rate
        if rng.random() < 0.03:
            now += float(rng.choice([-5.0, 0.7, 3.0, 60.0, 1000.0]))
        if rng.random() < 0.02:
            source += 1
        for walk in walks:
            walk.live()
        there = [(one.who, *map(int, one.place)) for one in walks if one.there]
        yield now, f"camera {source}", there


def scene(rng: Random, room: PixelArray, people: list[PixelArray]) -> dict[str, Any]:
    """Return a scene and what is read of it, with what detector and classifier said in it."""
    size, channels = int(rng.choice([16, 48])), int(rng.choice([1, 3]))
    spec = InputSpec(size, channels, float(rng.choice([1.0, 1.3])))
    below = float(rng.choice([0.3, 0.5, 0.7]))
    changed = {"search": 0.0, "hold": 0.4, "hold_unsure": 0.3, "confirm": 0.0, "remember": 5.0}
    given = {name: value for name, value in changed.items() if rng.random() < 0.15}
    detector = _Detector(rng)
    classifier = _Classifier(rng, int(rng.choice([4, 8])), spec)
    settings = AnalyzerSettings(**given)
    columns = len(classifier.labels) + classifier.other
    known = None if rng.random() < 0.2 else -rng.exponential(2, columns)
    usual = UsualFaces(known)
    analyzer = Analyzer(detector, classifier, not_sure_below=below, settings=settings, usual=usual)
    frames = []
    for index, (time, source, there) in enumerate(stream(rng, len(people))):
        image = room.copy()
        for who, x, y in there:
            _paste(image, people[who], x, y)
        detector.calls, classifier.calls = [], []
        detector.turned = bool(rng.random() < 0.2) if index % 8 == 0 else detector.turned
        asked = None
        if rng.random() < 0.2:
            asked = [int(rng.integers(1, 4)), bool(rng.random() < 0.8)]
            (analyzer.learn_usual if asked[1] else analyzer.forget_usual)(asked[0])
        analysis = analyzer(Frame(image, index, time, source)).to_dict()
        answers = {"asked": asked, "found": detector.calls, "probabilities": classifier.calls}
        frames.append({"there": there, **answers, "analysis": {"type": "analysis", **analysis}})
    return {
        "faceSide": detector.face_side,
        "bundle": {
            "labels": classifier.labels,
            "other": classifier.other,
            "notSureBelow": below,
            "neutralLogs": None if known is None else known.tolist(),
            "spec": {
                "size": size,
                "channels": channels,
                "crop_scale": spec.crop_scale,
                "alignment": "none",
            },
        },
        "settings": _in_javascript(given),
        "frames": frames,
    }


def _paste(image: PixelArray, person: PixelArray, x: int, y: int) -> None:
    """Put somebody into a picture, so far as there is room."""
    room = image[max(y, 0) : max(y + person.shape[0], 0), max(x, 0) : max(x + person.shape[1], 0)]
    top, left = max(-y, 0), max(-x, 0)
    room[:] = person[top : top + room.shape[0], left : left + room.shape[1]]
