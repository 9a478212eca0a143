"""How well a face fits that of a moment ago, and what it shows of itself, as Python reckons it."""

from typing import Any

import numpy as np
from tests.web.engine.people import PEOPLE, VARIANTS, Looks, make_looks
from tests.web.engine.scenes import POINTS, SIZE
from tests.web.engine.twins import Answer

from mien.tracking.track import Track, affinity
from mien.tracking.views import Views
from mien.types import Box, Face

Random = np.random.Generator


def test_tracks_and_views(answer: Answer) -> None:
    rng = np.random.default_rng(18)
    looks = make_looks(rng)
    vectors = {
        "descriptors": looks.descriptors,
        "fits": [fit(rng, looks) for _ in range(100)],
        "size": SIZE,
        "views": [view(rng) for _ in range(200)],
    }
    assert answer("track", vectors) == ""


def fit(rng: Random, looks: Looks) -> dict[str, Any]:
    """Return how a face was seen a few times, and how well it fits others, like it or not."""
    start, steps = _box(rng), []
    track = Track(start)
    who = int(rng.integers(PEOPLE))
    for _ in range(4):
        row = looks.row(who, int(rng.integers(VARIANTS)))
        x, y = rng.uniform(-20, 20, 2)
        old, unseen = track.box, float(rng.choice([0.0, 0.0005, 0.03, 0.2, 1.0]))
        box = Box(old.x1 + x, old.y1 + y, old.x2 + x, old.y2 + y)
        track.unseen += unseen
        track.see(box, looks.descriptors[row])
        steps.append({"unseen": unseen, "box": box.to_tuple(), "look": row})
    track.unseen, track.missed_before = float(rng.uniform(0, 1)), bool(rng.integers(2))
    expected = track.expected()
    faces = [_box(rng, *expected.center, expected.side) for _ in range(6)]
    rows = [looks.row(who, int(rng.integers(VARIANTS))) for _ in faces]
    return {
        "start": start.to_tuple(),
        "steps": steps,
        "unseen": track.unseen,
        "missedBefore": track.missed_before,
        "velocity": track.velocity,
        "age": track.age,
        "expected": expected.to_tuple(),
        "faces": [box.to_tuple() for box in faces],
        "looks": rows,
        "affinity": affinity([track], faces, looks.descriptors[rows])[0],
    }


def view(rng: Random) -> dict[str, Any]:
    """Return the faces of a frame, side by side, and what is to be seen of each."""
    boxes = [_box(rng)]
    boxes += [_box(rng, *boxes[0].center, boxes[0].side) for _ in range(rng.integers(3))]
    faces = [Face(box, 0.9, None if rng.random() < 0.3 else POINTS) for box in boxes]
    shown = Views(faces, SIZE, lambda _: np.zeros(1, np.float32))
    told = [
        [shown(n) is not None, shown.is_cut(n), shown.is_beside(n), shown.may_clear(n)]
        for n in range(len(faces))
    ]
    return {"faces": faces, "told": told}


def _box(rng: Random, x: float = 320.0, y: float = 240.0, side: float = 0.0) -> Box:
    """Return a box beside a place, or anywhere in the frame."""
    apart = (2.2 * side, 0.3 * side) if side else (360, 260)
    half = (side or rng.uniform(25, 120)) * rng.uniform(0.4, 1.2) * rng.uniform(0.8, 1) / 2
    x, y = (x, y) + rng.uniform(-1, 1, 2) * apart
    return Box(*map(float, (x - half, y - 1.1 * half, x + half, y + 1.1 * half)))
