"""Cross-validation by person: a data set is learnt from in turns, and judged by who was left out.

Each fold is a whole run in a folder of its own, and is finished once its bundle, through the
classifier that runs live, has read the faces that it had not seen. Killed at any moment, it goes on
with the folds that are missing.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from mien.datasets.dataset import Dataset
from mien.datasets.folds import Fold, deal
from mien.errors import SettingsError, TrainingError
from mien.evaluation.evaluate import Evaluated
from mien.evaluation.output.folds import (
    FoldInfo,
    FoldsInfo,
    evaluate_folds,
    fold_folder,
    is_finished,
    read_info,
    write_answers,
    write_info,
)
from mien.evaluation.pictures.collect import collect
from mien.evaluation.pictures.inputs import (
    FOLDS,
    DatasetPictures,
    InputSettings,
    is_cross_validation,
)
from mien.files.locks import alone_in
from mien.files.writes import digest_of
from mien.models.bundle import Bundle, load_bundle
from mien.models.classifier import OnnxClassifier
from mien.training.checkpoint import same_settings
from mien.training.expression.pretrained import fingerprint
from mien.training.expression.run import train
from mien.training.expression.settings import (
    FoldSettings,
    ModelSettings,
    TrainMachine,
    TrainSettings,
)
from mien.training.fit import Row
from mien.training.run_folder import CHECKPOINT, writing
from mien.types import OnProgress, ignore_progress

DATASET, COUNT = "dataset_sha256", "fold_count"
# Of a model's settings, those that change what it answers; a finished fold cannot take others.
ANSWERING = ("classes", "crop_scale", "alignment", "weights", "class_prior", "answer_accuracy")


@dataclass(frozen=True, slots=True)
class Beginnings:
    """What every fold begins with beside the data set; see `mien.training.expression.run.train`."""

    pretrained: Path | None = None
    origin: Path | None = None
    teachers: Sequence[Path] = ()

    def record(self) -> dict[str, Any]:
        """Return what stands for it."""
        pretrained, origin = self.pretrained, self.origin
        return {
            "pretrained_sha256": None if pretrained is None else fingerprint(pretrained),
            "origin_sha256": None if origin is None else load_bundle(origin).info.sha256,
            "teachers_sha256": [load_bundle(path).info.sha256 for path in self.teachers],
        }


def deal_folds(dataset: Dataset, asked: FoldSettings, seed: int) -> list[Fold]:
    """Deal the persons of a data set as settings say; see `mien.datasets.folds.deal`."""
    count = asked.fold_count if asked.folds == "group" else None
    return deal(dataset, count, asked.fold_validation, seed=seed)


def cross_validate(
    folds: Sequence[Fold],
    out: Path,
    settings: TrainSettings,
    model: ModelSettings,
    machine: TrainMachine,
    *,
    beginnings: Beginnings | None = None,
    resume: bool = False,
    on_fold: Callable[[Fold, bool], None] | None = None,
    on_epoch: Callable[[Row], None] | None = None,
    on_progress: OnProgress = ignore_progress,
) -> Evaluated:
    """Train once for each fold, and say how well those are read who were left out.

    Args:
        folds: See `deal_folds`; at least two.
        out: The folder of all folds.
        settings: What decides the weights; the same for all folds.
        model: What goes into the bundles beside them.
        machine: Device, precision and threads, and where decoded faces are kept.
        beginnings: What each fold begins with.
        resume: Go on where a cross-validation in `out` was stopped.
        on_fold: Called with each fold, and whether it was finished already.
        on_epoch: Called with each finished epoch.
        on_progress: Called with each step.

    Raises:
        TrainingError: The folder is taken, or is of other folds, faces or settings; or a fold
            could not be trained (those before it are kept).
        DatasetError: A file of the data set, or of a finished fold, is damaged.
        InUseError: Another process trains into the folder.
    """
    beginnings = beginnings or Beginnings()
    info = _described(folds, settings, model, beginnings)
    with contextlib.ExitStack() as stack:
        with writing(out):
            stack.enter_context(alone_in(out))
        _open(out, info, resume=resume)
        for fold in folds:
            place = fold_folder(out, fold.number, len(folds))
            done = is_finished(place)
            if on_fold is not None:
                on_fold(fold, done)
            if done:
                continue
            result = train(
                fold,
                place,
                settings,
                msgspec.structs.replace(model, name=f"{model.name} {place.name}"),
                machine,
                pretrained=beginnings.pretrained,
                origin=beginnings.origin,
                teachers=beginnings.teachers,
                resume=(place / CHECKPOINT).is_file(),
                on_epoch=on_epoch,
                on_progress=on_progress,
            )
            _judge(fold, place, result.bundle, on_progress)
        return evaluate_folds(out, seed=settings.seed, on_progress=on_progress)


def _judge(fold: Fold, place: Path, bundle: Bundle, on_progress: OnProgress) -> None:
    """Let a fold's bundle read the faces that were left out, as it reads live ones."""
    pictures = DatasetPictures(
        fold, bundle.info.labels, InputSettings(split="test", ignore_unknown=True)
    )
    classifier = OnnxClassifier(bundle)
    found = collect(pictures, classifier, bundle.info, on_progress=on_progress)
    if found.unreadable:
        first = found.unreadable[0]
        raise TrainingError(f"{first.origin}: {first.reason}; prepare the data set again")
    write_answers(place, found)


def _described(
    folds: Sequence[Fold], settings: TrainSettings, model: ModelSettings, beginnings: Beginnings
) -> FoldsInfo:
    first = folds[0]
    record = {
        DATASET: first.whole,
        COUNT: len(folds),
        **msgspec.structs.asdict(settings),
        **{name: getattr(model, name) for name in ANSWERING},
        **beginnings.record(),
        "dealt": digest_of(*(fold.digest for fold in folds)),
    }
    return FoldsInfo(
        name=model.name,
        dataset=first.path.resolve().name,
        settings=msgspec.json.decode(msgspec.json.encode(record)),  # as it will be read
        folds=tuple(FoldInfo(groups=fold.groups, faces=fold.count("test")) for fold in folds),
    )


def _open(out: Path, info: FoldsInfo, *, resume: bool) -> None:
    """Start the folder, or see that the one which is there is of the same cross-validation."""
    if is_cross_validation(out):
        if not resume:
            raise TrainingError(
                f"{out}: a cross-validation is here already; --resume goes on, or name another "
                "--out"
            )
        kept = read_info(out)
        if kept.settings.get(DATASET) != info.settings[DATASET]:
            raise TrainingError(
                f"{out}: its folds are of another data set ({kept.dataset}), or of one that was "
                "prepared anew; name another --out"
            )
        if len(kept.folds) != len(info.folds):
            raise TrainingError(
                f"{out}: has {len(kept.folds)} folds, not {len(info.folds)}; resume with as many, "
                "or name another --out"
            )
        same_settings(out / FOLDS, kept.settings, info.settings)
        return
    if (out / CHECKPOINT).is_file():
        raise TrainingError(f"{out}: a run without folds is here already; name another --out")
    if resume:
        raise TrainingError(f"{out}: no run to resume here; leave out --resume to start one")
    write_info(out, info)


def refuse_options(options: dict[str, Any]) -> None:
    """Refuse what means nothing without folds, or beside leaving out one at a time.

    Raises:
        SettingsError: An option was given for nothing.
    """
    folds = options.get("folds", "none")
    if folds == "leave-one-out" and "fold_count" in options:
        raise SettingsError("--fold-count is for --folds group; leave out one of the two")
    given = [name for name in ("fold_count", "fold_validation") if name in options]
    if folds == "none" and given:
        raise SettingsError(f"--{given[0].replace('_', '-')} is for --folds group; give both")
