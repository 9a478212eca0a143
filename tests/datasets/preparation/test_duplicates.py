"""Twins of one photo are found however they were cropped; other photos are not taken for twins."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.datasets.preparation import duplicates
from mien.datasets.preparation.duplicates import THUMB, near_pairs, thumbnail
from mien.datasets.preparation.likeness import all_pairs
from mien.datasets.preparation.linking import clusters
from mien.types import PixelArray

NEAR = 0.86
Change = Callable[[PixelArray], PixelArray]


def photo(seed: int) -> PixelArray:
    """A random scene of blobs, 96x96 gray."""
    coarse = np.random.default_rng(seed).integers(0, 255, (14, 14), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (96, 96), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def stamped(image: PixelArray) -> PixelArray:
    marked = image.copy()
    cv2.putText(marked, "stock", (4, 90), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    return marked


TWINS: dict[str, Change] = {
    "copied": lambda image: image,
    "mirrored": lambda image: image[:, ::-1],
    "cropped in the middle": lambda image: image[8:-8, 8:-8],
    "cropped at a corner": lambda image: image[:-14, 14:],
    "shifted": lambda image: np.roll(image, 9, axis=1)[:, 9:],
    "darker": lambda image: (image * 0.6).astype(np.uint8),
    "watermarked": stamped,
    "small": lambda image: cv2.resize(image, (48, 48), interpolation=cv2.INTER_AREA),
    "cropped and mirrored": lambda image: image[6:-6, 6:-6][:, ::-1],
}


def thumbs(*images: PixelArray) -> PixelArray:
    return np.stack([thumbnail(np.ascontiguousarray(image)[..., None]) for image in images])


@pytest.mark.parametrize("change", TWINS.values(), ids=TWINS.keys())
def test_twin_is_found(change: Change) -> None:
    images = thumbs(*(photo(seed) for seed in range(1, 6)), change(photo(3)))
    pairs, values = near_pairs(images, NEAR)
    assert pairs.tolist() == [[2, 5]]
    assert values[0] >= NEAR


def test_other_photos_are_no_twins() -> None:
    images = thumbs(*(photo(seed) for seed in range(40)))
    pairs, _ = near_pairs(images, NEAR)
    assert pairs.tolist() == []


def test_flat_pictures_resemble_nothing() -> None:
    flat = np.full((96, 96), 90, np.uint8)
    pairs, _ = near_pairs(thumbs(flat, flat + 20, photo(0)), NEAR)
    assert pairs.tolist() == []


def test_same_shading_does_not_make_twins() -> None:
    """Faces lit from one side have a dark and a light half; details decide."""
    shade = np.linspace(0, 1, 96)[None]
    images = thumbs(*((photo(seed) * 0.2 + 200 * shade).astype(np.uint8) for seed in range(8)))
    assert near_pairs(images, NEAR)[0].tolist() == []


def test_blocks_together_find_what_one_block_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    images = thumbs(*(photo(seed // 2)[: 96 - 8 * (seed % 2)] for seed in range(12)))
    whole, values = near_pairs(images, NEAR)
    assert whole.tolist() == [[i, i + 1] for i in range(0, 12, 2)]
    for module in (duplicates, all_pairs):
        monkeypatch.setattr(module, "BLOCK", 5)
    pairs, again = near_pairs(images, NEAR)
    assert np.array_equal(pairs, whole)
    np.testing.assert_allclose(again, values, atol=0.02)


def test_color_and_any_size_become_a_thumbnail() -> None:
    assert thumbnail(np.zeros((9, 300, 3), np.uint8)).shape == (THUMB, THUMB)


def test_known_twins_of_fer2013(shared: Path) -> None:
    """Rows of five photos, each seen by eye to be one photo in several crops.

    A further crop of the second photo, row 5593, is found through rows that are not here only.
    """
    photos = (
        (614, 2724, 2966, 3012, 7003, 8252),
        (4188, 10303, 11394, 12231),
        (1340, 3137, 3142, 3186, 4817, 5130),
        (4823, 6576, 6812, 8721, 8727),
        (5732, 6075, 6131, 8001),
    )
    with np.load(shared / "data" / "fer2013.npz") as data:
        place = {row: i for i, row in enumerate(data["row"].tolist())}
        images = data["images"][[place[row] for rows in photos for row in rows]]
    pairs, _ = near_pairs(thumbs(*images), NEAR)
    truth = np.repeat(np.arange(len(photos)), [len(rows) for rows in photos])
    starts = np.searchsorted(truth, truth)
    assert clusters(pairs, len(images)).tolist() == starts.tolist()
