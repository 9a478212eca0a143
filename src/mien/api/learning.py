"""Prepares pictures, trains and judges a model, as the commands of these names do.

What may be chosen is what the commands offer, by the same names ("batch_size" for --batch-size),
with the same defaults and checks.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mien.archive.engines import EngineName, make_engine
from mien.errors import MissingExtraError, SettingsError
from mien.registry import DEFAULT_DETECTOR, SHIPPED, make_classifier, make_detector, make_movable
from mien.settings import made_of
from mien.types import OnProgress, ignore_progress

if TYPE_CHECKING:
    from mien.datasets.dataset import Dataset
    from mien.evaluation.evaluate import Evaluated
    from mien.training.expression.run import TrainResult

# Fields of `CropSettings` that a person chooses.
_CROP = ("crop_scale", "size", "gray", "alignment")


def prepare(
    faces: str | Path,
    out: str | Path,
    *,
    detector: str | None = None,
    detector_model: str | Path | None = None,
    group_pattern: str | None = None,
    overwrite: bool = False,
    jobs: int = 1,
    engine: EngineName = "local",
    on_progress: OnProgress = ignore_progress,
    **options: Any,
) -> "Dataset":
    """Make a data set of a folder of labelled pictures, as `mien prepare FACES OUT` does.

    Args:
        faces: The folder, with one sub-folder of pictures per class.
        out: The data set to make; it appears when it is whole.
        detector: Finds the face of each picture first, such as "mien"; None where the pictures are
            faces already.
        detector_model: Its weights, where it takes some.
        group_pattern: What pictures of one person share in their file names, in parentheses.
        overwrite: Replace the data set at `out`.
        jobs: Processes; with more than one a script needs `if __name__ == "__main__":`.
        engine: "local", or "ray" for a cluster.
        on_progress: Called with the stage, how much of it is done, and of how much.
        options: crop_scale, size, gray and alignment of the faces, and validation, test, near,
            balance and seed of `mien.datasets.preparation.settings.PrepareSettings`.

    Raises:
        MienError: As `mien.datasets.preparation.prepare.prepare`, and for a name or value that is
            not taken.
    """
    _import("mien.prepare", "mien.datasets.preparation.prepare")
    from mien.datasets.inputs.folders import CropSettings, FolderInput
    from mien.datasets.inputs.patterns import GroupPattern
    from mien.datasets.preparation import prepare as preparation
    from mien.datasets.preparation.settings import PrepareSettings

    _check("mien.prepare", options, (PrepareSettings,), _CROP)
    crop = CropSettings(
        detector=None if detector is None else make_movable(detector, _path(detector_model)),
        make_judge=partial(make_detector, DEFAULT_DETECTOR),
        **{name: options[name] for name in _CROP if name in options},
    )
    pattern = None if group_pattern is None else GroupPattern(group_pattern)
    return preparation.prepare(
        FolderInput(Path(faces), crop, pattern),
        Path(out),
        made_of(PrepareSettings, options),
        overwrite=overwrite,
        on_progress=on_progress,
        engine=None if (engine, jobs) == ("local", 1) else make_engine(engine, jobs=jobs),
    )


def train(
    dataset: str | Path,
    out: str | Path,
    *,
    resume: bool = False,
    on_epoch: Callable[[dict[str, float]], None] | None = None,
    on_progress: OnProgress = ignore_progress,
    **options: Any,
) -> "TrainResult":
    """Train a model on a data set, as `mien train DATASET --out RUN` does.

    Args:
        dataset: What `prepare` made. Its train and validation splits are used, never its test.
        out: The run folder; the model is `out/bundle`, for `mien.load`.
        resume: Go on where a run in `out` was stopped.
        on_epoch: Called with the figures of each epoch.
        on_progress: Called with the stage, the steps that are done, and of how many.
        options: Fields of `TrainSettings`, `Origins` (as `from_="fer4"`), `ModelSettings` and
            `TrainMachine` in `mien.training.expression.settings`; what is not given is suited to
            the data.

    Returns:
        The bundle, the figures of each epoch and the best one's, how it reads the validation faces,
        and remarks that a person must know.

    Raises:
        MienError: As `mien.training.expression.run.train`, and for a name or value that is not
            taken.
    """
    _import("mien.train", "mien.training.expression.run")
    from mien.datasets.dataset import load_dataset
    from mien.training.expression import run
    from mien.training.expression.order import order
    from mien.training.expression.settings import (
        ModelSettings,
        Origins,
        TrainMachine,
        TrainSettings,
    )

    _check("mien.train", options, (TrainSettings, Origins, ModelSettings, TrainMachine))
    found, folder = load_dataset(Path(dataset)), Path(out)
    wanted = order(options, found, folder, faces=found.count("train"))
    return run.train(
        found,
        folder,
        wanted.settings,
        wanted.model,
        made_of(TrainMachine, options),
        rivals=SHIPPED,
        resume=resume,
        on_epoch=on_epoch,
        on_progress=on_progress,
        **wanted.beginnings,
    )


def evaluate(
    bundle: str | Path | None,
    data: str | Path,
    *,
    detector: str | None = None,
    detector_model: str | Path | None = None,
    resamples: int | None = None,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
    **options: Any,
) -> "Evaluated":
    """Say how well a model reads labelled faces, as `mien evaluate BUNDLE DATA` does.

    Args:
        bundle: As for `mien.load`.
        data: A data set of `prepare`, or a folder with one sub-folder of pictures per class.
        detector: Finds the faces of full pictures, such as "mien"; None for cropped ones.
        detector_model: Its weights, where it takes some.
        resamples: Draws for the 95 % intervals; 0 for none, as many as the command where None.
        seed: Of these draws.
        on_progress: Called with what is done, how much, and of how much.
        options: Fields of `mien.evaluation.pictures.inputs.InputSettings`, such as split="test".

    Returns:
        The figures, in `summary`; nothing is written.

    Raises:
        MienError: As `mien.evaluation.evaluate.evaluate`, and for a name or value that is not
            taken.
    """
    from mien.evaluation import evaluate as evaluation
    from mien.evaluation.figures.intervals import RESAMPLES
    from mien.evaluation.pictures.inputs import InputSettings

    _check("mien.evaluate", options, (InputSettings,))
    classifier, info = make_classifier(None if bundle is None else Path(bundle))
    return evaluation.evaluate(
        classifier,
        info,
        Path(data),
        detector=None if detector is None else make_detector(detector, model=_path(detector_model)),
        settings=made_of(InputSettings, options),
        resamples=RESAMPLES if resamples is None else resamples,
        seed=seed,
        on_progress=on_progress,
    )


def _path(model: str | Path | None) -> Path | None:
    return None if model is None else Path(model)


def _import(name: str, module: str) -> None:
    """Import what needs an extra, before any work."""
    try:
        __import__(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(name, "train") from error


def _check(
    function: str,
    options: dict[str, Any],
    kinds: Sequence[type[msgspec.Struct]],
    others: Sequence[str] = (),
) -> None:
    """Refuse names that mean nothing, which would be left out without a word."""
    known = {*others, *(name for kind in kinds for name in kind.__struct_fields__)}
    names = ", ".join(sorted(known))
    for name in options:
        if name not in known:
            raise SettingsError(f"{function} takes no {name!r}; it takes {names}")
