"""The whole export: bundle → its float network → Keras layers → a file that was read back."""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from mien.errors import BundleError, SettingsError, TrainingError, one_line
from mien.files.writes import new_file
from mien.keras.export.layers import LayerWriter
from mien.keras.network import import_keras_on_torch, quietly
from mien.keras.unlike import unlike_pictures
from mien.models.bundle import WEIGHTS, Bundle, load_bundle
from mien.models.classifier import OnnxClassifier
from mien.models.info import ModelInfo
from mien.training.expression.face_network import FaceNetwork
from mien.training.expression.network import Deployed
from mien.training.expression.weights import learnt_classes, network_from_bundle
from mien.types import PixelArray, ProbabilityArray

SUFFIX = ".keras"
# Of a probability: both compute in fp32, in another order.
TOLERANCE = 1e-5
# A bundle's graph in 8 bits differs by far more from its network in floats.
SAME_AS_BUNDLE = 1e-4
NOISE = 16
METADATA, OURS = "metadata.json", "mien"


@dataclass(frozen=True, slots=True)
class KerasExport:
    """What an export gives.

    Attributes:
        info: The bundle's description.
        parameters: Number of weights.
        parity: Largest difference of a probability between the file, read back, and the float
            network, over `NOISE` pictures of noise and 48 of patches.
        as_bundle: Whether the bundle's own graph gives the same; one in 8 bits does not quite.
    """

    info: ModelInfo
    parameters: int
    parity: float
    as_bundle: bool


def export_keras(path: Path, out: Path, *, overwrite: bool = False) -> KerasExport:
    """Write a bundle's network as a Keras 3 model: faces in, calibrated probabilities out.

    It takes [N,S,S,C] in 0..255, uint8 or floats, as `mien.vision.crop` gives them, and gives
    [N,K], or [N,K+1] where the bundle tells something else apart. Its layers are Keras's own.

    Args:
        path: The bundle's folder.
        out: The file, whole or not at all; must end in `.keras`.
        overwrite: Whether a file that is there is replaced.

    Raises:
        SettingsError: `out` has another suffix, is a folder, or exists already.
        BundleError: The bundle is damaged or holds no float weights, or `out` cannot be written.
        TrainingError: What was written differs from the network.
        MissingExtraError: Keras is not installed.
    """
    _check_place(out, overwrite=overwrite)
    bundle = load_bundle(path)
    network, reads = network_from_bundle(bundle), _reads(bundle)
    keras = import_keras_on_torch()
    with keras.device("cpu"), quietly():
        model = _model(keras, bundle.info, network, reads)
        faces = _test_faces(bundle.info)
        wanted = _wanted(network, bundle.info, reads, faces)
        try:
            with new_file(out) as new:
                model.save(new)
                _add_metadata(new, bundle.info)
                parity = _check(keras, new, faces, wanted)
        except (BundleError, TrainingError):
            raise
        except Exception as error:  # Keras and h5py raise many types without a common base
            reason = getattr(error, "strerror", None) or one_line(error)
            raise BundleError(f"{out}: cannot be written: {reason}") from error
    apart = float(np.abs(OnnxClassifier(bundle)(faces) - wanted).max())
    return KerasExport(bundle.info, model.count_params(), parity, apart <= SAME_AS_BUNDLE)


def _check_place(out: Path, *, overwrite: bool) -> None:
    if out.suffix != SUFFIX:
        raise SettingsError(f"{out}: name a file that ends in {SUFFIX}, which Keras 3 asks for")
    if out.exists() and not out.is_file():
        raise SettingsError(f"{out}: is no file; name another one")
    if out.exists() and not overwrite:
        raise SettingsError(f"{out}: exists already; name another file, or say --overwrite")


def _reads(bundle: Bundle) -> list[int]:
    """Return which of the classes that the network learnt the bundle reads, in its order.

    Raises:
        BundleError: The weights are of a network of other classes.
    """
    learnt, info = learnt_classes(bundle), bundle.info
    rest = len(learnt) - len(info.labels)
    if not set(info.labels) <= set(learnt) or bool(rest) != info.other:
        raise BundleError(
            f"{bundle.path / WEIGHTS}: of a network that learnt {', '.join(learnt)}, but the "
            f"bundle reads {', '.join(info.labels)}; get the bundle again"
        )
    return [learnt.index(label) for label in info.labels]


def _model(keras: Any, info: ModelInfo, network: FaceNetwork, reads: Sequence[int]) -> Any:
    spec = info.spec()
    writer = LayerWriter(keras)
    faces = keras.Input((spec.size, spec.size, spec.channels), name="faces")
    seen, head = writer.seen_by_head(network, faces)
    # The classes that are read come first, so that what the others have together is cut off.
    rest = [number for number in range(head.out_features) if number not in reads]
    rows = [*reads, *rest]
    scaled = [
        (values.detach()[rows] / info.temperature).numpy() for values in (head.weight, head.bias)
    ]
    x = writer.weighted("Dense", "head", seen, (scaled[0].T, scaled[1]), units=len(rows))
    x = writer.layer("Softmax", "learnt" if rest else "probabilities", x)
    return keras.Model(faces, _with_others(writer, x, len(rest)) if rest else x, name="mien")


def _with_others(writer: LayerWriter, learnt: Any, others: int) -> Any:
    """Map the probabilities of all classes to those of the labels, and what the others have."""
    classes = learnt.shape[1]
    labels = classes - others
    column = writer.layer("Reshape", "one_by_one", learnt, target_shape=(classes, 1))
    read = writer.layer("Cropping1D", "read", column, cropping=(0, others))
    read = writer.layer("Reshape", "labels", read, target_shape=(labels,))
    rest = writer.layer("Cropping1D", "others", column, cropping=(labels, 0))
    rest = writer.layer("GlobalAveragePooling1D", "mean_of_others", rest)
    rest = writer.layer("Rescaling", "something_else", rest, scale=float(others))
    return writer.layer("Concatenate", "probabilities", [read, rest])


def _test_faces(info: ModelInfo) -> PixelArray:
    spec = info.spec()
    shape = (NOISE, spec.size, spec.size, spec.channels)
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    patches = unlike_pictures(spec.size, spec.channels).permute(0, 2, 3, 1).numpy()
    return np.concatenate([noise, np.round(patches * 255).astype(np.uint8)])


@torch.no_grad()
def _wanted(
    network: FaceNetwork, info: ModelInfo, reads: Sequence[int], faces: PixelArray
) -> ProbabilityArray:
    deployed = Deployed(network, info.temperature, reads).eval()
    return np.asarray(deployed(torch.from_numpy(faces))[0].numpy(), dtype=np.float32)


def _add_metadata(path: Path, info: ModelInfo) -> None:
    """Say in the file what Keras has no place for: labels, how faces are cropped, terms."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    told = msgspec.to_builtins(info)
    kept = ("name", "version", "labels", "other", "input", "not_sure_below", "terms")
    metadata = json.loads(parts[METADATA]) | {OURS: {key: told[key] for key in kept}}
    parts[METADATA] = json.dumps(metadata, ensure_ascii=False, indent=2).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def _check(keras: Any, path: Path, faces: PixelArray, wanted: ProbabilityArray) -> float:
    """Read the file back and return its largest difference from the network.

    Raises:
        TrainingError: It is too large.
    """
    given = keras.saving.load_model(path, compile=False).predict(faces, verbose=0)
    parity = float(np.abs(np.asarray(given) - wanted).max())
    if not parity <= TOLERANCE:
        raise TrainingError(
            f"the Keras model differs from the network by {parity:.2g} (at most {TOLERANCE:g}); "
            "nothing was written, report this with `mien doctor`"
        )
    return parity
