"""Features of validation faces beside a bundle's graph: features.safetensors, for who adapts it.

They are what the graph gave as `features` for faces that the network did not learn from, with what
people called them, and no pictures: enough to see whether an adapted model still reads what the
model read before. In 16 bits, 2,000 faces of the shipped networks take 0.8 MB.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mien.models.classifier import FEATURES as OUTPUT
from mien.training.expression.calibrate import NOT_READ
from mien.training.expression.export import run_graph
from mien.training.expression.faces import FaceStore
from mien.training.expression.known import KnownFaces, encode

MAX_BYTES = 1_000_000
MAX_FACES = 2_000


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
    labels = np.where(truth[chosen] == NOT_READ, classes, truth[chosen])
    return encode(KnownFaces(run_graph(graph, faces.images[chosen], OUTPUT), labels))
