"""People of one sitting for made scenes: several looks of each, by thirds that never meet.

Who is on a picture is told by the source's `manifest.csv` (its column `group`), else by the name
`<person>_<number>.jpg`: these are of different days, so the first one of each person is taken.
KDEF's people sat twice, A and B, which are two sittings of one person.
"""

import csv
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks.moving import Cutout, cut_out
from mien.protocols import Detector

THIRDS = 3
LOOKS = 4
# In one light, faces of one person are at most so many times brighter or darker than most.
LIGHT = 1.4
_KDEF = re.compile(r"([AB])[FM]\d\d\w*")


@dataclass(frozen=True, slots=True)
class Sitter:
    """Someone in one sitting.

    Attributes:
        person: Who it is.
        looks: Pictures of that sitting.
    """

    person: str
    looks: list[Cutout]


def sitters(folder: Path, third: int, detector: Detector) -> Iterator[Sitter]:
    """Yield the sittings of a third of the people of a folder of classes, first one of each.

    The third is by the hash of the person's name, so that whoever chooses by one third and reports
    on another has no person in both.
    """
    known = _sittings(folder)
    mine = [key for key in sorted(known) if zlib.crc32(key[0].encode()) % THIRDS == third]
    mixed = [mine[index] for index in np.random.default_rng(1).permutation(len(mine))]
    for person, sitting in sorted(mixed, key=lambda key: key[1]):
        cutouts = (cut_out(path, detector) for path in known[person, sitting][:LOOKS])
        looks = in_one_light([cutout for cutout in cutouts if cutout is not None])
        if looks:
            yield Sitter(person, looks)


def in_one_light(looks: list[Cutout]) -> list[Cutout]:
    """Leave out those that were exposed otherwise than most, which no sitting would be."""
    if not looks:
        return looks
    lights = np.array([_light(look) for look in looks])
    middle = np.sort(lights)[len(lights) // 2]
    near = np.abs(np.log(lights / middle)) <= np.log(LIGHT)
    return [look for look, good in zip(looks, near, strict=True) if good]


def _light(look: Cutout) -> float:
    box = look.box
    part = look.image[max(0, round(box.y1)) : round(box.y2), max(0, round(box.x1)) : round(box.x2)]
    return max(1.0, float(part.mean()))


def _sittings(folder: Path) -> dict[tuple[str, str], list[Path]]:
    """Return the pictures of each person and sitting."""
    people = _people(folder)
    known: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(folder.glob("*/*.jpg")):
        person = people.get(f"{path.parent.name}/{path.name}") or path.stem.rpartition("_")[0]
        session = _KDEF.fullmatch(path.stem)
        known.setdefault((person, session[1] if session else ""), []).append(path)
    return known if people else {key: paths[:1] for key, paths in known.items()}


def _people(folder: Path) -> dict[str, str]:
    manifest = folder / "manifest.csv"
    if not manifest.exists():
        return {}
    with manifest.open(encoding="utf-8", newline="") as file:
        return {row["file"]: row["group"] for row in csv.DictReader(file)}


def posed(cutout: Cutout, rng: np.random.Generator) -> Cutout:
    """Turn the head a little as if it were a ball, move mouth and brows, and change the light."""
    height, width = cutout.image.shape[:2]
    (x, y), side = cutout.box.center, cutout.box.side
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    ball = np.sqrt(
        np.clip(1 - ((columns - x) / (0.62 * side)) ** 2 - ((rows - y) / (0.8 * side)) ** 2, 0, 1)
    )
    from_x = columns - np.float32(rng.uniform(-0.12, 0.12) * side) * ball
    from_y = rows - np.float32(rng.uniform(-0.06, 0.06) * side) * ball
    wide, opened, raised = rng.uniform(-0.05, 0.05), rng.uniform(0, 0.06), rng.uniform(-0.03, 0.04)
    for at_x, at_y, by_x, by_y in (
        (-0.2, 0.27, -wide, 0),
        (0.2, 0.27, wide, 0),
        (0, 0.33, 0, opened),
        (-0.18, -0.25, 0, -raised),
        (0.18, -0.25, 0, -raised),
    ):
        near = ((columns - x - at_x * side) ** 2 + (rows - y - at_y * side) ** 2) / (
            0.1 * side
        ) ** 2
        pull = np.exp(-near / 2) * side
        from_x -= np.float32(by_x) * pull
        from_y -= np.float32(by_y) * pull
    moved = cv2.remap(
        cutout.image, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    lit = cv2.convertScaleAbs(moved, alpha=rng.uniform(0.85, 1.15))
    return replace(cutout, image=np.asarray(lit, np.uint8))
