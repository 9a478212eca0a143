"""What a card says of for whom a model reads well: of what was measured, and no more."""

from collections.abc import Mapping, Sequence

from mien.evaluation.measures import BRIGHTNESS, NAMES, NOTES, SIZE, SKIN, TURN
from mien.evaluation.report import markdown
from mien.evaluation.report.words import FEW_FACES
from mien.evaluation.studies.ask import Studies
from mien.evaluation.studies.persons import MIN_FACES, Persons
from mien.evaluation.studies.slices import Slice
from mien.models.bundle import MetricsInfo, SliceInfo

HEADING = "### For whom"
# Of what is measured, what is about people and how they are seen.
MEASURED = (SIZE, BRIGHTNESS, TURN, SKIN)
# What a card says to be unknown, unless a slice of one of these names is there.
UNTOLD = {"age": ("age",), "sex": ("sex", "gender"), "ethnicity": ("ethnicity", "race")}
MEAN, WORST, CHANCE = "accuracy_of_mean_person", "accuracy_of_worst_tenth", "worst_tenth_by_chance"


def slice_infos(studies: Studies) -> tuple[SliceInfo, ...]:
    """Return what model.json keeps of slices: those about people and how they are seen."""
    return tuple(
        SliceInfo(part.measure, part.part, part.faces, _values(part))
        for part in studies.slices
        if part.measure in MEASURED or part.measure not in NAMES
    )


def person_values(persons: Persons | None) -> dict[str, float]:
    """Return what model.json keeps of the figures by person."""
    if persons is None:
        return {}
    return {
        "persons": float(persons.persons),
        **persons.accuracy.named(MEAN),
        **persons.worst_accuracy.named(WORST),
        CHANCE: persons.worst_by_chance,
    }


def for_whom(metrics: Sequence[MetricsInfo]) -> list[str]:
    """Return the lines of a card's part about for whom; none where nothing was recorded."""
    rows = [row for info in metrics for row in _rows(info)]
    if not rows:
        return []
    measures = dict.fromkeys(part.measure for info in metrics for part in info.slices)
    words = {measure.lower() for measure in measures}
    untold = [name for name, told in UNTOLD.items() if words.isdisjoint(told)]
    notes = [
        f"Accuracy of the parts read worst and best, among those of {FEW_FACES} faces or more.",
        *(NOTES[measure] for measure in measures if measure in NOTES),
    ]
    if untold:
        listed = ", ".join(untold[:-1]), untold[-1]
        notes.append(f"No source here tells {' or '.join(filter(None, listed))}.")
    head = markdown.head(("data set", "faces by", "read worst", "read best"))
    return [HEADING, "", *head, *rows, "", " ".join(notes), ""]


def _rows(info: MetricsInfo) -> list[str]:
    rows, data = [], f"{info.dataset} ({info.split})"
    for measure in dict.fromkeys(part.measure for part in info.slices):
        parts = [p for p in info.slices if p.measure == measure and p.faces >= FEW_FACES]
        if len(parts) > 1:
            parts.sort(key=lambda part: part.values["accuracy"])
            rows.append([data, measure, _written(parts[0]), _written(parts[-1])])
    if "persons" in info.values:
        rows.append([data, *_persons(info.values)])
    return [markdown.row(cells) for cells in rows]


def _persons(values: Mapping[str, float]) -> list[str]:
    return [
        f"person, {values['persons']:,.0f} with {MIN_FACES} faces or more",
        f"worst tenth {markdown.figure(values, WORST, share=True)}; "
        f"by chance alone {markdown.figure(values, CHANCE, share=True)}",
        f"mean {markdown.figure(values, MEAN, share=True)}",
    ]


def _written(part: SliceInfo) -> str:
    figure = markdown.figure(part.values, "accuracy", share=True)
    return f"{part.part}: {figure}, {part.faces:,} faces"


def _values(part: Slice) -> dict[str, float]:
    balanced = part.balanced_accuracy.named("balanced_accuracy")
    return {**part.accuracy.named("accuracy"), **balanced}
