"""Who is back after a while is known to the engine where it is known to Python, and nobody else."""

from dataclasses import astuple
from typing import Any

import numpy as np
from tests.web.engine.people import PEOPLE, VARIANTS, Looks, Portrait, Shades, make_looks
from tests.web.engine.twins import Answer

from mien.tracking.sitting import Sitting, least
from mien.types import IntArray

Random = np.random.Generator
SITTINGS, STEPS = 14, 40


def test_sittings(answer: Answer) -> None:
    rng = np.random.default_rng(18)
    looks = make_looks(rng)
    vectors = {
        "portraits": looks.portraits,
        "least": [(n, [least(one, n) for one in looks.portraits]) for n in (1, 2, 5, 40)],
        "sittings": [sitting(rng, looks) for _ in range(SITTINGS)],
    }
    assert answer("sitting", vectors) == ""


def sitting(rng: Random, looks: Looks) -> dict[str, Any]:
    """Return what is asked of a sitting, which is crowded now and then, and its answers."""
    few = bool(rng.random() < 0.7)
    remember, growth = (100.0, 0.03) if few else (5.0, 0.6)
    tested, now, last, steps = Sitting(remember=remember), 0.0, 0, []
    shades = Shades()

    def portrait_of(number: int) -> Portrait:
        return shades.shaded(looks.row(number, int(rng.integers(VARIANTS))))

    for _ in range(STEPS):
        now += float(rng.choice([0.0, 0.25, 1.0, 5.0, 6.0], p=[0.2, 0.4, 0.2, 0.1, 0.1]))
        newest = range(max(1, last - 6), last + 1 + int(rng.random() < growth) + (last == 0))
        there = {int(n) for n in rng.choice(newest, size=int(rng.integers(6)))}
        if not few and rng.random() < 0.1:
            there |= set(range(last, last + 40))
        last = max([last, *there])
        kept = [(number, portrait_of(number)) for number in there if rng.random() < 0.7]
        tested.meet(there, now)
        for number, portrait in kept:
            tested.keep(number, looks.portrait(portrait))
        asked = [portrait_of(int(n)) for n in rng.integers(PEOPLE, size=rng.integers(1, 4))]
        present = {int(n) for n in rng.choice(newest, size=2)}
        steps.append(
            {
                "now": now,
                "there": sorted(there, key=lambda n: -n),
                "kept": [(number, astuple(portrait)) for number, portrait in kept],
                "asked": [astuple(portrait) for portrait in asked],
                "present": sorted(present),
                "answers": answers(tested, looks, asked, present, rng.permutation(newest)[:3]),
            }
        )
    return {"remember": remember, "steps": steps}


def answers(
    tested: Sitting, looks: Looks, asked: list[Portrait], present: set[int], numbers: IntArray
) -> dict[str, Any]:
    """Return what a sitting says of the first of some portraits, and of all."""
    given = {index: looks.portrait(one) for index, one in enumerate(asked)}
    portrait = given[0]
    known = [number for number in numbers.tolist() if tested.is_known(number)]
    return {
        "known": known,
        "away": tested.is_away(present),
        "mayBeBack": tested.may_be_back(portrait, present),
        "likeness": [tested.likeness(number, portrait) for number in known],
        "isLike": [tested.is_like(number, portrait) for number in known],
        "isAnother": [
            tested.is_another(number, portrait, beside=beside)
            for number in known
            for beside in (False, True)
        ],
        "recognised": list(tested.recognise(given, present).items()),
    }
