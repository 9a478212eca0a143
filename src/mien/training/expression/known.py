"""What a bundle keeps of validation faces: features.safetensors, read and written without PyTorch.

Features and what people called the faces, and no pictures.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from mien.errors import BundleError, one_line
from mien.models.bundle import FEATURES, Bundle
from mien.models.classifier import FEATURES as OUTPUT
from mien.types import FloatArray

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


def encode(known: KnownFaces) -> bytes:
    """Return the bytes of features.safetensors: features in 16 bits."""
    features, labels = known.features.astype(np.float16), known.labels.astype(np.uint16)
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
