"""Features of validation faces beside a bundle's graph: features.safetensors, for who adapts it.

They are what the graph gave as `features` for faces that the network did not learn from, with what
people called them, and no pictures: enough to see whether an adapted model still reads what the
model read before. In 16 bits, 2,000 faces of the shipped networks take 0.8 MB.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from mien.errors import BundleError, one_line
from mien.models.bundle import FEATURES, Bundle
from mien.models.classifier import FEATURES as OUTPUT
from mien.training.expression.calibrate import NOT_READ
from mien.training.expression.export import run_graph
from mien.training.expression.faces import FaceStore
from mien.types import FloatArray

MAX_BYTES = 1_000_000
MAX_FACES = 2_000
LABELS = "labels"


@dataclass(frozen=True, slots=True)
class KnownFaces:
    """What is kept of faces.

    Attributes:
        features: float32 [N,D].
        labels: int64 [N]; index of the bundle's label, one more than the last for something else.
    """

    features: FloatArray
    labels: npt.NDArray[np.int64]


def pack_features(
    graph: bytes,
    faces: FaceStore,
    truth: npt.NDArray[np.int64],
    classes: int,
    sources: Sequence[str],
) -> bytes | None:
    """Return the bytes of features.safetensors.

    Args:
        graph: The bundle's.
        faces: The validation faces.
        truth: int64 [N]; which label each of them has, `NOT_READ` where it shows something else.
        classes: How many labels the bundle has.
        sources: Whose faces are kept: evenly drawn, so many that the file has no more than
            `MAX_FACES` and `MAX_BYTES`.

    Returns:
        The file; None where no source is named.
    """
    named = [number for number, name in enumerate(faces.sources) if name in sources]
    chosen = np.flatnonzero(np.isin(faces.source, named))
    if not len(chosen):
        return None
    of_one = run_graph(graph, faces.images[chosen[:1]], OUTPUT).shape[1]
    most = max(1, min(len(chosen), MAX_FACES, MAX_BYTES // (2 * of_one + 2)))
    chosen = chosen[np.linspace(0, len(chosen) - 1, most).astype(int)]
    features = run_graph(graph, faces.images[chosen], OUTPUT).astype(np.float16)
    labels = np.where(truth[chosen] == NOT_READ, classes, truth[chosen]).astype(np.uint16)
    return bytes(save({OUTPUT: features, LABELS: labels}))


def read_features(bundle: Bundle) -> KnownFaces:
    """Return what a bundle keeps of validation faces.

    Raises:
        BundleError: It keeps none, or the file is missing, changed or damaged.
    """
    data = bundle.load_features()
    try:
        arrays = load(data)
        features, labels = arrays[OUTPUT], arrays[LABELS]
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise _damaged(bundle, one_line(error)) from error
    kinds = features.dtype.kind + labels.dtype.kind
    if features.ndim != 2 or labels.shape != features.shape[:1] or kinds not in ("fi", "fu"):
        raise _damaged(bundle, f"{features.shape} features for {labels.shape} labels")
    known = ((labels >= 0) & (labels <= len(bundle.info.labels))).all()
    if not (known and np.isfinite(features).all()):
        raise _damaged(bundle, "features that are not finite, or labels that the model has not")
    return KnownFaces(features.astype(np.float32), labels.astype(np.int64))


def _damaged(bundle: Bundle, reason: str) -> BundleError:
    return BundleError(f"{bundle.path / FEATURES}: no features of faces ({reason})")
