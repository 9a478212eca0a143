"""The folder of a cross-validation: what it holds, and all its answers read together.

It holds folds.json, a run folder for each fold (`fold-01` …) with what its bundle answered to the
faces that it had not seen, and at the end the report of all.
"""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from mien.errors import DatasetError, TrainingError
from mien.evaluation.evaluate import Evaluated
from mien.evaluation.figures.intervals import RESAMPLES
from mien.evaluation.figures.summary import summarise
from mien.evaluation.output.write import PREDICTIONS, answers_csv, columns_of
from mien.evaluation.pictures.inputs import FOLDS
from mien.evaluation.predictions import Answers, Evaluation
from mien.evaluation.studies.folds import by_fold
from mien.evaluation.studies.persons import by_person
from mien.evaluation.study import Draws, Finding
from mien.files.writes import write_file
from mien.models.bundle import FOLDER, load_bundle
from mien.models.info import ModelInfo
from mien.parsing import decode_json
from mien.types import OnProgress, ignore_progress

# Of probabilities that add up to one, what rounding may leave.
ROUNDED = 1e-3


class FoldInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a fold leaves out.

    Attributes:
        groups: Whom.
        faces: How many faces these have.
    """

    groups: tuple[str, ...]
    faces: int


class FoldsInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The contents of folds.json.

    Attributes:
        format: Version of this layout.
        name: Of the models.
        dataset: Name of the data set.
        settings: What must be the same for the folds to be one cross-validation.
        folds: What each leaves out.
    """

    format: Literal[1] = 1
    name: str
    dataset: str
    settings: dict[str, Any]
    folds: tuple[FoldInfo, ...]

    def __post_init__(self) -> None:
        if len(self.folds) < 2:
            raise ValueError("there must be two folds or more")


def fold_folder(folder: Path, number: int, count: int) -> Path:
    """Return the run folder of a fold, by its number from 1."""
    return folder / f"fold-{number:0{max(2, len(str(count)))}d}"


def read_info(folder: Path) -> FoldsInfo:
    """Read folds.json.

    Raises:
        DatasetError: It is missing or damaged.
    """
    path = folder / FOLDS
    try:
        return decode_json(path.read_bytes(), FoldsInfo)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DatasetError(
            f"{path}: {reason}; train into another --out, or bring the file back"
        ) from error


def write_info(folder: Path, info: FoldsInfo) -> None:
    """Write folds.json.

    Raises:
        TrainingError: It cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(info), indent=2) + b"\n"
    _write(folder / FOLDS, text)


def is_finished(folder: Path) -> bool:
    """Whether a fold has its bundle, and what that answered to the faces it had not seen."""
    return (folder / PREDICTIONS).is_file() and (folder / FOLDER).is_dir()


def write_answers(folder: Path, evaluation: Evaluation) -> None:
    """Keep what a fold's bundle answered, to the last bit: with it the fold is finished.

    Raises:
        TrainingError: It cannot be written.
    """
    _write(folder / PREDICTIONS, answers_csv(evaluation, ".9g").encode())


def evaluate_folds(
    folder: Path,
    *,
    name: str | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    on_progress: OnProgress = ignore_progress,
) -> Evaluated:
    """Say how well the networks of a cross-validation read whom they had not seen.

    Args:
        folder: That of the cross-validation; all its folds are finished.
        name: What to call the data set, unless by its own name.
        resamples: Draws for the 95% intervals, over persons; 0 for none.
        seed: Seed of the draws.
        on_progress: Called with the draws done.

    Raises:
        DatasetError: A fold is unfinished, or a file is damaged.
        BundleError: A bundle is damaged.
    """
    evaluation = read_folds(folder, name)
    draws = Draws(resamples=resamples, seed=seed, on_progress=on_progress)
    summary = summarise(evaluation, **draws)
    findings: tuple[Finding | None, ...] = (
        by_fold(evaluation, **draws),
        by_person(evaluation, **draws),
    )
    return Evaluated(summary, tuple(found for found in findings if found is not None))


def read_folds(folder: Path, name: str | None = None) -> Evaluation:
    """Put the answers of all folds together; see `evaluate_folds`."""
    info = read_info(folder)
    count, models, parts = len(info.folds), [], []
    for number in range(1, count + 1):
        place = fold_folder(folder, number, count)
        if not is_finished(place):
            raise DatasetError(
                f"{place}: fold {number} of {count} is not finished; go on with the command that "
                "began it, and --resume"
            )
        models.append(load_bundle(place / FOLDER).info)
        parts.append(read_answers(place / PREDICTIONS, models[-1]))
        if models[-1].labels != models[0].labels or not set(parts[-1].groups) <= set(
            info.folds[number - 1].groups
        ):
            raise DatasetError(
                f"{place}: is not of this cross-validation; bring back what was there"
            )
    sizes = [len(part.truth) for part in parts]
    thresholds = np.repeat([model.not_sure_below for model in models], sizes)
    return Evaluation(
        model=_of_all(models, info.name, thresholds),
        dataset=name or info.dataset,
        split=f"left out, {count} folds by group",
        answers=_joined(parts),
        folds=np.repeat(np.arange(1, count + 1), sizes),
        thresholds=thresholds,
    )


def read_answers(path: Path, model: ModelInfo) -> Answers:
    """Read what `write_answers` wrote.

    Args:
        path: The file.
        model: Of the bundle that gave the answers.

    Raises:
        DatasetError: It cannot be read, or is no table of such answers.
    """
    rows, line = [], 1
    try:
        with io.StringIO(path.read_bytes().decode(), newline="") as file:
            reader = csv.reader(file, strict=True)
            if next(reader, None) != columns_of(model):
                raise ValueError("columns that the bundle does not have")
            for row in reader:
                line = reader.line_num
                rows.append(_answer(row, model))
        if not rows:
            raise ValueError("no answer")
    except (OSError, ValueError, csv.Error) as error:
        raise DatasetError(
            f"{path}: line {line}: {error}; remove the file, and go on with the command that "
            "began it, and --resume, which makes it again"
        ) from error
    origins, groups, truth, values = zip(*rows, strict=True)
    table, labels = np.array(values, dtype=np.float32), len(model.labels)
    other = table[:, labels] if model.other else np.zeros(len(rows), np.float32)
    return Answers(np.array(truth, dtype=np.int64), table[:, :labels], origins, groups, other)


def _answer(row: Sequence[str], model: ModelInfo) -> tuple[str, str, int, list[float]]:
    if len(row) != len(columns_of(model)):
        raise ValueError(f"{len(row)} cells in the place of {len(columns_of(model))}")
    origin, group, label, _, _, *cells = row
    if label not in model.labels:
        raise ValueError(f"no class {label[:40]!r}")
    values = [float(cell) for cell in cells]
    fine = all(0 <= value <= 1 for value in values)  # nan is not
    if not fine or abs(sum(values[: len(model.labels)]) - 1) > ROUNDED:
        raise ValueError("no probabilities")
    return origin, group, model.labels.index(label), values


def _joined(parts: Sequence[Answers]) -> Answers:
    return Answers(
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        tuple(_chained(part.origins for part in parts)),
        tuple(_chained(part.groups for part in parts)),
        np.concatenate([part.other for part in parts]),
    )


def _chained(parts: Iterator[tuple[str, ...]]) -> Iterator[str]:
    for part in parts:
        yield from part


def _of_all(models: Sequence[ModelInfo], name: str, thresholds: np.ndarray) -> ModelInfo:
    """Describe the models of all folds as one: with the mean threshold, and a hash of all."""
    whole = hashlib.sha256("".join(model.sha256 for model in models).encode()).hexdigest()
    changed: Mapping[str, Any] = {"not_sure_below": float(thresholds.mean()), "sha256": whole}
    return msgspec.structs.replace(models[0], name=name, **changed)


def _write(path: Path, data: bytes) -> None:
    try:
        write_file(path, data)
    except OSError as error:
        raise TrainingError(f"{path}: cannot be written: {error.strerror}") from error
