"""Reads a clip with one system and times it; a script that runs in that system's environment.

    python reading.py SYSTEM FOLDER OUT.json --every 2

Needs numpy and the system alone. Loading and the first frames, which are read twice, are not timed.
Processor time is that of all threads of this process; none of the systems starts another.
"""

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

WARM_UP_FRAMES = 3
NOT_SURE = "not sure"

Image = npt.NDArray[np.uint8]  # BGR [H,W,3]
Faces = list[tuple[float, str]]  # area and label of each
Read = Callable[[Iterable[tuple[float, Image]]], Iterator[Faces]]  # from time stamps and frames


@dataclass(frozen=True, slots=True)
class System:
    """One system, or one way to use it.

    Attributes:
        package: Its name on PyPI.
        load: Makes what reads frames in order.
    """

    package: str
    load: Callable[[], Read]


def main() -> None:
    """Read, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("system", choices=SYSTEMS)
    parser.add_argument("folder", type=Path, help="a clip, as benchmarks.peers.clip writes it")
    parser.add_argument("out", type=Path)
    parser.add_argument("--every", type=int, default=1, metavar="K", help="read every K-th frame")
    args = parser.parse_args()
    about = json.loads((args.folder / "about.json").read_text(encoding="utf-8"))
    # Copied on write, because some systems draw on what they are given.
    pixels = np.memmap(args.folder / "frames.bin", np.uint8, mode="c", shape=tuple(about["shape"]))
    images = list(np.asarray(pixels)[:: args.every])
    system = SYSTEMS[args.system]
    found = measure(system.load(), about["times"][:: args.every], images)
    found["version"] = version(system.package)
    args.out.write_text(json.dumps(found), encoding="utf-8")


def measure(read: Read, times: Sequence[float], images: Sequence[Image]) -> dict[str, Any]:
    """Return seconds of wall and processor time, and the label of each frame's largest face."""
    for image in images:  # so that no system waits for the disk
        image.max()
    first = [image.copy() for image in images[:WARM_UP_FRAMES]]
    list(read(zip(times, first, strict=False)))
    wall, cpu = time.perf_counter(), time.process_time()
    faces = list(read(zip(times, images, strict=True)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall": wall, "cpu": cpu, "labels": [max(f)[1] if f else None for f in faces]}


def load_mien(bundle: str | None) -> Read:
    """mien, with the settings that it has where nothing is said."""
    mien = importlib.import_module("mien")
    reader = mien.load(bundle)

    class Source:
        name, live = "clip", False

        def __init__(self, frames: Iterable[tuple[float, Image]]) -> None:
            self._frames = frames

        def __iter__(self) -> Iterator[Any]:
            for index, (stamp, image) in enumerate(self._frames):
                yield mien.Frame(image, index, stamp, self.name)

        def close(self) -> None:
            pass

    def read(frames: Iterable[tuple[float, Image]]) -> Iterator[Faces]:
        for analysis in reader.watch(Source(frames)):
            yield [
                (r.face.box.width * r.face.box.height, r.label or NOT_SURE)
                for r in analysis.readings
            ]

    return read


def load_fer(*, mtcnn: bool) -> Read:
    """fer: faces by OpenCV's cascade or by MTCNN, expressions by its quantized network."""
    if mtcnn:
        _mend_torchvision()
    reader = importlib.import_module("fer.fer").FER(mtcnn=mtcnn)

    def read(frames: Iterable[tuple[float, Image]]) -> Iterator[Faces]:
        for _, image in frames:
            yield [
                (float(face["box"][2]) * float(face["box"][3]), _best(face["emotions"]))
                for face in reader.detect_emotions(image)
            ]

    return read


def load_facial_emotion_recognition() -> Read:
    """facial-emotion-recognition: MTCNN and a network in PyTorch; it draws what it reads."""
    _mend_torchvision()
    torch: Any = importlib.import_module("torch")
    # Its weights were saved on a GPU, and it loads them nowhere else without being told.
    torch.load = partial(torch.load, map_location="cpu")
    reader = importlib.import_module("facial_emotion_recognition").EmotionRecognition("cpu")
    predict, seen = reader._predict, Faces()

    def noted(crop: Image) -> str:
        # It returns the drawn picture only.
        seen.append((float(crop.shape[0] * crop.shape[1]), predict(crop)))
        return seen[-1][1]

    reader._predict = noted

    def read(frames: Iterable[tuple[float, Image]]) -> Iterator[Faces]:
        for _, image in frames:
            seen.clear()
            reader.recognise_emotion(image)
            yield seen.copy()

    return read


SYSTEMS = {
    "mien": System("mien", partial(load_mien, None)),
    "mien-fer8": System("mien", partial(load_mien, "fer8")),
    "fer": System("fer", partial(load_fer, mtcnn=False)),
    "fer-mtcnn": System("fer", partial(load_fer, mtcnn=True)),
    "facial-emotion-recognition": System(
        "facial-emotion-recognition", load_facial_emotion_recognition
    ),
}


def _best(emotions: dict[str, float]) -> str:
    return max(emotions, key=lambda name: emotions[name])


def _mend_torchvision() -> None:
    """Give MTCNN the one operator of torchvision that it needs, where torchvision has none.

    PyPI's torchvision is built for CUDA on Linux, and finds none of its operators beside a PyTorch
    for CPUs. Non-maximum suppression is then numpy's work: about a twentieth of MTCNN's time.
    """
    torch = importlib.import_module("torch")
    try:
        importlib.import_module("torchvision")
        return
    except RuntimeError:  # an operator does not exist
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):  # torchvision cannot be imported where these are unknown
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _KEPT.append(library)
    module: Any = importlib.import_module("facenet_pytorch.models.utils.detect_face")

    def batched_nms(boxes: Any, scores: Any, groups: Any, threshold: float) -> Any:
        kept = suppress(boxes.numpy(), scores.numpy(), groups.numpy(), threshold)
        return torch.from_numpy(kept)

    module.batched_nms = batched_nms


_KEPT: list[Any] = []  # operators are gone with their library


def suppress(
    boxes: npt.NDArray[np.float32],
    scores: npt.NDArray[np.float32],
    groups: npt.NDArray[np.float32],
    threshold: float,
) -> npt.NDArray[np.int64]:
    """Return which boxes stay, the best first, of those that overlap others of their group."""
    if not len(boxes):
        return np.zeros(0, np.int64)
    # Groups are moved apart, so that boxes of different ones never meet.
    x1, y1, x2, y2 = (boxes + groups[:, None] * (boxes.max() + 1)).T
    areas = (x2 - x1) * (y2 - y1)
    order, kept = scores.argsort(kind="stable")[::-1], []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(best)
        width = np.minimum(x2[best], x2[rest]) - np.maximum(x1[best], x1[rest])
        height = np.minimum(y2[best], y2[rest]) - np.maximum(y1[best], y1[rest])
        both = width.clip(0) * height.clip(0)
        order = rest[both / (areas[best] + areas[rest] - both) <= threshold]
    return np.array(kept, dtype=np.int64)


if __name__ == "__main__":
    main()
