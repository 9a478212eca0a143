"""`python -m benchmarks.pose --python peer/bin/python`: what the head's angles err by, in degrees.

Yaw and pitch are judged against MediaPipe's face (see `reference.py`, which says how to get it) on
the pictures of `../shared/data`, roll against known turns of those pictures, too.
"""

import argparse
import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmarks import SHARED
from mien.protocols import Detector
from mien.registry import make_detector
from mien.types import Face, FloatArray, PixelArray
from mien.vision.pose import Pose, estimate_pose, pose_of

PLACES = (SHARED / "data" / "wild.zip", SHARED / "data" / "scenes.zip")
REFERENCE = Path(__file__).parent / "reference.py"
# The axes of MediaPipe's face are turned by half a turn about x.
FLIP = np.diag([1.0, -1.0, -1.0])
SMALLEST = 40.0
TURNS = (-30, -15, 15, 30)
TURNED = 150


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="Python of an environment with MediaPipe")
    parser.add_argument("--pictures", type=int, default=1000, help="about so many of each archive")
    args = parser.parse_args()
    detector = make_detector("mien")
    print("| pictures | faces | | pitch | yaw | roll |\n| --- | ---: | --- | ---: | ---: | ---: |")
    for place in PLACES:
        pairs = list(_pairs(_reference(args.python, args.pictures, place), place, detector))
        own, others = (
            np.array([_angles(one) for one in side]) for side in zip(*pairs, strict=True)
        )
        _print(place.name, own, others)
    _print_turns(PLACES[0], detector)


def _reference(python: str, pictures: int, place: Path) -> list[dict]:
    command = [python, str(REFERENCE), str(pictures), str(place)]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    return [json.loads(line) for line in told.stdout.splitlines() if line.startswith("{")]


def _pairs(rows: list[dict], place: Path, detector: Detector) -> Iterator[tuple[Pose, Pose]]:
    """Yield what mien says of each face that both have found, and what MediaPipe does."""
    with zipfile.ZipFile(place) as file:
        for row in rows:
            faces = detector(_picture(file, row["name"]))
            found = next((face for face in faces if _same(face, row["box"])), None)
            own = None if found is None else _pose(found)
            if own is not None:
                yield own, pose_of(FLIP @ np.array(row["rotation"]) @ FLIP)


def _picture(file: zipfile.ZipFile, name: str) -> PixelArray:
    return cv2.imdecode(np.frombuffer(file.read(name), np.uint8), cv2.IMREAD_COLOR)


def _same(face: Face, box: list[float]) -> bool:
    x1, y1, x2, y2 = box
    side = max(x2 - x1, y2 - y1)
    away = np.hypot(face.box.center[0] - (x1 + x2) / 2, face.box.center[1] - (y1 + y2) / 2)
    is_large = min(x2 - x1, y2 - y1) >= SMALLEST
    return is_large and away < side / 4 and 0.5 < face.box.side / side < 1.6


def _pose(face: Face) -> Pose | None:
    return None if face.landmarks is None else estimate_pose(face.landmarks)


def _angles(pose: Pose) -> tuple[float, float, float]:
    return pose.pitch, pose.yaw, pose.roll


def _apart(own: FloatArray, others: FloatArray) -> FloatArray:
    return (own - others + 180) % 360 - 180


def _print(name: str, own: FloatArray, others: FloatArray) -> None:
    apart = _apart(own, others)
    # What one would err by who says of each face what is so of most.
    blind = np.abs(others - np.median(others, axis=0)).mean(axis=0)
    same = [np.corrcoef(own[:, axis], others[:, axis])[0, 1] for axis in range(3)]
    for what, row, digits in (
        ("mean error", np.abs(apart).mean(axis=0), 1),
        ("bias", np.median(apart, axis=0), 1),
        ("90 of 100 within", np.percentile(np.abs(apart), 90, axis=0), 1),
        ("correlation", same, 2),
        ("error of one who always says the same", blind, 1),
    ):
        cells = " | ".join(f"{value:.{digits}f}" for value in row)
        print(f"| {name} | {len(own):,} | {what} | {cells} |")


def _print_turns(place: Path, detector: Detector) -> None:
    """Turn pictures by known angles; what roll says of the turn is known exactly."""
    errors: list[float] = []
    with zipfile.ZipFile(place) as file:
        names = [name for name in file.namelist() if name.endswith(".jpg")]
        for name in names[:: max(1, len(names) // TURNED)]:
            image = _picture(file, name)
            level = _first(detector(image))
            for angle in TURNS if level else ():
                turned = _first(detector(_turned(image, angle)))
                if level and turned:
                    errors.append(abs(_apart(turned.roll - level.roll, np.float64(angle))))
    print(
        f"\nroll against {len(errors):,} known turns by {', '.join(map(str, TURNS))} degrees: "
        f"mean error {np.mean(errors):.1f}, 90 of 100 within {np.percentile(errors, 90):.1f}"
    )


def _first(faces: tuple[Face, ...]) -> Pose | None:
    return _pose(faces[0]) if faces else None


def _turned(image: PixelArray, angle: float) -> PixelArray:
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -angle, 1.0)
    return cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)


if __name__ == "__main__":
    main()
