"""Could the detector's own features tell the expression, so that many faces cost what one does?

    python -m benchmarks.experiments.one_pass DATASET [--classes angry,sad,happy,neutral]

Each face of a data set is shown to the detector at the size that a webcam's face has there. What
its last hidden layers hold around the face's middle is given to a small perceptron, which learns
the expression from the training faces and is judged on the validation faces; the classifier's
accuracy on the same faces is beside it.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import torch
from rich.progress import track
from torch import nn
from torch.nn import functional as F  # noqa: N812

from mien.datasets.dataset import load_dataset
from mien.errors import MienError
from mien.models.bundle import load_detector_bundle
from mien.models.onnx import make_session
from mien.registry import DETECTOR_BUNDLE, make_classifier
from mien.training.detector.export import INPUT
from mien.training.detector.network import OUTPUTS, STRIDES
from mien.types import FloatArray, PixelArray
from mien.vision.crop import whole_face
from mien.vision.images.reading import decode_picture

FACE, CANVAS = 72, 128  # sides in pixels
AROUND = {8: 6, 16: 4, 32: 2}  # cells of each grid, in both directions, that are looked at
EPOCHS, BATCH = 30, 256


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print both accuracies; 1 where the data set is missing."""
    parser = argparse.ArgumentParser(description="Expressions from the detector's features.")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--classes", default="angry,sad,happy,neutral")
    args = parser.parse_args(arguments)
    try:
        names = args.classes.split(",")
        faces, labels = _faces(args.dataset, "train", names)
        shown, wanted = _faces(args.dataset, "validation", names)
    except MienError as error:
        print(f"one_pass: {error}", file=sys.stderr)
        return 1
    look = _Features()
    accuracy = _learn((look(faces), labels), (look(shown), wanted), len(names))
    classifier, info = make_classifier()
    crops = np.stack([whole_face(face, info.spec()) for face in shown])
    order = [info.labels.index(name) for name in names]
    read = classifier(crops)[:, order].argmax(axis=1)
    print(
        f"{len(faces):,} training and {len(shown):,} validation faces: {accuracy:.1%} from the "
        f"detector's features, {np.mean(read == wanted):.1%} by {info.name}"
    )
    return 0


def _faces(
    path: Path, split: str, names: Sequence[str]
) -> tuple[list[PixelArray], npt.NDArray[np.int64]]:
    dataset = load_dataset(path)
    chosen = {dataset.classes.index(name): number for number, name in enumerate(names)}
    faces, labels = [], []
    for rows in dataset.rows(split):
        for data, origin, label in zip(rows.images, rows.origins, rows.labels, strict=True):
            if int(label) in chosen:
                faces.append(decode_picture(data, origin))
                labels.append(chosen[int(label)])
    return faces, np.array(labels, dtype=np.int64)


class _Features:
    """What the last hidden layers hold around the middle of a face."""

    def __init__(self) -> None:
        bundle = load_detector_bundle(DETECTOR_BUNDLE)
        model = onnx.load_from_string(bundle.graph)
        self._names = _last_inputs(model)
        for name in self._names:
            model.graph.output.append(
                onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
            )
        self._session = make_session(model.SerializeToString(), "face", 2)

    def __call__(self, faces: Sequence[PixelArray]) -> FloatArray:
        """Return float32 [N,D]."""
        return np.stack([self._of(face) for face in track(faces, "looking", transient=True)])

    def _of(self, face: PixelArray) -> FloatArray:
        gray = cv2.cvtColor(face, cv2.COLOR_BGR2GRAY)
        large = cv2.resize(gray, (FACE, FACE), interpolation=cv2.INTER_CUBIC)
        edge = (CANVAS - FACE) // 2
        canvas = cv2.copyMakeBorder(large, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
        maps = self._session.run(self._names, {INPUT: canvas[None, :, :, None]})
        parts = []
        for stride, values in zip(STRIDES, maps, strict=True):
            first = (values.shape[2] - AROUND[stride]) // 2
            cells = slice(first, first + AROUND[stride])
            parts.append(values[0, :, cells, cells].ravel())
        return np.concatenate(parts).astype(np.float32)


def _last_inputs(model: onnx.ModelProto) -> list[str]:
    """Return what the convolutions that give scores, boxes and landmarks are given."""
    shapes = {weight.name: weight.dims for weight in model.graph.initializer}
    layers = [node for node in model.graph.node if node.op_type == "Conv"]
    return [n.input[0] for n in layers if shapes.get(n.input[1], [0])[0] == OUTPUTS]


def _learn(
    train: tuple[FloatArray, npt.NDArray[np.int64]],
    validation: tuple[FloatArray, npt.NDArray[np.int64]],
    classes: int,
) -> float:
    """Return the best validation accuracy of a perceptron with one hidden layer."""
    torch.manual_seed(0)
    mean, spread = train[0].mean(axis=0), train[0].std(axis=0) + 1e-3
    given, shown = (torch.from_numpy((part[0] - mean) / spread) for part in (train, validation))
    labels = torch.from_numpy(train[1])
    network = nn.Sequential(
        nn.Dropout(0.2),
        nn.Linear(given.shape[1], 256),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(256, classes),
    )
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3, weight_decay=0.05)
    best = 0.0
    for _ in range(EPOCHS):
        network.train()
        for chosen in torch.randperm(len(given)).split(BATCH):
            optimizer.zero_grad()
            F.cross_entropy(network(given[chosen]), labels[chosen]).backward()
            optimizer.step()
        network.eval()
        with torch.no_grad():
            guess = network(shown).argmax(dim=1).numpy()
        best = max(best, float(np.mean(guess == validation[1])))
    return best


if __name__ == "__main__":
    sys.exit(main())
