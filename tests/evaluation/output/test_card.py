"""The card says who is read worse where that was measured, and what nobody knows."""

from mien.evaluation.figures.slicing import Slice
from mien.evaluation.figures.summary import UNKNOWN, Estimate
from mien.evaluation.output.card import FOR_WHOM, for_whom
from mien.evaluation.pictures.measures import CONTRAST, SIZE, SKIN
from mien.evaluation.studies.persons import Persons
from mien.evaluation.studies.slices import Slices
from mien.models.info import MetricsInfo


def part(measure: str, name: str, accuracy: float, faces: int = 90) -> Slice:
    near = Estimate(accuracy, accuracy - 0.02, accuracy + 0.02)
    return Slice(measure, name, faces, near, UNKNOWN, (near,) * 4, 0.8, 0.9)


def recorded(*slices: Slice, persons: Persons | None = None, name: str = "six") -> MetricsInfo:
    values = {} if persons is None else dict(persons.recorded().values)
    infos = Slices(slices).recorded().slices
    return MetricsInfo(name, "test", "2025-01-31", values, "x", infos)


def test_what_is_about_people_is_kept_with_what_is_known() -> None:
    parts = (part(SIZE, "small", 0.5), part(CONTRAST, "low", 0.5), part("sex", "F", 0.7))
    infos = Slices(parts).recorded().slices
    assert [(info.measure, info.part) for info in infos] == [
        (SIZE, "small"),
        ("sex", "F"),
    ]
    assert set(infos[0].values) == {"accuracy", "accuracy_low", "accuracy_high"}


def test_the_worst_and_the_best_part_are_shown() -> None:
    parts = [("middle", 0.75, 90), ("dark", 0.7, 1234), ("few", 0.1, 19), ("bright", 0.9, 90)]
    lines = for_whom([recorded(*(part(SKIN, *values) for values in parts))])
    assert lines[0] == FOR_WHOM
    assert lines[4] == (
        f"| six (test) | {SKIN} | dark: 70.0% (68.0–72.0), 1,234 faces | "
        "bright: 90.0% (88.0–92.0), 90 faces |"
    )
    assert "mixes skin, light and camera" in lines[-2]
    assert lines[-2].endswith("No source here tells age, sex or ethnicity.")


def test_what_was_told_is_not_called_unknown() -> None:
    parts = [part(name, value, 0.8) for name in ("Age", "gender") for value in ("a", "b")]
    assert for_whom([recorded(*parts)])[-2].endswith("No source here tells ethnicity.")
    parts += [part("race", value, 0.8) for value in ("a", "b")]
    told = for_whom([recorded(*parts[:2], name="one"), recorded(*parts[2:], name="two")])
    assert "No source" not in told[-2]


def test_persons_are_one_row() -> None:
    persons = Persons(50, 400, Estimate(0.8, 0.74, 0.84), 5, Estimate(0.5, 0.45, 0.57), 0.546)
    row = for_whom([recorded(persons=persons)])[4]
    assert row == (
        "| six (test) | person, 50 with 5 faces or more | worst tenth 50.0% (45.0–57.0); "
        "by chance alone 54.6% | mean 80.0% (74.0–84.0) |"
    )


def test_nothing_recorded_leaves_no_heading() -> None:
    assert for_whom([recorded()]) == []
    assert for_whom([recorded(part(SIZE, "all of one size", 0.8))]) == []
    bare = MetricsInfo("six", "test", "2025-01-31", {"accuracy": 0.8}, "x")
    assert for_whom([bare]) == []
