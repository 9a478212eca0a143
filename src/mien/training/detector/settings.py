"""What a detector's training run can be told, kept in its folder so that a run can be repeated."""

from typing import Annotated, Literal

import msgspec

from mien.training.recipe import Recipe
from mien.training.settings import AnyModelSettings, Decay, Positive, Rate, Seed


class DetectorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a run.

    Attributes:
        channels: Gray, or colour.
        epochs: Epochs; the learning rate falls to zero over them. Scenes never repeat, so that an
            epoch is only the time from one validation to the next.
        steps: Batches per epoch.
        batch_size: Scenes of 256 pixels per step; fewer where a batch's scenes are larger.
        learning_rate: Highest learning rate.
        weight_decay: Of AdamW (Loshchilov and Hutter 2019).
        average_decay: Decay per step of the moving average of the weights, which is what is kept.
        seed: Of all randomness.
    """

    channels: Annotated[Literal[1, 3], msgspec.Meta(extra={"names": {"gray": 1, "bgr": 3}})] = 1
    epochs: Positive = 40
    steps: Positive = 750
    batch_size: Positive = 32
    learning_rate: Rate = 2e-3
    weight_decay: Decay = 0.02
    average_decay: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.999
    seed: Seed = 0


class DetectorModelSettings(AnyModelSettings, frozen=True, kw_only=True):
    """What goes into a detector's bundle beside the weights.

    Attributes:
        weights: "half" keeps the network's answers to 16 bits of its weights; "int8" computes in 8
            bits, which is faster and changes answers a little.
    """

    weights: Literal["half", "int8"] = "int8"


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """How the teachers' labels are taken.

    Attributes:
        judge: Detector that is asked about doubtful faces.
        group_pattern: Regular expression whose first group names the person in a file's name; a
            person stays in one split.
    """

    judge: Literal["none", "dlib-cnn"] = "none"
    group_pattern: Annotated[str | None, msgspec.Meta(extra={"metavar": "REGEX"})] = None


RECIPE = Recipe("train-detector FOLDER …", (DetectorSettings, Judgement, DetectorModelSettings))
