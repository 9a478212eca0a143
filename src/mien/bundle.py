"""The bundle: a folder `model.onnx` + `model.json` + `CARD.md` that is all a model is.

Loaded strictly: an unknown key, a wrong hash or a missing file is an error, never a guess.
"""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

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


class ModelInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The contents of model.json.

    Attributes:
        format: Version of this layout.
        name: Name of the model.
        version: Version of the model.
        labels: Classes, in the order of the graph's output.
        input: How faces must be cropped.
        sha256: Hash of model.onnx.
        temperature: What the logits are divided by, inside the graph; fitted on validation data.
        not_sure_below: Confidence below which the answer is "not sure".
        training_data: Names of the data sets it was trained on.
        licence: Terms of the weights, and notes on those of the data.
        command: The command that made it.
        seed: The seed that made it.
        metrics: What was measured.
    """

    format: Literal[1]
    name: Annotated[str, msgspec.Meta(min_length=1)]
    version: str
    labels: Annotated[tuple[str, ...], msgspec.Meta(min_length=2)]
    input: InputInfo
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    temperature: Annotated[float, msgspec.Meta(gt=0)]
    not_sure_below: Fraction
    training_data: tuple[str, ...]
    licence: str
    command: str
    seed: int
    metrics: tuple[MetricsInfo, ...] = ()

    def __post_init__(self) -> None:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError(f"labels must differ, got {list(self.labels)}")
        self.spec()

    def spec(self) -> InputSpec:
        """Return the input's description as `preprocess` takes it."""
        given = self.input
        return InputSpec(given.size, given.channels, given.crop_scale, given.alignment)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A model that has been checked.

    Attributes:
        path: Its folder.
        info: What model.json says.
        graph: The bytes of model.onnx, whose hash is right.
    """

    path: Path
    info: ModelInfo
    graph: bytes


def load_bundle(path: Path) -> Bundle:
    """Load a bundle, checking everything that can be checked without running the graph.

    Raises:
        BundleError: The folder, a file, a key, a value or the hash is wrong.
    """
    if not path.is_dir():
        raise BundleError(f"{path}: no such bundle; name a folder that holds {INFO} and {GRAPH}")
    info = _decode_info(path / INFO)
    graph = _read(path / GRAPH)
    digest = hashlib.sha256(graph).hexdigest()
    if digest != info.sha256:
        raise BundleError(
            f"{path / GRAPH}: sha256 is {digest[:12]}…, but {INFO} says {info.sha256[:12]}…; "
            "the file was changed or damaged, get the bundle again"
        )
    return Bundle(path, info, graph)


def write_bundle(
    path: Path, info: ModelInfo, graph: bytes, card: str, *, recipe: str = ""
) -> Bundle:
    """Write a bundle whole or not at all; an older one at `path` is replaced only at the end.

    `info.sha256` is set from `graph`; `recipe`, where there is one, is what `mien train --config`
    makes the model from again.

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
    return Bundle(path, info, graph)


def encode_info(info: ModelInfo) -> bytes:
    """Return the bytes of model.json."""
    return msgspec.json.format(msgspec.json.encode(info), indent=2) + b"\n"


def _decode_info(path: Path) -> ModelInfo:
    try:
        return msgspec.json.decode(_read(path), type=ModelInfo)
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
