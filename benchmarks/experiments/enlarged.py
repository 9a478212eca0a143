"""Faces near the camera: large and soft. Is each found, and once?

    python -m benchmarks.experiments.enlarged [PLACE …] [--count N] [--json FILE]

Photos with one face are enlarged, so that the face is half as high as a frame of a camera, fills it
or is larger, and blurred. A second box whose middle is inside the face would be a second person on
the page. `plain` is the same detector without its rule for boxes inside each other. No picture of
the detectors' test is among the photos.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import msgspec
import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks import SHARED
from benchmarks.detectors import truth
from benchmarks.report import Column, Result, print_result
from mien.detectors.single_shot import SingleShotDetector
from mien.models.bundle import load_detector_bundle
from mien.protocols import Detector
from mien.registry import DETECTOR_BUNDLE
from mien.types import Box, PixelArray
from mien.vision.boxes import iou_matrix, to_array
from mien.vision.images.reading import decode_picture

PLACES = (SHARED / "data" / "wild.zip",)
SIZES = ((640, 360), (1280, 720), (1920, 1080))
PARTS = (0.5, 0.9, 1.3)  # height of the face over that of the frame
BLURS = (0.0, 0.01, 0.03)  # sigma over the height of the face
SURE, LEAST = 0.8, 64.0  # score and height of a photo's one face
FOUND = 0.5  # IoU with the face, as far as it is inside the frame
Key = tuple[tuple[int, int], float, str]


@dataclass(slots=True)
class Count:
    """What a detector did with frames of one size and blur.

    Attributes:
        frames: How many there were.
        missed: Of them, those whose face was not found.
        doubled: Of them, those with more than one box about the face.
    """

    frames: int = 0
    missed: int = 0
    doubled: int = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 where there are no photos."""
    args = _parse(arguments)
    bundle = load_detector_bundle(DETECTOR_BUNDLE)
    plain = msgspec.structs.replace(bundle.info, max_inside=1.0)
    detectors = {
        "plain": SingleShotDetector(type(bundle)(bundle.path, plain, bundle.graph)),
        "mien": SingleShotDetector(bundle),
    }
    photos = find_photos(args.places, detectors["mien"], args.count)
    if not photos:
        print(f"enlarged: {args.places[0]}: no photo of one face is here", file=sys.stderr)
        return 1
    result = measure(detectors, photos)
    print_result(result, Console(width=120))
    if args.json:
        args.json.write_text(json.dumps([dict(row) for row in result.rows], indent=2) + "\n")
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Large, soft faces: found, and once?")
    parser.add_argument("places", nargs="*", type=Path, default=list(PLACES))
    parser.add_argument("--count", type=int, default=150, help="photos (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all figures, unrounded")
    return parser.parse_args(arguments)


def find_photos(
    places: Sequence[Path], detector: Detector, count: int
) -> list[tuple[PixelArray, Box]]:
    """Return photos of one face with its box, spread over all of the places."""
    checked = truth.load()
    names = [
        (name, data)
        for place in places
        for name, data in truth.files(place)
        if hashlib.sha256(data).hexdigest()[: truth.HASH] not in checked
    ]
    found = []
    for name, data in names[:: max(1, len(names) // max(count, 1))]:
        image = decode_picture(data, name)
        faces = detector(image)
        if len(faces) == 1 and faces[0].score >= SURE and faces[0].box.height >= LEAST:
            found.append((image, faces[0].box))
    return found


def measure(
    detectors: Mapping[str, Detector],
    photos: Sequence[tuple[PixelArray, Box]],
    *,
    sizes: Sequence[tuple[int, int]] = SIZES,
) -> Result:
    """Show every photo at every size to every detector."""
    counts: dict[Key, Count] = {}
    for image, box in track(photos, "photos", transient=True):
        for size in sizes:
            for part in PARTS:
                for blur in BLURS:
                    frame, face = enlarge(soften(image, blur * box.height), box, size, part)
                    for name, detector in detectors.items():
                        boxes = [found.box for found in detector(frame)]
                        _add(counts.setdefault((size, blur, name), Count()), boxes, face, size)
    title = f"{len(photos)} photos of one face, enlarged and blurred"
    return Result("enlarged", title, _columns(detectors), tuple(_rows(counts, detectors)), ())


def enlarge(
    image: PixelArray, box: Box, size: tuple[int, int], part: float
) -> tuple[PixelArray, Box]:
    """Make a frame around a face.

    Args:
        image: BGR uint8 [H,W,3].
        box: The face in it.
        size: Width and height of the frame in pixels.
        part: Height of the face in the frame, over that of the frame.

    Returns:
        The frame, whose rest repeats the picture's edge, and the face in it.
    """
    width, height = size
    scale = part * height / box.height
    x, y = box.center
    shift = np.array([[scale, 0, width / 2 - scale * x], [0, scale, height / 2 - scale * y]])
    frame = cv2.warpAffine(
        image, shift, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    across, down = scale * box.width / 2, scale * box.height / 2
    face = Box(width / 2 - across, height / 2 - down, width / 2 + across, height / 2 + down)
    return np.asarray(frame, np.uint8), face


def soften(image: PixelArray, sigma: float) -> PixelArray:
    """Blur a picture by so many pixels; by 0 it stays as it is."""
    return image if sigma == 0 else np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def _add(count: Count, boxes: Sequence[Box], face: Box, size: tuple[int, int]) -> None:
    seen = np.clip(to_array([face, *boxes]), 0, np.tile(size, 2))
    count.frames += 1
    count.missed += not (iou_matrix(seen[:1], seen[1:]) >= FOUND).any()
    about = [
        face.x1 < box.center[0] < face.x2 and face.y1 < box.center[1] < face.y2 for box in boxes
    ]
    count.doubled += sum(about) > 1


def _columns(detectors: Mapping[str, Detector]) -> tuple[Column, ...]:
    shares = [
        Column(f"{kind} {name}", f"{kind}, {name}", ".1%")
        for kind in ("missed", "doubled")
        for name in detectors
    ]
    return Column("case", "frame and blur"), Column("frames", "frames", ",.0f"), *shares


def _rows(
    counts: Mapping[Key, Count], detectors: Mapping[str, Detector]
) -> Iterator[dict[str, str | float]]:
    for size, blur in dict.fromkeys((size, blur) for size, blur, _ in counts):
        row: dict[str, str | float] = {"case": f"{size[0]}x{size[1]}, blurred by {blur:.0%}"}
        for name in detectors:
            count = counts[size, blur, name]
            row["frames"] = count.frames
            row[f"missed {name}"] = count.missed / count.frames
            row[f"doubled {name}"] = count.doubled / count.frames
        yield row


if __name__ == "__main__":
    sys.exit(main())
