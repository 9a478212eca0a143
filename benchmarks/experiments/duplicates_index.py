"""How many of the near-duplicates that all pairs find the index finds, on real faces.

    python -m benchmarks.experiments.duplicates_index fer2013.npz [--count 31865]

The file holds `images`, uint8 [N,H,W] gray. All pairs are the reference, and quadratic: minutes for
FER2013. What is compared in finer steps is the same for both.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from mien.datasets.preparation.likeness.all_pairs import BLOCK, AllPairs
from mien.datasets.preparation.likeness.fine import compare, merged
from mien.datasets.preparation.likeness.index import Index
from mien.datasets.preparation.likeness.thumbnails import thumbnail
from mien.datasets.preparation.look_alikes import lowest
from mien.datasets.preparation.settings import PrepareSettings
from mien.types import FloatArray, IntArray, PixelArray


def distinct(images: PixelArray) -> PixelArray:
    """Return the thumbnails of pictures, of the same ones the first."""
    _, first = np.unique(images.reshape(len(images), -1), axis=0, return_index=True)
    return np.stack([thumbnail(image[..., None]) for image in images[np.sort(first)]])


def find(
    thumbs: PixelArray, candidates: AllPairs | Index, threshold: float
) -> tuple[IntArray, FloatArray]:
    """Find near-duplicates and say what that took of the processor, which others disturb little."""
    pairs, values, taken, count = [], [], np.zeros(2), 0
    for start in range(0, len(thumbs), BLOCK):
        begun = time.process_time()
        some = candidates.of(start, min(start + BLOCK, len(thumbs)))
        found = time.process_time()
        near = compare(thumbs, some, threshold)
        taken += found - begun, time.process_time() - found
        pairs.append(near[0])
        values.append(near[1])
        count += len(some)
    coarse, fine = taken / len(thumbs) * 1000
    print(
        f"{candidates.name}: {coarse:.2f} ms per picture for {count / len(thumbs):.1f} candidates, "
        f"{fine:.2f} ms to compare these in finer steps",
        flush=True,
    )
    return merged(np.concatenate(pairs), np.concatenate(values))


def main() -> None:
    """Print what part of the pairs is found, from two similarities on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faces", type=Path)
    parser.add_argument("--count", type=int, default=None, help="only so many")
    args = parser.parse_args()
    with np.load(args.faces) as data:
        thumbs = distinct(data["images"][: args.count])
    near = PrepareSettings().near
    begun = time.process_time()
    index = Index(thumbs)
    built = time.process_time() - begun
    print(f"{len(thumbs):,} distinct pictures, index made in {built:.1f} s")
    found, values = find(thumbs, index, lowest(near))
    wanted, similar = find(thumbs, AllPairs(thumbs), lowest(near))
    for threshold in (lowest(near), near):
        reference = set(map(tuple, wanted[similar >= threshold].tolist()))
        ours = set(map(tuple, found[values >= threshold].tolist()))
        part = len(reference & ours) / len(reference)
        print(f"from {threshold:.2f}: {len(reference):,} pairs, {part:.4f} of them by the index")


if __name__ == "__main__":
    main()
