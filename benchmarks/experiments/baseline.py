"""What somebody's usual face gains, whom it harms, and when two moments are of one look.

    python -m benchmarks.experiments.baseline --faces FOLDER [--wild FILE.zip]

Of each person, some neutral pictures are the usual face, drawn several times, and the others are
read with and without it. Each person counts once; intervals are by drawing people. The people of
`--faces` (folders `kdef` and `jaffe`, each with a metadata.csv) are those that no shipped network
saw, by `recipes/held_back.csv`: one camera and one light for each. Those of `--wild` are press
photographs, each by another camera in another light, on which the weight was chosen. Without the
guard, so that nobody is left out; how often it would have refused is a column.
"""

import argparse
import csv
import itertools
import re
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console

import mien
from benchmarks import SHARED
from benchmarks.report import Column, Environment, Result, print_result
from mien.datasets.records import digest
from mien.errors import MienError
from mien.models.decision import is_sure, split
from mien.models.neutral import neutral_index, reference
from mien.pipeline.baseline import MOMENT, Moments, corrected, weight
from mien.pipeline.learning import outcomes_of
from mien.settings import RECIPES
from mien.types import FloatArray, RealArray
from mien.vision.images.reading import decode_picture

NAME = "baseline"
MODELS = ("fer4", "fer8")
HELD_BACK = RECIPES / "held_back.csv"
SOURCES = ("kdef", "jaffe")
# Neutral pictures that are the usual face, at most; one at least is left to be read.
MOST = {"held back": 2, "wild": 3}
DRAWS, RESAMPLES = 8, 1000
# Of a person's accuracy: smaller differences are one picture of fifty.
NOTICED = 0.02
COLUMNS = (
    Column("case", "model, people, weight"),
    Column("people", "people", "d"),
    Column("before", "accuracy", ".3f"),
    Column("after", "beside it", ".3f"),
    Column("interval", "gain, 95%"),
    Column("loss", "log loss", "+.3f"),
    Column("words before", "words", ".2f"),
    Column("words after", "beside it", ".2f"),
    Column("wrong before", "wrong words", ".3f"),
    Column("wrong after", "beside it", ".3f"),
    Column("helped", "helped", "d"),
    Column("harmed", "harmed", "d"),
    Column("refused", "unsteady", ".2f"),
)


@dataclass(frozen=True, slots=True)
class Read:
    """One picture: whose, what people say of it, and what a model gives."""

    person: str
    label: str
    outcomes: FloatArray


@dataclass(frozen=True, slots=True)
class Model:
    """What is needed of a model."""

    name: str
    labels: tuple[str, ...]
    other: bool
    not_sure_below: float
    neutral: RealArray


def held_back(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    """Yield person, label and picture of those that no shipped network saw."""
    with HELD_BACK.open(encoding="utf-8") as file:
        kept = {(row["source"], row["group"]) for row in csv.DictReader(file)}
    for source in SOURCES:
        with (folder / source / "metadata.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                name = f"{source}/{row['group']}"
                if (source, digest(name)) in kept:
                    path = folder / source / row["file_name"]
                    yield name, row["file_name"].split("/")[0], path.read_bytes()


def wild(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """Yield person, label and picture of the press photographs."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            parts = name.split("/")
            if len(parts) == 3 and (found := re.fullmatch(r"(.+)_\d+\.\w+", parts[2])):
                yield found[1], parts[1], archive.read(name)


def read(name: str, pictures: Iterator[tuple[str, str, bytes]]) -> tuple[Model, list[Read]]:
    """Read the largest face of each picture; pictures without one are left out."""
    reader = mien.load(name)
    info = reader.info
    model = Model(name, info.labels, info.other, info.not_sure_below, reference(info))
    found = []
    for person, label, data in pictures:
        readings = reader.read(decode_picture(data, person))
        if readings and label in info.labels:
            largest = max(readings, key=lambda one: one.face.box.side)
            found.append(Read(person, label, outcomes_of(largest, len(model.neutral))))
    return model, found


def compare(model: Model, people: str, reads: Sequence[Read], *, whole: bool = False) -> Result:
    """Read everybody with and without their usual face.

    Args:
        model: The model.
        people: "held back" or "wild".
        reads: What it gives for all pictures.
        whole: Whether the difference is taken off whole, and not by the weight that mien has.
    """
    rng = np.random.default_rng(0)
    rows, refused = [], []
    for own in _by_person(reads).values():
        row, unsteady = _of_person(model, own, MOST[people], rng, whole=whole)
        if row is not None:
            rows.append(row)
            refused.append(unsteady)
    before, after = np.array(rows).transpose(1, 0, 2)
    gain = after - before
    drawn = rng.integers(0, len(gain), (RESAMPLES, len(gain)))
    low, high = np.percentile(gain[drawn, 0].mean(axis=1), [2.5, 97.5])
    means, beside = before.mean(axis=0), after.mean(axis=0)
    row = {
        "case": f"{model.name}, {people}, {'1' if whole else 'n/(n+3)'}",
        "people": len(gain),
        "before": means[0],
        "after": beside[0],
        "interval": f"{low:+.3f} to {high:+.3f}",
        "loss": beside[1] - means[1],
        "words before": means[2],
        "words after": beside[2],
        "wrong before": means[3],
        "wrong after": beside[3],
        "helped": int((gain[:, 0] > NOTICED).sum()),
        "harmed": int((gain[:, 0] < -NOTICED).sum()),
        "refused": float(np.mean(refused)),
    }
    return Result(NAME, "", COLUMNS, (row,))


def _by_person(reads: Sequence[Read]) -> Mapping[str, list[Read]]:
    found = defaultdict(list)
    for one in reads:
        found[one.person].append(one)
    return dict(sorted(found.items()))


def _of_person(
    model: Model, own: Sequence[Read], most: int, rng: np.random.Generator, *, whole: bool
) -> tuple[npt.NDArray[np.float64] | None, float]:
    """Return figures without and with the usual face [2,4], and how often it was unsteady."""
    label = model.labels[neutral_index(model.labels) or 0]
    neutral = [at for at, one in enumerate(own) if one.label == label]
    if len(neutral) < 2 or len(own) - len(neutral) < 2:
        return None, 0.0
    figures, unsteady = [], 0
    for _ in range(DRAWS):
        chosen = rng.choice(neutral, min(most, len(neutral) - 1), replace=False)
        moments = Moments()
        for second, at in enumerate(chosen):
            moments.add(own[at].outcomes, second * MOMENT)
        unsteady += moments.problem(fewest=1) is not None
        offset = moments.offset(model.neutral) / (weight(len(moments)) if whole else 1)
        for at, one in enumerate(own):
            if at not in chosen:
                beside = corrected(one.outcomes, offset)
                figures.append([_figures(model, said, one) for said in (one.outcomes, beside)])
    return np.mean(figures, axis=0), unsteady / DRAWS


def _figures(model: Model, outcomes: FloatArray, one: Read) -> list[float]:
    """Return whether it is right, its log loss, whether there is a word, and a wrong one."""
    truth = model.labels.index(one.label)
    probabilities, other = split(outcomes, other=model.other)
    right = int(probabilities.argmax()) == truth
    word = bool(is_sure(probabilities, other, model.not_sure_below))
    return [right, -np.log(max(float(outcomes[truth]), 1e-6)), word, word and not right]


def steadiness(model: Model, reads: Sequence[Read]) -> str:
    """Say how far pictures of one person are apart: two neutral ones, and one with another look."""
    alike, unlike = [], []
    label = model.labels[neutral_index(model.labels) or 0]
    for own in _by_person(reads).values():
        for one, two in itertools.combinations(own, 2):
            neutral = (one.label == label) + (two.label == label)
            apart = float(np.abs(one.outcomes - two.outcomes).sum() / 2)
            if neutral:
                (alike if neutral == 2 else unlike).append(apart)
    return (
        f"{model.name}: two neutral pictures of a person differ by less than "
        f"{np.percentile(alike, 95):.2f} in 95 of 100 pairs ({len(alike)}), a neutral one and "
        f"another look by more than {np.percentile(unlike, 10):.2f} in 90 ({len(unlike)})."
    )


def measure(faces: Path, press: Path) -> Result:
    """Measure both models on both kinds of people."""
    rows: list[Mapping[str, str | float]] = []
    findings = []
    for name in MODELS:
        for people, pictures in (("wild", wild(press)), ("held back", held_back(faces))):
            model, reads = read(name, pictures)
            for whole in (False, True):
                rows += compare(model, people, reads, whole=whole).rows
        findings.append(steadiness(model, reads))
    return Result(NAME, "somebody's usual face, taken off", COLUMNS, tuple(rows), tuple(findings))


def main() -> int:
    """Measure and print; 1 where something is missing for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=Path, required=True, help="folder of kdef and jaffe")
    parser.add_argument("--wild", type=Path, default=SHARED / "data" / "wild.zip")
    args = parser.parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 240)
    try:
        result = measure(args.faces, args.wild)
    except (MienError, OSError) as error:
        print(f"benchmarks.experiments.baseline: {error}", file=sys.stderr)
        return 1
    console.print(Environment.look().describe(), markup=False)
    print_result(result, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
