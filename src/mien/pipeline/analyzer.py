"""The live path: frame in, readings out.

Knows no concrete detector or classifier: `mien.registry` brings those.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Self

from mien.errors import SettingsError
from mien.models.decision import split
from mien.pipeline.baseline import UsualFaces
from mien.pipeline.pace import Pace
from mien.protocols import Classifier, Detector
from mien.tracking.appearance import describe
from mien.tracking.cuts import CutFinder
from mien.tracking.portrait import portray
from mien.tracking.roi import INTERVAL, RoiDetector
from mien.tracking.smoother import HOLD, HOLD_UNSURE, TIME_CONSTANT, Smoothed, Smoother
from mien.tracking.track import UNCONFIRMED
from mien.tracking.tracker import REMEMBER, Tracker
from mien.types import (
    Analysis,
    Face,
    Frame,
    PixelArray,
    Prediction,
    ProbabilityArray,
    Quality,
    Reading,
    Verdict,
)
from mien.vision.crop import crop_faces
from mien.vision.quality import DOUBTFUL, QualitySettings, assess


@dataclass(frozen=True, slots=True)
class AnalyzerSettings:
    """How faces are tracked and words are steadied; all times in seconds of stream time.

    Attributes:
        max_gap: How long a face that is missing keeps its number wherever it was expected.
        remember: How long someone who is away is known again by a portrait, in memory only; 0 for
            no longer than `max_gap`.
        confirm: How long a face that turns up in a running stream must be seen before it is read;
            those of a first frame, and so of single pictures, are read at once, and so are all
            where frames are further apart.
        time_constant: Of the moving average over a face's readings; 0 for none.
        hold: How long another label must be the best before it is shown; where frames are as far
            apart, one is enough.
        hold_unsure: How long none must be sure before "not sure" is shown.
        search: The full-frame detection interval; in between, faces are looked for in regions of
            interest (ROI) where they were. 0 for the full frame every time.
        quality: Where a face stops being good enough.
    """

    max_gap: float = 2.0
    remember: float = REMEMBER
    confirm: float = 0.1
    time_constant: float = TIME_CONSTANT
    hold: float = HOLD
    hold_unsure: float = HOLD_UNSURE
    search: float = INTERVAL
    quality: QualitySettings = field(default_factory=QualitySettings)

    def __post_init__(self) -> None:
        for name in (
            "max_gap",
            "remember",
            "confirm",
            "time_constant",
            "hold",
            "hold_unsure",
            "search",
        ):
            if not getattr(self, name) >= 0:
                raise SettingsError(f"{name} must be 0 seconds or more, got {getattr(self, name)}")


class Analyzer:
    """Reads the frames of one stream. Holds the stream's state: make one for each stream.

    The models hold none and may be shared between analyzers.
    """

    def __init__(
        self,
        detector: Detector,
        classifier: Classifier,
        *,
        not_sure_below: float,
        settings: AnalyzerSettings | None = None,
        usual: UsualFaces | None = None,
    ) -> None:
        """Join the parts.

        Args:
            detector: Finds the faces.
            classifier: Reads them.
            not_sure_below: Probability of being right that a label needs to be shown; the bundle
                names it.
            settings: Times and limits.
            usual: The usual faces of the stream's people; none are known or learnt where None.

        Raises:
            SettingsError: `not_sure_below` is not in 0..1.
        """
        if not 0 <= not_sure_below <= 1:
            raise SettingsError(f"not_sure_below must be in 0..1, got {not_sure_below}")
        settings = settings or AnalyzerSettings()
        self._rois = RoiDetector(detector, interval=settings.search)
        self._classifier = classifier
        self._quality = settings.quality
        self._tracker = Tracker(
            max_gap=settings.max_gap, confirm=settings.confirm, remember=settings.remember
        )
        self._smoother = Smoother(
            not_sure_below=not_sure_below,
            other=classifier.other,
            time_constant=settings.time_constant,
            hold=settings.hold,
            hold_unsure=settings.hold_unsure,
        )
        self._cuts = CutFinder()
        self._usual = usual or UsualFaces(None)
        self._pace = Pace()
        self._stands = 0.0
        self._source: str | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the bundle's order."""
        return self._classifier.labels

    def reset(self) -> None:
        """Forget all faces; a frame of another source, or one that is alone, does so by itself."""
        self._rois.reset()
        self._cuts.reset()
        self._tracker.reset()
        self._smoother.reset()
        self._pace.reset()
        self._usual.begin(self._source)

    def learn_usual(self, track_id: int) -> None:
        """Learn the usual face of somebody who is in view, in the seconds that come.

        `Reading.usual` says how far that is. Nothing happens where the number is nobody's, or the
        model can be shown no usual face. See `mien.pipeline.baseline`.
        """
        if track_id in self._tracker.ids:
            self._usual.learn(track_id)

    def forget_usual(self, track_id: int) -> None:
        """Read somebody like anybody again."""
        self._usual.forget(track_id)

    def __call__(self, frame: Frame) -> Analysis:
        """Read all faces of one frame.

        Returns:
            The readings, ordered by track id, and the seconds of each stage: detect, track, crop,
            quality, classify, smooth.
        """
        looked = self.look(frame)
        with looked.watch("classify"):
            probabilities = self._classifier(looked.crops)
        return self.finish(looked, probabilities)

    def look(self, frame: Frame) -> "Looked":
        """Do what comes before the classifier, so that it can be asked of several frames at once.

        `finish` has to follow before the next frame.
        """
        if frame.alone or frame.source != self._source:
            self._source = frame.source
            self.reset()
            if frame.alone:
                self._source = None
        self._stands = self._pace(frame.timestamp)
        watch = _Stopwatch()
        with watch("detect"):
            self._end_at_cut(frame)
            seen, missing = self._tracker.expected(frame.timestamp)
            found = self._rois(frame.image, frame.timestamp, seen, missing)
        with watch("track"):
            ids, faces = self._track(frame, found)
        with watch("crop"):
            crops = crop_faces(frame.image, faces, self._classifier.spec)
        with watch("quality"):
            qualities = [assess(frame.image, face, self._quality) for face in faces]
        bare = Analysis(
            frame.index, frame.timestamp, frame.source, frame.size, (), {}, frame.captured
        )
        return Looked(bare, ids, faces, crops, qualities, watch)

    def finish(self, looked: "Looked", probabilities: ProbabilityArray) -> Analysis:
        """Return the readings of a frame, given what the classifier said of its crops."""
        with looked.watch("smooth"):
            rows = looked.ids, looked.faces, looked.qualities, probabilities
            readings = self._smooth(looked.bare.timestamp, *rows)
        return replace(looked.bare, readings=readings, timings=looked.watch.seconds)

    def _end_at_cut(self, frame: Frame) -> None:
        """Where another scene begins, hand no number to who comes to be in somebody's place."""
        if frame.alone:
            return
        cut = self._cuts(frame.image, frame.timestamp, self._tracker.places)
        if cut:
            self._tracker.end(cut)
            self._rois.reset()

    def _track(self, frame: Frame, found: Sequence[Face]) -> tuple[list[int], list[Face]]:
        """Return the numbers and faces to read, in the order of the numbers."""
        # Looks tell who is who from one frame to the next.
        descriptors = None if frame.alone else describe(frame.image, found)
        numbers = self._tracker.update(
            found,
            frame.timestamp,
            descriptors,
            frame.size,
            stands=self._stands,
            portray=None if frame.alone else partial(portray, frame.image),
        )
        order = sorted(range(len(found)), key=numbers.__getitem__)
        kept = [index for index in order if numbers[index] != UNCONFIRMED]
        return [numbers[index] for index in kept], [found[index] for index in kept]

    def _smooth(
        self,
        timestamp: float,
        ids: Sequence[int],
        faces: Sequence[Face],
        qualities: Sequence[Quality],
        probabilities: ProbabilityArray,
    ) -> tuple[Reading, ...]:
        self._smoother.keep(self._tracker.ids)
        self._usual.meet(ids)
        rows = zip(ids, faces, qualities, probabilities, strict=True)
        return tuple(self._read(timestamp, *row) for row in rows)

    def _read(
        self,
        timestamp: float,
        track_id: int,
        face: Face,
        quality: Quality,
        probabilities: ProbabilityArray,
    ) -> Reading:
        doubt = next((issue for issue in quality.issues if issue in DOUBTFUL), None)
        read, usual = self._usual.read(track_id, probabilities, timestamp, quality)
        smoothed = self._smoother.update(
            track_id, read, timestamp, doubt=doubt, stands=self._stands
        )
        shown, own = self._verdicts(smoothed)
        return Reading(
            track_id=track_id,
            face=face,
            raw=self._prediction(probabilities),
            smoothed=self._prediction(smoothed.probabilities),
            label=shown.label,
            quality=quality,
            reason=shown.reason,
            own=None if own == shown else own,
            usual=usual,
        )

    def _verdicts(self, smoothed: Smoothed) -> tuple[Verdict, Verdict]:
        """Return what to show, and what the probabilities say by themselves."""
        words = (*self.labels, None)
        shown, own = (
            words[-1 if index is None else index]
            for index in (smoothed.label_index, smoothed.own_index)
        )
        return Verdict(shown, smoothed.reason), Verdict(own, smoothed.own_reason)

    def _prediction(self, outcomes: ProbabilityArray) -> Prediction:
        probabilities, other = split(outcomes, other=self._classifier.other)
        return Prediction(self.labels, tuple(map(float, probabilities)), float(other))


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A frame between the detector and the classifier, without its pixels.

    Attributes:
        bare: What there is to be said, but for the readings.
        ids: Numbers of the people.
        faces: Their faces.
        crops: What the classifier is to see of each, uint8 [N,H,W,C].
        qualities: How well each can be seen.
        watch: Measures the stages.
    """

    bare: Analysis
    ids: Sequence[int]
    faces: Sequence[Face]
    crops: PixelArray
    qualities: Sequence[Quality]
    watch: "_Stopwatch"


class _Stopwatch:
    """Seconds per stage: `with watch("detect"): ...`."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage = ""
        self._start = 0.0

    def __call__(self, stage: str) -> Self:
        self._stage = stage
        return self

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds[self._stage] = time.perf_counter() - self._start
