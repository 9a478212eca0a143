"""What model.json says: the structs that it is read into, format 2."""

from typing import Annotated, Final, Literal

import msgspec

from mien.types import InputSpec

FORMAT: Final = 2

Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class InputInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How faces must be cropped; see `mien.types.InputSpec`."""

    size: int
    channels: int
    crop_scale: float
    alignment: Literal["none", "eyes"]


class SliceInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Figures of a part of the faces, as of those of one source."""

    measure: str
    part: str
    faces: int
    values: dict[str, float]


class MetricsInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Figures measured with `mien evaluate`, on what, by which command line, and of which part."""

    dataset: str
    split: str
    date: str
    values: dict[str, float]
    command: str = ""
    slices: tuple[SliceInfo, ...] = ()


class DataTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The terms of one source of training data."""

    source: str
    terms: str


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """On what terms a model may be used.

    Attributes:
        weights: Terms of the weights themselves.
        data: The sources that it was trained on, each with its own terms.
    """

    weights: str
    data: tuple[DataTerms, ...]

    def sources(self) -> str:
        """Return the sources, each with its terms, on one line."""
        return "; ".join(f"{one.source} ({one.terms})" for one in self.data) or "not stated"

    def told(self) -> str:
        """Return all of them on one line."""
        return f"weights: {self.weights}; trained on: {self.sources()}"


class BundleInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What model.json says of any model.

    Attributes:
        format: Version of this layout.
        name: Name of the model.
        version: Version of the model.
        sha256: Hash of model.onnx.
        terms: Terms of the weights and of each source of the data.
        command: The command that made it.
        seed: The seed that made it.
        metrics: What was measured.
        weights_sha256: Hash of weights.safetensors; None where there is no such file.
        features_sha256: Hash of features.safetensors; None where there is no such file.
    """

    format: Literal[2]
    name: Annotated[str, msgspec.Meta(min_length=1)]
    version: str
    sha256: Digest
    terms: Terms
    command: str
    seed: int
    metrics: tuple[MetricsInfo, ...] = ()
    weights_sha256: Digest | None = None
    features_sha256: Digest | None = None


class ModelInfo(BundleInfo, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The contents of a classifier's model.json.

    Attributes:
        labels: Classes, in the order of the graph's output.
        other: Whether the graph has one more output, the last: the probability that the face shows
            none of the labels, but something else that was learnt.
        input: How faces must be cropped.
        temperature: What the logits are divided by, inside the graph; fitted on validation data.
        not_sure_below: Probability of being right below which the answer is "not sure" in any
            case; see `mien.models.decision`.
        neutral_logs: Mean natural logarithm of each of the graph's outputs over neutral validation
            faces; None where they are not known. See `mien.models.neutral`.
        kind: What the model is.
    """

    labels: Annotated[tuple[str, ...], msgspec.Meta(min_length=2)]
    input: InputInfo
    temperature: Annotated[float, msgspec.Meta(gt=0)]
    not_sure_below: Fraction
    other: bool = False
    neutral_logs: tuple[Annotated[float, msgspec.Meta(le=0, ge=-100)], ...] | None = None
    kind: Literal["classifier"] = "classifier"

    def __post_init__(self) -> None:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError(f"labels must differ, got {list(self.labels)}")
        outputs = len(self.labels) + self.other
        if self.neutral_logs is not None and len(self.neutral_logs) != outputs:
            raise ValueError(f"neutral_logs must be {outputs}, got {len(self.neutral_logs)}")
        self.spec()

    def spec(self) -> InputSpec:
        """Return the input's description as `mien.vision.crop` takes it."""
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
            is the same face; see `boxes.non_maximum_suppression`.
    """

    kind: Literal["detector"]
    channels: Literal[1, 3]
    # Pictures are filled up to a multiple: a slip of the pen must not ask for all memory.
    multiple: Annotated[int, msgspec.Meta(ge=1, le=1024)]
    smallest: Annotated[float, msgspec.Meta(gt=0, le=1e6)]
    largest: Annotated[float, msgspec.Meta(gt=0, le=1e6)]
    min_score: Fraction
    max_overlap: Fraction
    max_inside: Fraction = 1.0
