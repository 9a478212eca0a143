"""What is read: probabilities, words, and why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from mien.types.seen import Face

QualityIssue = Literal["too small", "blurred", "dark", "turned away"]
# Why a face that can be seen well gets no word, and why any face gets none.
Doubt = Literal["something else", "not sure enough"]
Reason = Doubt | QualityIssue
SOMETHING_ELSE: Final = "something else"

# Probabilities come from float32 softmax, and from csv files with a few decimals.
SUM_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Prediction:
    """Calibrated probabilities over a bundle's labels.

    Attributes:
        labels: The classes.
        probabilities: Of each, given that the face shows one of them; they sum to one.
        other: Probability that the face shows none of them; 0 where the bundle reads all that it
            has learnt.
    """

    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    other: float = 0.0

    def __post_init__(self) -> None:
        if not self.labels or len(self.labels) != len(self.probabilities):
            raise ValueError(
                f"Prediction needs one probability per label, got {len(self.probabilities)} "
                f"for {len(self.labels)} labels"
            )
        if not all(-SUM_TOLERANCE <= p <= 1 + SUM_TOLERANCE for p in self.probabilities):
            raise ValueError(f"Prediction needs probabilities in 0..1, got {self.probabilities}")
        if abs(sum(self.probabilities) - 1) > SUM_TOLERANCE:
            raise ValueError(f"Prediction must sum to one, got {sum(self.probabilities)}")
        if not -SUM_TOLERANCE <= self.other <= 1 + SUM_TOLERANCE:
            raise ValueError(f"Prediction.other must be in 0..1, got {self.other}")

    @property
    def label(self) -> str:
        """The most probable class."""
        return self.labels[self.probabilities.index(self.confidence)]

    @property
    def confidence(self) -> float:
        """Probability of the most probable class, given that the face shows one of the labels."""
        return max(self.probabilities)

    def to_dict(self) -> dict[str, float]:
        """Return label → probability."""
        return dict(zip(self.labels, self.probabilities, strict=True))


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a face can be seen, and what stands against reading it.

    Attributes:
        size: Side of the face in pixels (`Box.side`).
        sharpness: Variance of the Laplacian of the face at a fixed size; higher is sharper.
        brightness: Mean gray of the face, 0 to 255.
        yaw: Head turn estimated from the landmarks, -1 (left) to 1 (right); None without landmarks.
        issues: What makes a reading doubtful; empty where nothing does.
    """

    size: float
    sharpness: float
    brightness: float
    yaw: float | None = None
    issues: tuple[QualityIssue, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing stands against reading this face."""
        return not self.issues


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word, or why there is none.

    Attributes:
        label: The word; None where mien is not sure.
        reason: Why it is not sure; None where there is a label.
    """

    label: str | None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class UsualFace:
    """What is known of somebody's usual face, beside which they are read.

    Attributes:
        state: "learning", while it is; "on", where readings are given beside it; "few" and
            "unsteady", where it was not learnt, because the face was seen well for too short a
            time, or changed its look.
        share: How much of the time of learning has passed, 0 to 1.
    """

    state: Literal["learning", "on", "few", "unsteady"]
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What mien reads from one face in one frame.

    Attributes:
        track_id: Number of the person in this source, from 1; stays while the face is tracked.
        face: The face.
        raw: This frame's prediction alone.
        smoothed: The prediction over the last moments of this face.
        label: What to show: steady, because another word has to last first; None where mien is not
            sure.
        quality: How well the face can be seen.
        reason: Why mien is not sure: the face looks like "something else" than the labels, no label
            is probable enough, or what stands against reading it; None where there is a label.
        own: What `smoothed` says by itself at this moment, by the rule of `mien.models.decision`,
            where that is not what is shown, or not yet; None where it is.
        usual: What is known of the person's usual face; None where nobody asked for it. Where it is
            on, `smoothed` and what follows from it are given beside it, and `raw` is not.
    """

    track_id: int
    face: Face
    raw: Prediction
    smoothed: Prediction
    label: str | None
    quality: Quality
    reason: Reason | None = None
    own: Verdict | None = None
    usual: UsualFace | None = None

    def __post_init__(self) -> None:
        if self.label is not None and self.reason is not None:
            raise ValueError(f"Reading has the label {self.label}, and yet {self.reason!r}")

    @property
    def confidence(self) -> float:
        """Smoothed probability of the label, or, where there is none, of the most probable class.

        Both given that the face shows one of the labels, as in `Prediction.confidence`.
        """
        return self._probability(self.label)

    def _probability(self, label: str | None) -> float:
        return self.smoothed.confidence if label is None else self.smoothed.to_dict()[label]

    @property
    def remarks(self) -> tuple[Reason, ...]:
        """What to say beside the label or "not sure": that it is something else, and the issues."""
        unlike = (SOMETHING_ELSE,) if self.reason == SOMETHING_ELSE else ()
        return (*unlike, *self.quality.issues)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        landmarks = self.face.landmarks
        return {
            "track_id": self.track_id,
            "box": list(self.face.box.to_tuple()),
            "score": self.face.score,
            "landmarks": None if landmarks is None else landmarks.tolist(),
            "label": self.label,
            "reason": self.reason,
            "confidence": self.confidence,
            "other": self.smoothed.other,
            "probabilities": self.smoothed.to_dict(),
            "raw": self.raw.to_dict(),
            "quality": {
                "size": self.quality.size,
                "sharpness": self.quality.sharpness,
                "brightness": self.quality.brightness,
                "yaw": self.quality.yaw,
                "issues": list(self.quality.issues),
            },
            "usual": self.usual and {"state": self.usual.state, "share": self.usual.share},
        }


@dataclass(frozen=True, slots=True)
class Analysis:
    """All readings of one frame, without its pixels.

    Attributes:
        frame_index: Number of the frame in its source.
        timestamp: Seconds of stream time.
        source: Where the frame came from.
        size: Width and height of the frame in pixels; boxes refer to it.
        readings: One for each face in this frame, ordered by track id.
        timings: Seconds spent per stage.
        captured: As that of its frame.
    """

    frame_index: int
    timestamp: float
    source: str
    size: tuple[int, int]
    readings: tuple[Reading, ...]
    timings: Mapping[str, float] = field(default_factory=dict)
    captured: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "frame": self.frame_index,
            "time": self.timestamp,
            "source": self.source,
            "size": list(self.size),
            "faces": [reading.to_dict() for reading in self.readings],
            "timings": dict(self.timings),
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """Return one flat dict per face: the columns of the CSV and of the pandas frame.

        `label`, `confidence` and `reason` are what the probabilities of the row say by themselves;
        `shown` is the word that a screen shows meanwhile, `Reading.label`.

        The last one, `p_other`, is in a CSV only where the bundle tells something else apart.
        """
        return [self._row(reading) for reading in self.readings]

    def to_place(self) -> dict[str, Any]:
        """Return what rows say of the frame itself: source, frame, time."""
        return {"source": self.source, "frame": self.frame_index, "time": self.timestamp}

    def _row(self, reading: Reading) -> dict[str, Any]:
        box = reading.face.box
        own = reading.own or Verdict(reading.label, reading.reason)
        return {
            **self.to_place(),
            "track_id": reading.track_id,
            "x1": box.x1,
            "y1": box.y1,
            "x2": box.x2,
            "y2": box.y2,
            **{f"p_{name}": value for name, value in reading.smoothed.to_dict().items()},
            "label": own.label or "not sure",
            "confidence": reading._probability(own.label),
            "shown": reading.label or "not sure",
            "quality": "; ".join(reading.quality.issues) or "ok",
            "reason": own.reason or "",
            "p_other": reading.smoothed.other,
        }
