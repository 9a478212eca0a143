"""The values that travel between the parts. All are frozen and validated when they are made."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
RealArray = npt.NDArray[np.float64]
PixelArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]
ProbabilityArray = npt.NDArray[np.float32]

Alignment = Literal["none", "eyes"]
# Called with the progress of long work: the stage, how much is done, and of how much where known.
OnProgress = Callable[[str, int, int | None], None]
QualityIssue = Literal["too small", "blurred", "dark", "turned away"]
# How plots are written.
PlotKind = Literal["png", "svg", "pdf"]
# Why a face that can be seen well gets no word, and why any face gets none.
Doubt = Literal["something else", "not sure enough"]
Reason = Doubt | QualityIssue
SOMETHING_ELSE: Final = "something else"

# Probabilities come from float32 softmax, and from csv files with a few decimals.
SUM_TOLERANCE = 1e-3


def ignore_progress(_stage: str, _done: int, _total: int | None) -> None:
    """Tell nobody of the progress of long work."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was left out, so that the rest could be read.

    Attributes:
        path: Which file, folder or source.
        reason: Why, in one line.
        named: Whether it was asked for by its name, so that to go on without it is a failure.
    """

    path: str
    reason: str
    named: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source.

    Attributes:
        image: BGR uint8 [H,W,3]; made read-only.
        index: Number of the frame in its source, from 0. Dropped frames are counted.
        timestamp: Seconds from the start of the stream, by the stream's own clock.
        source: Where it came from: a path, an address, "camera 0", "sample".
        moving: Whether it is one frame of an animation in a picture file, such as a GIF: its name
            looks like that of a picture, and it is a video.
    """

    image: PixelArray
    index: int
    timestamp: float
    source: str
    moving: bool = False

    def __post_init__(self) -> None:
        if self.image.dtype != np.uint8 or self.image.ndim != 3 or self.image.shape[2] != 3:
            raise ValueError(
                f"Frame.image must be uint8 [H,W,3], got {self.image.dtype} {self.image.shape}"
            )
        if not math.isfinite(self.timestamp):
            raise ValueError(f"Frame.timestamp must be finite, got {self.timestamp}")
        image = self.image.view()
        image.flags.writeable = False
        object.__setattr__(self, "image", image)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.shape[1], self.image.shape[0]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; x2 and y2 are just outside, so that width is x2 - x1."""

    x1: float
    y1: float
    x2: float
    y2: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.x1, self.y1, self.x2, self.y2))):
            raise ValueError(f"Box must be finite, got {self}")
        if self.x2 <= self.x1 or self.y2 <= self.y1:
            raise ValueError(f"Box must have x1 < x2 and y1 < y2, got {self}")

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.y2 - self.y1

    @property
    def side(self) -> float:
        """Side of the square of the same area: detectors differ more in shape than in area."""
        return math.sqrt(self.width * self.height)

    @property
    def center(self) -> tuple[float, float]:
        """Centre (x, y)."""
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    def to_tuple(self) -> tuple[float, float, float, float]:
        """Return (x1, y1, x2, y2)."""
        return self.x1, self.y1, self.x2, self.y2


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face that a detector found.

    Attributes:
        box: Where it is.
        score: The detector's confidence, 0 to 1.
        landmarks: float32 [5,2] in pixels: the eye on the picture's left, the eye on its right,
            nose tip, mouth corner on the left, mouth corner on the right; None where the detector
            gives none. Made read-only. Left and right are those of the picture once it is turned.
        turns: By how many quarter turns against the clock the picture must be turned for the head
            to be upright, 0 to 3; detectors that look for upright heads only leave it at 0.
    """

    box: Box
    score: float
    landmarks: FloatArray | None = None
    turns: int = 0

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:
            raise ValueError(f"Face.score must be in 0..1, got {self.score}")
        if self.turns not in range(4):
            raise ValueError(f"Face.turns must be in 0..3, got {self.turns}")
        if self.landmarks is None:
            return
        points = np.array(self.landmarks, dtype=np.float32)
        if points.shape != (5, 2) or not np.isfinite(points).all():
            raise ValueError(f"Face.landmarks must be finite [5,2], got {points.shape}")
        points.flags.writeable = False
        object.__setattr__(self, "landmarks", points)


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a network wants to see; `mien.vision.crop` makes it.

    Attributes:
        size: Side of the square crop in pixels.
        channels: 1 for gray, 3 for RGB.
        crop_scale: Side of the crop over `Box.side`.
        alignment: "eyes" turns the crop so that the eyes are level; "none" leaves it.
    """

    size: int
    channels: int
    crop_scale: float
    alignment: Alignment = "none"

    def __post_init__(self) -> None:
        if not 8 <= self.size <= 1024:
            raise ValueError(f"InputSpec.size must be in 8..1024, got {self.size}")
        if self.channels not in (1, 3):
            raise ValueError(f"InputSpec.channels must be 1 or 3, got {self.channels}")
        if not 0.1 <= self.crop_scale <= 10:
            raise ValueError(f"InputSpec.crop_scale must be in 0.1..10, got {self.crop_scale}")
        if self.alignment not in ("none", "eyes"):
            raise ValueError(f"InputSpec.alignment must be none or eyes, got {self.alignment}")


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
    """

    track_id: int
    face: Face
    raw: Prediction
    smoothed: Prediction
    label: str | None
    quality: Quality
    reason: Reason | None = None
    own: Verdict | None = None

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
    """

    frame_index: int
    timestamp: float
    source: str
    size: tuple[int, int]
    readings: tuple[Reading, ...]
    timings: Mapping[str, float] = field(default_factory=dict)

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

    def _row(self, reading: Reading) -> dict[str, Any]:
        box = reading.face.box
        own = reading.own or Verdict(reading.label, reading.reason)
        return {
            "source": self.source,
            "frame": self.frame_index,
            "time": self.timestamp,
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
