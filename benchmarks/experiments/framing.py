"""Measures how a detector frames the faces of FER2013.

A crop that frames a face otherwise than training did costs many points of accuracy. FER2013's
pictures are tight crops that another detector made; this finds the `crop_scale` at which the crop
around a detector's box shows what a picture of FER2013 shows.

    python -m benchmarks.experiments.framing [--fer2013 FILE.npz] [--yunet FILE.onnx] [--count 1500]
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks import SHARED
from mien.detectors.mtcnn.detector import MtcnnDetector
from mien.detectors.yunet import YunetDetector
from mien.protocols import Detector
from mien.types import Face, PixelArray

# The face picture, enlarged so that every detector can see it, and the picture around it.
FACE_SIDE, CANVAS_SIDE = 144, 288
SEED = 0


@dataclass(frozen=True, slots=True)
class Framing:
    """What one detector saw.

    Attributes:
        detector: Its name.
        shown: Number of pictures shown.
        scales: Side of the face picture over `Box.side`, one per face found.
        shifts: From the box's centre to the picture's, over `Box.side`, [found,2] as (x, y).
    """

    detector: str
    shown: int
    scales: npt.NDArray[np.float64]
    shifts: npt.NDArray[np.float64]


def main() -> None:
    """Measure and print one line per detector."""
    arguments = _arguments()
    faces = load_faces(arguments.fer2013, arguments.count)
    detectors: list[Detector] = [MtcnnDetector()]
    if arguments.yunet.is_file():
        detectors.append(YunetDetector(arguments.yunet))
    for detector in detectors:
        print(describe(measure(detector, faces)), flush=True)


def load_faces(path: Path, count: int) -> PixelArray:
    """Draw gray faces [count,48,48] at random from FER2013's training split."""
    with np.load(path, allow_pickle=False) as archive:
        rows = np.flatnonzero(archive["usage"] == 0)
        chosen = np.random.default_rng(SEED).choice(rows, min(count, len(rows)), replace=False)
        return np.asarray(archive["images"][np.sort(chosen)], dtype=np.uint8)


def show(face: PixelArray) -> PixelArray:
    """Put a gray face [48,48] in the middle of a picture whose margin is its blurred edge."""
    margin = (CANVAS_SIDE - FACE_SIDE) // 2
    large = cv2.resize(face, (FACE_SIDE, FACE_SIDE), interpolation=cv2.INTER_CUBIC)
    canvas = cv2.copyMakeBorder(large, *(margin,) * 4, cv2.BORDER_REPLICATE)
    canvas = cv2.GaussianBlur(canvas, (0, 0), 8)
    canvas[margin : margin + FACE_SIDE, margin : margin + FACE_SIDE] = large
    return np.asarray(cv2.cvtColor(canvas, cv2.COLOR_GRAY2BGR), dtype=np.uint8)


def measure(detector: Detector, faces: PixelArray) -> Framing:
    """Run a detector over faces [N,48,48] and compare its best box with each picture."""
    found = [result[0] for face in faces if (result := detector(show(face)))]
    sides = np.array([face.box.side for face in found])
    return Framing(detector.name, len(faces), FACE_SIDE / sides, _centres(found) / sides[:, None])


def describe(framing: Framing) -> str:
    """Format the median and quartiles."""
    low, middle, high = np.percentile(framing.scales, [25, 50, 75])
    right, down = np.median(framing.shifts, axis=0)
    return (
        f"{framing.detector}: crop_scale {middle:.3f} (quartiles {low:.3f} to {high:.3f}), "
        f"found {len(framing.scales)} of {framing.shown} "
        f"({len(framing.scales) / framing.shown:.1%}), the picture's centre is "
        f"{right:+.3f} right and {down:+.3f} below the box's, in units of Box.side"
    )


def _centres(faces: Sequence[Face]) -> npt.NDArray[np.float64]:
    return CANVAS_SIDE / 2 - np.array([face.box.center for face in faces])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How a detector frames the faces of FER2013.")
    parser.add_argument("--fer2013", type=Path, default=SHARED / "data" / "fer2013.npz")
    parser.add_argument("--yunet", type=Path, default=SHARED / "weights" / "yunet_s_dynamic.onnx")
    parser.add_argument("--count", type=int, default=1500)
    return parser.parse_args()


if __name__ == "__main__":
    main()
