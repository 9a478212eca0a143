"""A few made pictures of "faces", and teachers that see them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="needs the extra [train]")
pytest.importorskip("torch", reason="needs the extra [train]")

from mien.training.detector import gather, network
from mien.training.detector.gather import make_material
from mien.training.detector.material import Material
from mien.training.detector.request import Request
from mien.training.detector.teachers import Teacher
from mien.types import Box, Face, PixelArray


class DiscDetector:
    """Takes each bright disc for a face; one whose rim is dark gray only where it is told to."""

    face_side = 48.0

    def __init__(self, name: str = "disc", *, credulous: bool = False) -> None:
        self.name, self.credulous = name, credulous

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        least = 120 if self.credulous else 180
        contours, _ = cv2.findContours(
            (gray > least).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        faces = []
        for contour in contours:
            x, y, width, height = cv2.boundingRect(contour)
            if min(width, height) >= 12:
                box = Box(x, y, x + width, y + height)
                parts = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
                points = (parts * (width, height) + (x, y)).astype(np.float32)
                faces.append(Face(box, 0.9, points))
        return tuple(faces)


def draw(discs: list[tuple[int, int, int, int]], seed: int) -> PixelArray:
    """Discs (x, y, radius, shade) on soft noise."""
    image = np.random.default_rng(seed).integers(0, 60, (140, 200, 3), dtype=np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 2)
    for x, y, radius, shade in discs:
        cv2.circle(image, (x, y), radius, (shade,) * 3, -1)
    return image


@pytest.fixture(scope="module")
def shallow() -> Iterator[None]:
    """Make networks with one block in the place of four: each layer takes time to export."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "BLOCKS", ((8,), (), ()))
        yield


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder: people/<Name>_<n>.png with a disc each, and things/ without any."""
    root = tmp_path_factory.mktemp("pictures")
    for number in range(24):
        path = root / "people" / f"Person_{chr(65 + number // 2)}_{number}.png"
        path.parent.mkdir(exist_ok=True)
        x, y, radius = 60 + 3 * number, 70, 25 + number
        cv2.imwrite(str(path), draw([(x, y, radius, 230)], number))
    for number in range(12):
        path = root / "things" / f"thing{number}.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), draw([], 100 + number))
    cv2.imwrite(str(root / "things" / "doubtful.png"), draw([(90, 70, 30, 170)], 200))
    cv2.imwrite(str(root / "things" / "moon.png"), draw([(90, 70, 30, 240)], 201))
    (root / "faceless.txt").write_text("things/moon.png\n")
    (root / "boxes.csv").write_text("file,x1,y1,x2,y2\nthings/thing0.png,10,10,60,70\n")
    return root


def request_of(pictures: Path, **values: object) -> Request:
    teachers = {
        "disc": Teacher(DiscDetector(), (1.0,)),
        "other": Teacher(DiscDetector(credulous=True), (1.0, 0.5)),
    }
    known = {
        "folders": [pictures],
        "faces": None,
        "group_pattern": r"(Person_\w)_",
        "teachers": teachers,
        "judge": None,
    }
    return Request(**known | values)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def make_request(pictures: Path) -> Callable[..., Request]:
    """Make a request for material of the pictures; values replace what it says otherwise."""
    return lambda **values: request_of(pictures, **values)


@pytest.fixture(scope="session")
def material(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Material:
    """Material of the pictures, whose discs are all the same photo unless they are not compared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gather, "COMPARED", float("inf"))
        return make_material(tmp_path_factory.mktemp("run") / "material", request_of(pictures))
