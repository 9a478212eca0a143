"""Returns are counted whole, by people of one third only, and never as surer than they are."""

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.benchmarks.results import Importer
from tests.pipeline.fakes import FakeDetector
from tests.tracking.portraits import portrait

from mien.types import Box, Face


def write(folder: Path, *names: str, light: int = 120) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / name), np.full((60, 60, 3), light, np.uint8))


def looks_by_person(bench: Importer, folder: Path) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    detector = FakeDetector([Face(Box(10, 10, 50, 50), 0.9)])
    for third in range(3):
        people = list(bench("sitters").sitters(folder, third, detector))
        assert not found.keys() & {one.person for one in people}
        for one in people:
            found.setdefault(one.person, []).append(len(one.looks))
    return found


def test_everybody_is_in_one_third(bench: Importer, tmp_path: Path) -> None:
    write(tmp_path, *(f"{look}/P_{n}_0001.jpg" for n in range(9) for look in ("sad", "happy")))
    assert looks_by_person(bench, tmp_path) == {f"P_{n}": [1] for n in range(9)}


def test_a_manifest_tells_who_sat_and_looks_in_another_light_are_left_out(
    bench: Importer, tmp_path: Path
) -> None:
    write(tmp_path, "sad/AF01SAS.jpg", "happy/AF01HAS.jpg", "sad/BF01SAS.jpg", "sad/7.jpg")
    write(tmp_path, "angry/AF01ANS.jpg", light=220)
    rows = [f"{path.parent.name}/{path.name}" for path in tmp_path.glob("*/*.jpg")]
    lines = [f"{row},{'F01' if 'F01' in row else 'else'}" for row in rows]
    (tmp_path / "manifest.csv").write_text("\n".join(["file,group", *lines]))
    assert looks_by_person(bench, tmp_path) == {"F01": [2, 1], "else": [1]}


def test_a_return_is_one_verdict_however_many_looks_it_has(bench: Importer) -> None:
    stories = bench("stories")
    visits = [stories.Visit(who, ((0, 0), (0, 0)), start, 9) for who, start in ((0, 0), (1, 5))]
    back = [*visits, stories.Visit(0, ((0, 0), (0, 0)), 10, 12)]
    assert stories._verdicts(back, [1, 2, 1]) == Counter(come=1, back=1, kept=1, joined=0)
    assert stories._verdicts(back, [1, 1, 1]) == Counter(come=1, back=1, kept=1, joined=1)
    assert stories._verdicts(back, [1, 2, 2]) == Counter(come=1, back=1, kept=0, joined=1)
    assert stories._verdicts(back, [1, 2, 3]) == Counter(come=1, back=1, kept=0, joined=0)


def test_everybody_comes_to_everybody(bench: Importer) -> None:
    returns = bench("returns")

    def known(person: str, kept: int, look: int) -> object:
        return returns.Known(person, portrait(kept)[None], portrait(look)[None])

    people = [known("a", 1, 1), known("b", 2, 2), known("c", 3, 1)]
    counted = sum(returns.everybody(people, 1), Counter())
    # The third is not known again, and taken for the first.
    assert (counted["back"], counted["kept"]) == (3, 2)
    assert (counted["come"], counted["joined"]) == (6, 1)


@pytest.mark.parametrize(
    ("hits", "chances", "low", "high"), [(0, 100, 0, 0.037), (50, 100, 0.404, 0.596), (0, 0, 0, 1)]
)
def test_no_join_in_a_few_chances_is_no_proof(
    bench: Importer, hits: int, chances: int, low: float, high: float
) -> None:
    assert bench("returns").wilson(hits, chances) == pytest.approx((low, high), abs=1e-3)


def test_joins_of_one_pair_widen_the_interval(bench: Importer) -> None:
    returns = bench("returns")
    clean, joined = Counter(come=10), Counter(come=10, joined=10)
    alone = returns.wilson(10, 100)
    row = returns.row("pairs", [*[clean] * 9, joined])
    assert row["joined"] == pytest.approx(0.1)
    assert row["of_groups"] == "1 of 10"
    assert float(row["joined_range"].split("% to ")[1].rstrip("%")) / 100 > alone[1]
