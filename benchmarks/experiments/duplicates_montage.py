"""Shows pairs that `prepare` took for one photo, the least similar first, to be judged by eye.

    python -m benchmarks.experiments.duplicates_montage DATASET OUT.png [--high 0.9] [--count 80]

The pairs are those within the clusters of the data set, so that what was left out of it (exact
duplicates, near-duplicates of test faces) is not among them.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from mien.datasets.dataset import Dataset, load_dataset
from mien.datasets.preparation.duplicates import near_pairs, thumbnail
from mien.datasets.records import SPLITS
from mien.types import PixelArray
from mien.vision.images.reading import decode_picture

SIDE, COLUMNS, LINE = 80, 10, 14


def near_duplicates(dataset: Dataset) -> list[PixelArray]:
    """Return the faces of all clusters of two or more, BGR uint8 [SIDE,SIDE,3]."""
    groups: dict[str, list[bytes]] = defaultdict(list)
    for split in SPLITS:
        for rows in dataset.rows(split):
            for group, image in zip(rows.groups, rows.images, strict=True):
                groups[group].append(image)
    images = [image for members in groups.values() if len(members) > 1 for image in members]
    return [cv2.resize(decode_picture(image, "face"), (SIDE, SIDE)) for image in images]


def draw(faces: list[PixelArray], pairs: np.ndarray, values: np.ndarray) -> PixelArray:
    """Draw the pairs side by side with their similarity."""
    cells = []
    for (a, b), value in zip(pairs.tolist(), values.tolist(), strict=True):
        cell = np.hstack([faces[a], faces[b]])
        cell = np.pad(cell, ((LINE, 4), (4, 4), (0, 0)), constant_values=255)
        cv2.putText(cell, f"{value:.3f}", (4, LINE - 3), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 0, 1)
        cells.append(cell)
    blank = np.full_like(cells[0], 255)
    cells += [blank] * (-len(cells) % COLUMNS)
    lines = [np.hstack(cells[i : i + COLUMNS]) for i in range(0, len(cells), COLUMNS)]
    return np.vstack(lines)


def main() -> None:
    """Write the montage and say how many pairs there are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--high", type=float, default=0.9, help="show pairs below this similarity")
    parser.add_argument("--count", type=int, default=80, help="so many, drawn at random")
    args = parser.parse_args()
    dataset = load_dataset(args.dataset)
    faces = near_duplicates(dataset)
    if not faces:
        parser.exit(message="no near-duplicates in this data set\n")
    thumbs = np.stack([thumbnail(face[..., ::-1]) for face in faces])
    threshold = float(dataset.info.settings["near"])
    pairs, values = near_pairs(thumbs, threshold)
    shown = np.flatnonzero(values < args.high)
    shown = np.sort(np.random.default_rng(0).permutation(shown)[: args.count])
    shown = shown[np.argsort(values[shown])]
    if not len(shown):
        parser.exit(message=f"none of {len(pairs)} pairs is below {args.high}\n")
    cv2.imwrite(str(args.out), draw(faces, pairs[shown], values[shown]))
    print(f"{len(pairs)} pairs from {threshold} on, {len(shown)} of those below {args.high} shown")


if __name__ == "__main__":
    main()
