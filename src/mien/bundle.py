"""The bundle: a folder `model.onnx` + `model.json` + `CARD.md` that is all a model is.

Loaded strictly: an unknown key, a wrong hash or a missing file is an error, never a guess.
"""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Generic, Literal, TypeAlias, TypeVar

import msgspec

from mien.errors import BundleError
from mien.types import InputSpec

GRAPH, INFO, CARD, RECIPE = "model.onnx", "model.json", "CARD.md", "recipe.toml"
FORMAT = 1

Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]


class InputInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How faces must be cropped; see `mien.types.InputSpec`."""

    size: int
    channels: int
    crop_scale: float
    alignment: Literal["none", "eyes"]


class MetricsInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Figures measured with `mien evaluate`, on what, and by which command line."""

    dataset: str
    split: str
    date: str
    values: dict[str, float]
    command: str = ""


class BundleInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What model.json says of any model.

    Attributes:
        format: Version of this layout.
        name: Name of the model.
        version: Version of the model.
        sha256: Hash of model.onnx.
        training_data: Names of the data sets it was trained on.
        licence: Terms of the weights, and notes on those of the data.
        command: The command that made it.
        seed: The seed that made it.
        metrics: What was measured.
    """

    format: Literal[1]
    name: Annotated[str, msgspec.Meta(min_length=1)]
    version: str
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    training_data: tuple[str, ...]
    licence: str
    command: str
    seed: int
    metrics: tuple[MetricsInfo, ...] = ()


class ModelInfo(BundleInfo, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The contents of a classifier's model.json.

    Attributes:
        labels: Classes, in the order of the graph's output.
        input: How faces must be cropped.
        temperature: What the logits are divided by, inside the graph; fitted on validation data.
        not_sure_below: Confidence below which the answer is "not sure".
        kind: What the model is.
    """

    labels: Annotated[tuple[str, ...], msgspec.Meta(min_length=2)]
    input: InputInfo
    temperature: Annotated[float, msgspec.Meta(gt=0)]
    not_sure_below: Fraction
    kind: Literal["classifier"] = "classifier"

    def __post_init__(self) -> None:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError(f"labels must differ, got {list(self.labels)}")
        self.spec()

    def spec(self) -> InputSpec:
        """Return the input's description as `preprocess` takes it."""
        given = self.input
        return InputSpec(given.size, given.channels, given.crop_scale, given.alignment)


class DetectorInfo(BundleInfo, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The contents of a face detector's model.json.

    Attributes:
        kind: What the model is.
        channels: 1 where the graph takes gray pictures, 3 where it takes BGR.
        multiple: What the sides of a picture must be multiples of.
        smallest: Side of the smallest face that it finds reliably, in pixels of what it is shown.
        largest: Side of the largest one.
        min_score: Score below which a box is dropped: chosen on validation pictures.
        max_overlap: IoU above which the less sure of two boxes is dropped.
        max_inside: Part of the smaller of two boxes above which, about the middle of the larger, it
            is the same face; see `geometry.non_maximum_suppression`.
    """

    kind: Literal["detector"]
    channels: Literal[1, 3]
    multiple: Annotated[int, msgspec.Meta(ge=1)]
    smallest: Annotated[float, msgspec.Meta(gt=0)]
    largest: Annotated[float, msgspec.Meta(gt=0)]
    min_score: Fraction
    max_overlap: Fraction
    max_inside: Fraction = 1.0


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


Bundle: TypeAlias = AnyBundle[ModelInfo]
DetectorBundle: TypeAlias = AnyBundle[DetectorInfo]


class _Kind(msgspec.Struct):
    kind: str = "classifier"


def load_bundle(path: Path) -> Bundle:
    """Load a classifier's bundle, checking all that can be checked without running the graph.

    Raises:
        BundleError: The folder, a file, a key, a value or the hash is wrong.
    """
    return _load(path, ModelInfo, "classifier")


def load_detector_bundle(path: Path) -> DetectorBundle:
    """Load a face detector's bundle, as `load_bundle` does.

    Raises:
        BundleError: The folder, a file, a key, a value or the hash is wrong.
    """
    return _load(path, DetectorInfo, "detector")


def _load(path: Path, kind: type[T], name: str) -> AnyBundle[T]:
    if not path.is_dir():
        raise BundleError(f"{path}: no such bundle; name a folder that holds {INFO} and {GRAPH}")
    info = _decode_info(path / INFO, kind, name)
    graph = _read(path / GRAPH)
    digest = hashlib.sha256(graph).hexdigest()
    if digest != info.sha256:
        raise BundleError(
            f"{path / GRAPH}: sha256 is {digest[:12]}…, but {INFO} says {info.sha256[:12]}…; "
            "the file was changed or damaged, get the bundle again"
        )
    return AnyBundle(path, info, graph)


def write_bundle(path: Path, info: T, graph: bytes, card: str, *, recipe: str = "") -> AnyBundle[T]:
    """Write a bundle whole or not at all; an older one at `path` is replaced only at the end.

    `info.sha256` is set from `graph`; `recipe`, where there is one, is what `mien train --config`
    (or `mien train-detector --config`) makes the model from again.

    Raises:
        BundleError: The folder cannot be written.
    """
    info = msgspec.structs.replace(info, sha256=hashlib.sha256(graph).hexdigest())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        try:
            (temporary / GRAPH).write_bytes(graph)
            (temporary / INFO).write_bytes(encode_info(info))
            (temporary / CARD).write_text(card, encoding="utf-8")
            if recipe:
                (temporary / RECIPE).write_text(recipe, encoding="utf-8")
            temporary.chmod(0o755)
            if path.exists():
                shutil.rmtree(path)
            temporary.rename(path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise BundleError(f"{path}: the bundle cannot be written: {error.strerror}") from error
    return AnyBundle(path, info, graph)


def encode_info(info: BundleInfo) -> bytes:
    """Return the bytes of model.json."""
    return msgspec.json.format(msgspec.json.encode(info), indent=2) + b"\n"


def _decode_info(path: Path, kind: type[T], name: str) -> T:
    data = _read(path)
    try:
        found = msgspec.json.decode(data, type=_Kind).kind
        if found != name:
            raise BundleError(f"{path}: the model of a {found}, where a {name} is needed")
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, ValueError) as error:
        raise BundleError(
            f"{path}: {error}; get the bundle again, or one for this version of mien"
        ) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{path}: cannot be read: {error.strerror}; get the bundle again"
        ) from error
