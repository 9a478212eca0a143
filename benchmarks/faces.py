"""Input for the measures, made from the portrait that mien ships: faces, and scenes with faces.

Seeded, so that every run measures the same pictures.
"""

from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from mien.types import PixelArray
from mien.vision.images.reading import decode_picture

# Where the portrait's face is, in its pixels.
FACE_CENTER, FACE_SIDE = (163, 117), 120
CLASSES = ("angry", "happy", "neutral", "sad")
# Of the pictures that are written, those that are the one before, cropped otherwise.
DUPLICATE_EVERY = 10
JPEG_QUALITY = 90


def portrait() -> PixelArray:
    """Return the portrait, BGR uint8 [320,320,3]."""
    name = "collins.jpg"
    return decode_picture(files("mien").joinpath("assets", name).read_bytes(), name)


def crops(count: int, size: int, channels: int = 1, *, seed: int = 0) -> PixelArray:
    """Cut the face out again and again, each time a little otherwise, with noise.

    Returns:
        uint8 [count,size,size,channels].
    """
    rng = np.random.default_rng(seed)
    picture = portrait()
    result = np.empty((count, size, size, channels), dtype=np.uint8)
    for face in result:
        crop = _noisy(_crop(picture, size, rng), rng)
        code = cv2.COLOR_BGR2GRAY if channels == 1 else cv2.COLOR_BGR2RGB
        face[:] = cv2.cvtColor(crop, code).reshape(face.shape)
    return result


def scene(width: int, height: int, count: int, *, seed: int = 0) -> PixelArray:
    """Put the portrait into a picture, once or in two rows of equal cells, with noise.

    Args:
        width: Of the scene in pixels.
        height: Of the scene in pixels.
        count: Faces, 1 or even. Scenes of other seeds have them a little elsewhere, as the frames
            of a video do: by 4 pixels at most, less where faces are small.
        seed: Of places and noise.

    Returns:
        BGR uint8 [height,width,3].
    """
    rng = np.random.default_rng(seed)
    columns, rows = (1, 1) if count == 1 else (count // 2, 2)
    side = min(width // columns, height // rows) - 8
    small = cv2.resize(portrait(), (side, side), interpolation=cv2.INTER_AREA)
    result = np.full((height, width, 3), (181, 184, 190), dtype=np.uint8)
    stir = min(4, side // 64)
    for cell in range(count):
        column, row = cell % columns, cell // columns
        left = (
            (2 * column + 1) * width // (2 * columns)
            - side // 2
            + int(rng.integers(-stir, stir + 1))
        )
        top = (2 * row + 1) * height // (2 * rows) - side // 2 + int(rng.integers(-stir, stir + 1))
        result[top : top + side, left : left + side] = small
    return _noisy(result, rng)


def write_folder(folder: Path, count: int, *, side: int = 160, seed: int = 0) -> list[Path]:
    """Write faces as JPEG pictures, `folder/<class>/*.jpg`.

    One in ten shows the face before it a second time, so that there are duplicates to find; the
    others differ as much as two people's pictures do.

    Args:
        folder: Where to.
        count: Number of pictures, dealt to `CLASSES` in turn.
        side: Of a picture in pixels.
        seed: Of all that varies.

    Returns:
        The pictures.
    """
    rng = np.random.default_rng(seed)
    picture, paths = portrait(), []
    face = _unlike(picture, side, rng)
    for number in range(count):
        if number % DUPLICATE_EVERY != DUPLICATE_EVERY - 1:
            face = _unlike(picture, side, rng)
        shown = face if number % DUPLICATE_EVERY != DUPLICATE_EVERY - 1 else _near_duplicate(face)
        # Twins share a class: a clash of labels would leave both out.
        name = CLASSES[number // DUPLICATE_EVERY % len(CLASSES)]
        path = folder / name / f"{number:06d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_jpeg(shown))
        paths.append(path)
    return paths


def write_scenes(folder: Path, count: int) -> list[Path]:
    """Write pictures of 640x480 with one face in each, as `write_folder` writes faces."""
    paths = []
    for number in range(count):
        path = folder / CLASSES[number % len(CLASSES)] / f"{number:06d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_jpeg(scene(640, 480, 1, seed=number)))
        paths.append(path)
    return paths


def to_jpeg(image: PixelArray) -> bytes:
    """Encode BGR uint8 [H,W,3]."""
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1])


def _crop(picture: PixelArray, size: int, rng: np.random.Generator) -> PixelArray:
    side = FACE_SIDE * rng.uniform(0.9, 1.2)
    x, y = FACE_CENTER + rng.uniform(-6, 6, 2)
    angle, scale = float(rng.uniform(-8, 8)), size / side
    warp = cv2.getRotationMatrix2D((float(x), float(y)), angle, scale)
    warp[:, 2] += size / 2 - x, size / 2 - y
    return np.asarray(cv2.warpAffine(picture, warp, (size, size), flags=cv2.INTER_AREA))


def _noisy(image: npt.NDArray[np.uint8], rng: np.random.Generator) -> PixelArray:
    noise = rng.integers(-5, 6, image.shape, dtype=np.int16)
    return np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), dtype=np.uint8)


def _unlike(picture: PixelArray, side: int, rng: np.random.Generator) -> PixelArray:
    """Mix the face with a soft pattern of its own that outweighs it."""
    knots = rng.normal(0, 1, (9, 9)).astype(np.float32)
    pattern = cv2.resize(knots, (side, side), interpolation=cv2.INTER_CUBIC)
    mixed = 0.5 * _crop(picture, side, rng) + 64 + 55 * pattern[..., None]
    return _noisy(np.clip(mixed, 0, 255).astype(np.uint8), rng)


def _near_duplicate(face: PixelArray) -> PixelArray:
    """Show the same picture mirrored and without its edge."""
    edge = len(face) // 16
    inner = np.ascontiguousarray(face[edge:-edge, -edge - 1 : edge - 1 : -1])
    return np.asarray(cv2.resize(inner, face.shape[1::-1], interpolation=cv2.INTER_AREA))
