"""Writes the pooled features of labelled faces to a file, for work on them without the faces.

Features in 16 bits take little room and hold no picture, but they are still data about people: they
are on the terms of the faces that they come from.
"""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import save_file

from mien.errors import BundleError, SinkError, one_line
from mien.evaluation.pictures.collect import BATCH_SIZE
from mien.evaluation.pictures.picture import Picture
from mien.files.writes import new_file
from mien.models.classifier import OnnxClassifier
from mien.models.info import ModelInfo
from mien.types import FloatArray, InputSpec, PixelArray

Labels = npt.NDArray[np.int16]


class FeatureCollector:
    """Watches the pictures of an evaluation and keeps the features of each face, no picture.

    Args:
        classifier: What gives the features.
        spec: How to crop the faces; as the classifier says unless given.

    Raises:
        BundleError: The classifier's graph gives no features.
    """

    def __init__(self, classifier: OnnxClassifier, spec: InputSpec | None = None) -> None:
        self._classifier, self._spec = classifier, spec or classifier.spec
        size, channels = classifier.spec.size, classifier.spec.channels
        # Asked about no face, it says before the work that it gives none.
        nobody = np.empty((0, size, size, channels), np.uint8)
        self._parts = [self._halves(classifier.features(nobody))]
        self._crops: list[PixelArray] = []
        self._labels: list[int] = []

    def add(self, picture: Picture) -> None:
        """Take one picture; one without a face is left out.

        Raises:
            BundleError: The graph fails, or a feature is beyond 16 bits.
        """
        crop = picture.crop(self._spec)
        if crop is None:
            return
        self._crops.append(crop)
        self._labels.append(picture.truth)
        if len(self._crops) == BATCH_SIZE:
            self._read()

    def finish(self, most: int | None, seed: int) -> tuple[npt.NDArray[np.float16], Labels]:
        """Return features, float16 [N,D], and labels, int16 [N], in the order of the pictures.

        Args:
            most: How many faces at most; all where None. See `stratified`.
            seed: Seed of the choice.

        Raises:
            BundleError: The graph fails, or a feature is beyond 16 bits.
        """
        if self._crops:
            self._read()
        features, labels = np.concatenate(self._parts), np.array(self._labels, np.int16)
        if most is None:
            return features, labels
        chosen = stratified(labels, most, seed)
        return features[chosen], labels[chosen]

    def _read(self) -> None:
        self._parts.append(self._halves(self._classifier.features(np.stack(self._crops))))
        self._crops.clear()

    def _halves(self, features: FloatArray) -> npt.NDArray[np.float16]:
        with np.errstate(over="ignore"):
            result = features.astype(np.float16)
        if not np.isfinite(result).all():
            largest = float(np.abs(features).max())
            raise BundleError(
                f"the bundle's graph gives features up to {largest:g}, beyond 16 bits"
            )
        return result


def stratified(labels: Labels, count: int, seed: int) -> npt.NDArray[np.int64]:
    """Choose faces such that each class keeps its share, and none that is there goes missing.

    Args:
        labels: int16 [N].
        count: How many to choose; all where there are fewer.
        seed: Seed of the choice.

    Returns:
        Their numbers, ascending, int64 [min(N,count)].
    """
    rng = np.random.default_rng(seed)
    # How much of its class is chosen before a face: a class with more faces gets on in smaller
    # steps, and every class begins at 0.
    before = np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        before[rng.permutation(members)] = np.arange(len(members)) / len(members)
    return np.sort(np.argsort(before, kind="stable")[:count])


def write_features(
    path: Path,
    features: npt.NDArray[np.float16],
    labels: Labels,
    info: ModelInfo,
    *,
    dataset: str,
    split: str,
) -> None:
    """Write features and labels as a safetensors file.

    The header names the classes by number (`classes`, a list in JSON), the model (`model`,
    `sha256` of its graph) and the faces (`dataset`, `split`).

    Raises:
        SinkError: The file cannot be written.
    """
    header = {
        "classes": json.dumps(info.labels, ensure_ascii=False),
        "model": f"{info.name} {info.version}",
        "sha256": info.sha256,
        "dataset": dataset,
        "split": split,
    }
    try:
        with new_file(path) as new:
            save_file({"features": features, "labels": labels}, new, metadata=header)
    except (OSError, SafetensorError) as error:
        raise SinkError(f"{path}: the features cannot be written: {one_line(error)}") from error
