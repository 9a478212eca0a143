"""What a run that trains a network to read faces can be told."""

from typing import Annotated, Literal

import msgspec

from mien.training.expression.feeding.room import Asked
from mien.training.recipe import Recipe
from mien.training.settings import AnyModelSettings, Decay, Machine, Positive, Rate, Seed

Channels = Annotated[Literal[1, 3], msgspec.Meta(extra={"names": {"gray": 1, "rgb": 3}})]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
# Of a source of the data set, by its name.
BySource = msgspec.Meta(extra={"metavar": "SOURCE=X"})
Architecture = Literal[
    "residual",
    "residual-small",
    "residual-wide",
    "residual-large",
    "residual-deep",
    "mobilenet",
    "mobilenet-small",
    "baseline",
]


class TrainSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a run.

    Attributes:
        arch: mien's network (residual), a smaller and a wider one, one for faces of 160 px and more
            (residual-deep), large ones to teach others (residual-large, mobilenet), or that of the
            demo it succeeds (baseline).
        size: Side of the pictures that the network sees, in pixels.
        channels: Gray, or RGB.
        epochs: Passes over the data at most; the learning rate falls to zero over them (default:
            30; more for few faces).
        patience: Epochs without a better validation loss after which training stops (default: a
            quarter of them, at least 8).
        batch_size: Pictures per step (default: 128; fewer for few faces).
        learning_rate: Highest learning rate (default: 0.002 for residual, less for other networks
            and small batches).
        weight_decay: Of AdamW (Loshchilov and Hutter 2019).
        class_balance: 0 weighs faces alike, 1 weighs classes alike.
        average_decay: Decay per step of the moving average of the weights, which is what is kept.
        augment: Whether training pictures are changed at random.
        calm_epochs: Last epochs in which only a third as many pictures are degraded as before:
            the network then settles on faces as most cameras give them.
        teacher_views: How often each face is changed and given soft targets, for the epochs
            to take in turn.
        teacher_weight: Share of the teachers in what is learnt, where there are teachers; the rest
            is what people said.
        source_weight: How much a face of a source counts, by the source's name; 1 unless named.
        source_smoothing: Share of the label that is spread evenly over all classes, by the source's
            name: for sources whose labels are less sure (Szegedy et al. 2016); 0 unless named.
        shuffle_buffer: Pictures among which an epoch is shuffled, in MiB of their files; a data set
            that is smaller is shuffled as a whole.
        seed: Of all randomness.
    """

    arch: Architecture = "residual"
    size: Positive = 48
    channels: Channels = 1
    epochs: Positive = 30
    patience: Positive = 8
    batch_size: Positive = 128
    learning_rate: Rate = 2e-3
    weight_decay: Decay = 0.05
    class_balance: Share = 0.5
    average_decay: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.998
    augment: bool = True
    calm_epochs: Annotated[int, msgspec.Meta(ge=0)] = 0
    teacher_views: Positive = 8
    teacher_weight: Share = 0.6
    source_weight: Annotated[dict[str, Decay], BySource] = {}
    source_smoothing: Annotated[dict[str, Share], BySource] = {}
    shuffle_buffer: Positive = 256
    seed: Seed = 0


class FoldSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whether a data set is learnt from in turns, each leaving out whole persons, to be judged by.

    Attributes:
        folds: Cross-validation: "group" deals the persons into folds, each of which is left out
            once; "leave-one-out" leaves out one person at a time.
        fold_count: How many folds there are, for "group".
        fold_validation: Share of the faces that are not left out by which training is stopped and
            the bundle calibrated: whole persons, about as many.
    """

    folds: Literal["none", "group", "leave-one-out"] = "none"
    fold_count: Annotated[int, msgspec.Meta(ge=2, le=10_000)] = 5
    fold_validation: Annotated[float, msgspec.Meta(gt=0, le=0.5)] = 0.1


class ModelSettings(AnyModelSettings, frozen=True, kw_only=True):
    """What goes into a classifier's bundle beside the weights.

    Attributes:
        classes: The classes it reads, of those that it was trained on; all where empty.
        crop_scale: Side of the crop over `Box.side` that frames live faces as the data set does.
        alignment: Whether live faces are turned so that the eyes are level.
        weights: "half" keeps the network's answers to 16 bits of its weights; "int8" computes in 8
            bits, which is twice as fast and changes answers a little.
        class_prior: How much the frequent classes are preferred again that `class_balance` held
            back in training: the logarithm of each class's share, times this, is added to its
            logit (logit adjustment, Menon et al. 2021). Below 0 the rare ones are preferred.
            Choose it on validation faces.
        answer_accuracy: Wanted selective accuracy; below it the model says "not sure".
        features_of: Sources of the data set whose validation faces are kept beside the model, as
            features and labels, without the pictures, for whoever adapts it; name those whose
            terms allow it.
    """

    classes: Annotated[
        tuple[str, ...], msgspec.Meta(extra={"split": True, "metavar": "A,B,…"})
    ] = ()
    crop_scale: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    alignment: Annotated[Literal["none", "eyes"], msgspec.Meta(extra={"derived": True})] = "none"
    weights: Literal["half", "int8"] = "half"
    class_prior: Annotated[float, msgspec.Meta(ge=-1, le=1)] = 0.0
    answer_accuracy: Share = 0.9
    features_of: Annotated[tuple[str, ...], msgspec.Meta(extra={"metavar": "SOURCE"})] = ()


class Origins(msgspec.Struct, frozen=True, kw_only=True):
    """What a run learns from beside its data set.

    Attributes:
        teacher: Larger models whose soft targets it learns from, too (distillation): folders of
            bundles, or names of shipped ones; they may take faces of more pixels.
        pretrained: Weights of a face recogniser that --arch mobilenet starts from.
        from_: Bundle of the same network whose weights it starts from, a shipped one by its name.
    """

    teacher: Annotated[tuple[str, ...], msgspec.Meta(extra={"metavar": "BUNDLE"})] = ()
    pretrained: Annotated[str | None, msgspec.Meta(extra={"metavar": "FILE"})] = None
    from_: Annotated[str | None, msgspec.Meta(extra={"metavar": "BUNDLE"})] = None


class TrainMachine(Machine, frozen=True, kw_only=True):
    """Where and how a run computes, and from where it takes the faces; changes its speed alone.

    Attributes:
        cache: Where decoded faces are kept: in memory, on the disk (in the run folder, while it
            runs), or nowhere: they are then decoded again in each epoch. "auto" takes the memory
            where they fill no more than a quarter of what is free, else the disk where it has room.
        workers: Processes that decode beside the network (default: by the number of cores where a
            GPU learns; 0 where the processor does, which then decodes in between).
        compile: Whether the network is compiled for a GPU: a minute at the start of a run, and
            then faster steps.
    """

    cache: Asked = "auto"
    workers: Annotated[int, msgspec.Meta(ge=0)] | None = None
    compile: bool = False


RECIPE = Recipe("train DATASET", (TrainSettings, FoldSettings, Origins, ModelSettings))
