"""Whether a device answers as the CPU does, and is quicker: what "auto" goes by, and what is told.

Both are asked about the same pictures of the sample.
"""

import logging
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from mien.errors import MienError, one_line
from mien.models.devices import CPU, Asked, Device
from mien.protocols import Classifier, Detector
from mien.sources.sample import SampleSource
from mien.types import Box, Face, PixelArray
from mien.vision.boxes import iou_matrix, to_array
from mien.vision.crop import crop_faces

LOG = logging.getLogger(__name__)
M = TypeVar("M", bound=Classifier | Detector)
# Networks in 8 bits are rounded otherwise where a device computes them in floats: by 0.0001, 0.001
# and 0.6 % (benchmarks/experiments/floats.py). What is much further away is computed otherwise.
MOST_PROBABILITY, MOST_SCORE, MOST_OF_BOX = 0.01, 0.01, 0.02
# A device must save this share of the time: less is noise, and its start costs seconds.
GAIN = 0.2
WARM, ROUNDS = 3, 9
# About where the face is in the sample's first frame, of 640x480 pixels, and parts of it, of which
# the network is less sure.
PLACES = ((220, 120, 420, 320), (200, 60, 330, 190), (300, 140, 470, 310), (225, 230, 425, 430))


@dataclass(frozen=True, slots=True)
class Compared:
    """A model on a device beside itself on the CPU.

    Attributes:
        alike: Whether the answers are the same, but for rounding.
        difference: How far they are apart, in words.
        figures: The same as numbers, by name.
        ms: Milliseconds of a call on the device, the median.
        cpu_ms: The same on the CPU.
    """

    alike: bool
    difference: str
    figures: dict[str, float]
    ms: float
    cpu_ms: float

    @property
    def quicker(self) -> bool:
        """Whether the device saves enough time."""
        return self.ms <= (1 - GAIN) * self.cpu_ms

    def __str__(self) -> str:
        """Return what there is to say."""
        return f"{self.difference}; {self.ms:.1f} ms, the CPU {self.cpu_ms:.1f} ms"


def compare_classifiers(there: Classifier, on_cpu: Classifier) -> Compared:
    """Compare the probabilities of some views of a face, and the time of one.

    Raises:
        BundleError: A graph fails on the CPU, too.
    """
    faces = _views(on_cpu)
    one, other = there(faces), on_cpu(faces)
    apart = float(np.abs(one - other).max())
    return Compared(
        apart <= MOST_PROBABILITY,
        f"probabilities within {apart:.4f}",
        {"probability": apart},
        *_times(lambda: there(faces[:1]), lambda: on_cpu(faces[:1])),
    )


def compare_detectors(there: Detector, on_cpu: Detector) -> Compared:
    """Compare the faces that are found in some pictures, and the time of one of 640x480 pixels.

    Raises:
        BundleError: A graph fails on the CPU, too.
    """
    pictures = _pictures()
    found = [(there(picture), on_cpu(picture)) for picture in pictures]
    apart = [_apart(*pair) for pair in found]
    times = _times(lambda: there(pictures[0]), lambda: on_cpu(pictures[0]))
    if None in apart:
        counts = ", ".join(f"{len(one)} and {len(other)}" for one, other in found)
        return Compared(False, f"other faces than the CPU ({counts})", {}, *times)
    known = [one for one in apart if one is not None]
    score, share = (max(values) for values in zip(*known, strict=True))
    return Compared(
        score <= MOST_SCORE and share <= MOST_OF_BOX,
        f"scores within {score:.4f}, boxes within {share:.2%} of their side",
        {"score": score, "box": share},
        *times,
    )


def compare(there: Classifier | Detector, on_cpu: Classifier | Detector) -> Compared:
    """Compare a model on a device with itself on the CPU.

    Raises:
        BundleError: A graph fails on the CPU, too.
    """
    if isinstance(there, Classifier) and isinstance(on_cpu, Classifier):
        return compare_classifiers(there, on_cpu)
    if isinstance(there, Detector) and isinstance(on_cpu, Detector):
        return compare_detectors(there, on_cpu)
    raise TypeError(f"{type(there).__name__} and {type(on_cpu).__name__} cannot be compared")


def place(asked: Asked, name: str, make: Callable[[Device | None], M]) -> M:
    """Make a model on the first device that answers as the CPU does and is quicker, or on the CPU.

    Args:
        asked: The devices; takes note of what was chosen.
        name: What to call the model.
        make: Makes it on a device, or on the CPU.

    Raises:
        MienError: As `make`.
    """
    on_cpu, against = make(None), []
    for device in asked.candidates:
        there = make(device)
        try:
            compared = None if device.lost else compare(there, on_cpu)
        except (MienError, ValueError) as error:  # answers that are no boxes or probabilities
            against.append(f"{device.name} answers otherwise: {one_line(error)}")
            continue
        if compared is None or device.lost:
            against.append(f"{device.name} {device.problem}")
        elif compared.alike and compared.quicker:
            _choose(asked, name, device.name, str(compared))
            return there
        else:
            why = "brings no gain" if compared.alike else "answers otherwise"
            against.append(f"{device.name} {why}: {compared}")
    _choose(asked, name, CPU, "; ".join(against) or "this onnxruntime has nothing else here")
    return on_cpu


def _choose(asked: Asked, name: str, device: str, why: str) -> None:
    asked.chosen[name] = f"{device} ({why})"
    LOG.info("device auto: %s runs on %s", name, asked.chosen[name])


def _pictures() -> tuple[PixelArray, ...]:
    """Return the sample's first frame, and it mirrored: BGR uint8 [480,640,3]."""
    first = next(iter(SampleSource())).image
    return first, np.ascontiguousarray(first[:, ::-1])


def _views(classifier: Classifier) -> PixelArray:
    """Return crops of the face in the sample, uint8 [N,size,size,channels]."""
    faces = [Face(Box(*map(float, place)), 1.0) for place in PLACES]
    views = [crop_faces(picture, faces, classifier.spec) for picture in _pictures()]
    return np.concatenate(views)


def _apart(there: Sequence[Face], on_cpu: Sequence[Face]) -> tuple[float, float] | None:
    """Return how far scores are apart, and corners as a share of the side; None for other faces."""
    if len(there) != len(on_cpu):
        return None
    if not on_cpu:
        return 0.0, 0.0
    boxes, wanted = (to_array([face.box for face in faces]) for faces in (there, on_cpu))
    nearest = iou_matrix(boxes, wanted).argmax(axis=0)
    sides = np.array([[face.box.side] for face in on_cpu])
    scores = np.array(
        [there[n].score - face.score for n, face in zip(nearest, on_cpu, strict=True)]
    )
    corners = np.abs(boxes[nearest] - wanted) / sides
    return float(np.abs(scores).max()), float(corners.max())


def _times(*calls: Callable[[], object]) -> tuple[float, ...]:
    """Return the median milliseconds of calls, which take turns."""
    taken: list[list[float]] = [[] for _ in calls]
    for number in range(WARM + ROUNDS):
        for call, times in zip(calls, taken, strict=True):
            begun = time.perf_counter()
            call()
            if number >= WARM:
                times.append((time.perf_counter() - begun) * 1000)
    return tuple(statistics.median(times) for times in taken)
