"""The bundle: a folder `model.onnx` + `model.json` + `CARD.md` that is all a model is.

Beside them may lie `recipe.toml`; `weights.safetensors`, the network's weights in floats, for who
trains further; `features.safetensors`, what the network made of faces that it did not learn from,
for who adapts it; and `comparison.png`, which shows how an adapted model compares. Loaded strictly:
an unknown key, a wrong hash or a missing file is an error, never a guess. A bundle of format 1 is
read, too; what is written is of format 2.
"""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import msgspec

from mien.errors import BundleError
from mien.files.pickles import refuse_pickle
from mien.files.writes import new_folder, sweep
from mien.models.format1 import in_format_2
from mien.models.info import BundleInfo, DetectorInfo, ModelInfo
from mien.parsing import decode_json

GRAPH, INFO, CARD, RECIPE = "model.onnx", "model.json", "CARD.md", "recipe.toml"
WEIGHTS, FEATURES = "weights.safetensors", "features.safetensors"
PLOT = "comparison.png"
CLASSIFIER, DETECTOR = "classifier", "detector"
# How the place of a bundle begins that is on a hub; see `mien.models.hub`.
ON_HUB = "hf:"
# What a run folder calls the bundle that came of it.
FOLDER = "bundle"


T = TypeVar("T", ModelInfo, DetectorInfo)


@dataclass(frozen=True, slots=True)
class AnyBundle(Generic[T]):
    """A model that has been checked.

    Attributes:
        path: Its folder.
        info: What model.json says.
        graph: The bytes of model.onnx, whose hash is right.
    """

    path: Path
    info: T
    graph: bytes

    def load_weights(self) -> bytes:
        """Return the bytes of weights.safetensors, which nothing else needs.

        Raises:
            BundleError: The bundle has no such file, or it is missing or was changed.
        """
        if self.info.weights_sha256 is None:
            raise BundleError(
                f"{self.path}: holds no {WEIGHTS}, only a graph; take a bundle that this version "
                "of `mien train` wrote"
            )
        return _hashed(self.path / WEIGHTS, self.info.weights_sha256)

    def load_features(self) -> bytes:
        """Return the bytes of features.safetensors, which nothing else needs.

        Raises:
            BundleError: The bundle has no such file, or it is missing or was changed.
        """
        if self.info.features_sha256 is None:
            raise BundleError(
                f"{self.path}: holds no {FEATURES}; name sources of its validation faces with "
                "`mien train --features-of`"
            )
        return _hashed(self.path / FEATURES, self.info.features_sha256)


def hashed_files(info: BundleInfo) -> dict[str, str]:
    """Return the files that model.json vouches for, each with its sha256."""
    digests = {GRAPH: info.sha256, WEIGHTS: info.weights_sha256, FEATURES: info.features_sha256}
    return {name: digest for name, digest in digests.items() if digest is not None}


Bundle: TypeAlias = AnyBundle[ModelInfo]
DetectorBundle: TypeAlias = AnyBundle[DetectorInfo]


class _Head(msgspec.Struct):
    """What decides how the rest is read."""

    format: Literal[1, 2]
    kind: str = CLASSIFIER


def load_bundle(path: Path) -> Bundle:
    """Load a classifier's bundle, checking all that can be checked without running the graph.

    Raises:
        BundleError: The folder, a file, a key, a value or the hash is wrong.
    """
    return _load(path, ModelInfo, CLASSIFIER)


def load_detector_bundle(path: Path) -> DetectorBundle:
    """Load a face detector's bundle, as `load_bundle` does.

    Raises:
        BundleError: The folder, a file, a key, a value or the hash is wrong.
    """
    return _load(path, DetectorInfo, DETECTOR)


def read_info(path: Path) -> ModelInfo | DetectorInfo:
    """Read what model.json says, of whatever kind the model is.

    Args:
        path: The file.

    Raises:
        BundleError: It cannot be read, or a key or value is wrong.
    """
    with _named(path):
        kind = decode_json(_read(path), _Head).kind
    if kind == DETECTOR:
        return _decode_info(path, DetectorInfo, DETECTOR)
    return _decode_info(path, ModelInfo, CLASSIFIER)


def load_any_bundle(path: Path) -> Bundle | DetectorBundle:
    """Load a bundle of either kind, as `load_bundle` does.

    Raises:
        BundleError: The folder, a file, a key, a value or the hash is wrong.
    """
    if (path / INFO).exists() and isinstance(read_info(path / INFO), DetectorInfo):
        return load_detector_bundle(path)
    return load_bundle(path)


def _load(path: Path, kind: type[T], name: str) -> AnyBundle[T]:
    refuse_pickle(
        path,
        BundleError,
        "name the folder of a bundle, as training writes it and `mien import-keras` makes it of a "
        "Keras model",
    )
    if path.as_posix().startswith(ON_HUB) and not path.exists():
        raise BundleError(
            f"{path}: mien fetches nothing unless it is told to: "
            f"`mien pull {path.as_posix()} --out FOLDER`, then name that folder"
        )
    if not path.is_dir():
        sweep(path.parent)  # a killed process may have left it aside
    if not path.is_dir() or not any((path / one).exists() for one in (INFO, GRAPH)):
        raise BundleError(f"{path}: no such bundle; name a folder that holds {INFO} and {GRAPH}")
    info = _decode_info(path / INFO, kind, name)
    return AnyBundle(path, info, _hashed(path / GRAPH, info.sha256))


def write_bundle(
    path: Path,
    info: T,
    graph: bytes,
    card: str,
    *,
    recipe: str = "",
    weights: bytes | None = None,
    features: bytes | None = None,
) -> AnyBundle[T]:
    """Write a bundle whole or not at all; an older one at `path` is replaced only at the end.

    Args:
        path: Its folder.
        info: What model.json says; the hashes are set here.
        graph: The bytes of model.onnx.
        card: The text of CARD.md.
        recipe: What `mien train --config` (or `mien train-detector --config`) makes the model from
            again, where it was made so.
        weights: The bytes of weights.safetensors, where there are any.
        features: The bytes of features.safetensors, where there are any.

    Raises:
        BundleError: The folder cannot be written.
    """
    made, files = make_bundle(
        path, info, graph, card, recipe=recipe, weights=weights, features=features
    )
    write_files(path, files)
    return made


def write_files(path: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a bundle whole or not at all; an older one is replaced only at the end.

    Raises:
        BundleError: The folder cannot be written.
    """
    try:
        with new_folder(path) as new:
            for name, data in files.items():
                (new / name).write_bytes(data)
    except OSError as error:
        raise BundleError(f"{path}: the bundle cannot be written: {error.strerror}") from error


def make_bundle(
    path: Path,
    info: T,
    graph: bytes,
    card: str,
    *,
    recipe: str = "",
    weights: bytes | None = None,
    features: bytes | None = None,
) -> tuple[AnyBundle[T], dict[str, bytes]]:
    """Make a bundle in memory; arguments are those of `write_bundle`.

    Returns:
        The bundle, and what is in its folder, by the names of the files.
    """
    info = msgspec.structs.replace(
        info,
        sha256=hashlib.sha256(graph).hexdigest(),
        weights_sha256=None if weights is None else hashlib.sha256(weights).hexdigest(),
        features_sha256=None if features is None else hashlib.sha256(features).hexdigest(),
    )
    files = {GRAPH: graph, INFO: encode_info(info), CARD: card.encode()}
    beside = {RECIPE: recipe.encode() or None, WEIGHTS: weights, FEATURES: features}
    files |= {name: data for name, data in beside.items() if data is not None}
    return AnyBundle(path, info, graph), files


def encode_info(info: BundleInfo) -> bytes:
    """Return the bytes of model.json."""
    return msgspec.json.format(msgspec.json.encode(info), indent=2) + b"\n"


def _decode_info(path: Path, kind: type[T], name: str) -> T:
    data = _read(path)
    with _named(path):
        head = decode_json(data, _Head)
        if head.kind != name:
            raise BundleError(f"{path}: the model of a {head.kind}, where a {name} is needed")
        values: Any = decode_json(data, object)
        return msgspec.convert(in_format_2(values) if head.format == 1 else values, kind)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise BundleError(
            f"{path}: {error}; get the bundle again, or one for this version of mien"
        ) from error


def _hashed(path: Path, wanted: str) -> bytes:
    data = _read(path)
    digest = hashlib.sha256(data).hexdigest()
    if digest != wanted:
        raise BundleError(
            f"{path}: sha256 is {digest[:12]}…, but {INFO} says {wanted[:12]}…; "
            "the file was changed or damaged, get the bundle again"
        )
    return data


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{path}: cannot be read: {error.strerror}; get the bundle again"
        ) from error
