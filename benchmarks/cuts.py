"""How surely cuts are told from all else, and what that costs: `python -m benchmarks.cuts`.

    python -m benchmarks.cuts PICTURES CLIP...

Pairs of unlike pictures are cuts; frames of one clip, and a picture that is shifted, turned and
enlarged, or lit otherwise, are none. The cost is told beside that of finding faces in the same
frames, each as in a live run: one frame after the other.
"""

import argparse
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path

import cv2
import numpy as np

from benchmarks.timing import ratio, take_turns
from mien.registry import make_detector
from mien.sources.files import find_pictures
from mien.sources.video import VideoSource
from mien.tracking.cuts import CutFinder
from mien.types import Box, PixelArray
from mien.vision.images.reading import read_picture

PICTURES, SIDE = 150, 200
# Frames are compared as at so many a second: a live run on a slow machine leaves most out.
STEPS = (1, 3, 6)
Pair = tuple[PixelArray, PixelArray]


def main() -> None:
    """Print how many pairs of each kind are taken for cuts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("clips", type=Path, nargs="*")
    args = parser.parse_args()
    pictures = _pictures(args.pictures)
    kinds = {"cuts": _unlike(pictures), "shifted by 4%": _shifted(pictures)}
    kinds |= {"turned and enlarged": _turned(pictures), "lit otherwise": _lit(pictures)}
    for clip in args.clips:
        frames = [frame.image for frame in VideoSource(clip)]
        for step in STEPS:
            kinds[f"{clip.stem}, every {step}."] = list(pairwise(frames[::step]))
        _print_cost(clip.stem, frames)
    for name, pairs in kinds.items():
        found = [_is_cut(pair) for pair in pairs]
        print(f"{name}: {np.mean(found):.1%} of {len(found)} taken for cuts")


def _print_cost(name: str, frames: Sequence[PixelArray]) -> None:
    finder, detector, face = CutFinder(), make_detector(), _middle(frames[0])

    def find() -> None:
        for index, image in enumerate(frames):
            finder(image, index / 30, [face])

    def detect() -> None:
        for image in frames:
            detector(image)

    samples = take_turns({"find": find, "detect": detect}, 3)
    one = 1000 * samples["find"].seconds / len(frames)
    share = ratio(samples["find"], samples["detect"])
    print(f"{name}: {one:.2f} ms a frame, {share:.1%} of finding faces in it")


def _is_cut(pair: Pair) -> bool:
    finder = CutFinder()
    finder(pair[0], 0.0, ())
    return finder(pair[1], 0.05, [_middle(pair[1])]).whole


def _middle(image: PixelArray) -> Box:
    height, width = image.shape[:2]
    return Box(0.4 * width, 0.3 * height, 0.6 * width, 0.7 * height)


def _pictures(folder: Path) -> list[PixelArray]:
    files = find_pictures(folder)
    chosen = np.random.default_rng(20).permutation(len(files))
    read = (read_picture(files[index]) for index in chosen)
    return list(islice((one for one in read if min(one.shape[:2]) >= SIDE), PICTURES))


def _unlike(pictures: Sequence[PixelArray]) -> list[Pair]:
    """Pair pictures, the second in the size of the first, as frames of a video are."""
    size = [one.shape[1::-1] for one in pictures]
    return [
        (one, np.asarray(cv2.resize(other, size[n]), np.uint8))
        for n, (one, other) in enumerate(pairwise(pictures))
    ]


def _shifted(pictures: Sequence[PixelArray]) -> list[Pair]:
    def parts(image: PixelArray) -> Iterator[PixelArray]:
        height, width = image.shape[0] * 9 // 10, image.shape[1] * 7 // 10
        for step in (0, 0.04):
            x, y = round(step * width), round(step / 2 * height)
            yield image[y : y + height, x : x + width]

    return [(one, other) for one, other in map(parts, pictures)]


def _turned(pictures: Sequence[PixelArray]) -> list[Pair]:
    pairs = []
    for image in pictures:
        height, width = image.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), 2, 1.03)
        turned = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
        pairs.append((image, np.asarray(turned, np.uint8)))
    return pairs


def _lit(pictures: Sequence[PixelArray]) -> list[Pair]:
    return [
        (image, np.clip(gain * image.astype(np.float32) + more, 0, 255).astype(np.uint8))
        for image in pictures
        for gain, more in ((1.8, 20), (0.3, 0))
    ]


if __name__ == "__main__":
    main()
