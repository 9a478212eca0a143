"""The engine's tracker numbers the faces of whole scenes as Python's does, frame by frame."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
import pytest
from tests.web.engine.people import Looks, make_looks
from tests.web.engine.scenes import SIZE, Room, Scene, Seen, plain, planned
from tests.web.engine.twins import Answer

from mien.pipeline.pace import Pace
from mien.tracking.tracker import Tracker
from mien.types import Face, FloatArray

# Many cases of one part; `test_analyzer` has some of all parts together.
pytestmark = pytest.mark.heavy

Random = np.random.Generator
SCENES, FRAMES = 50, 40
GIVEN = ("descriptors", "portraits", "edges", "pace")
USUAL = {"max_gap": 2.0, "confirm": 0.1, "remember": 1800.0}


def test_scenes(answer: Answer) -> None:
    rng = np.random.default_rng(18)
    looks = make_looks(rng)
    vectors = {
        "descriptors": looks.descriptors,
        "portraits": looks.portraits,
        "scenes": [
            *(scene(rng, looks) for _ in range(SCENES)),
            *(track(looks, plan, USUAL) for plan in planned(looks)),
        ],
    }
    assert answer("tracker", vectors) == ""


def scene(rng: Random, looks: Looks) -> dict[str, Any]:
    """Return a scene and the numbers of its faces, here and there without looks or edges."""
    settings = {
        "max_gap": float(rng.choice([2.0, 2.0, 0.5])),
        "confirm": float(rng.choice([0.0, 0.08, 0.1, 0.3])),
        "remember": float(rng.choice([1800.0, 1800.0, 30.0, 0.0])),
    }
    given = [name for name in GIVEN if rng.random() < 0.9]
    kind = Room if rng.random() < 0.5 else Scene
    resets = {int(n) for n in rng.integers(FRAMES, size=rng.integers(2))}
    return track(looks, kind(rng, looks).frames(FRAMES), settings, given, resets)


def track(
    looks: Looks,
    scene: Iterable[tuple[float, list[Seen]]],
    settings: dict[str, float],
    given: Sequence[str] = GIVEN,
    resets: Collection[int] = (),
) -> dict[str, Any]:
    """Return what is asked of a tracker, frame by frame, and its answers.

    Args:
        looks: Of the people.
        scene: When, and who is seen.
        settings: The tracker's.
        given: What it is told of the faces, beside where they are.
        resets: Before which frames it forgets everything.
    """
    tracker, pace, frames = Tracker(**settings), Pace(), []
    size = SIZE if "edges" in given else None
    for index, (time, seen) in enumerate(scene):
        if index in resets:
            tracker.reset()
        expected = tracker.expected(time)
        stands = pace(time) if "pace" in given else 0.0
        asked: list[int] = []
        numbers = tracker.update(
            [one.face for one in seen],
            time,
            looks.descriptors[[one.look for one in seen]] if "descriptors" in given else None,
            size,
            stands=stands,
            portray=_Portrayer(seen, looks, asked) if "portraits" in given else None,
        )
        frames.append(
            {
                "time": time,
                "stands": stands,
                "seen": [plain(one) for one in seen],
                "reset": index in resets,
                "expected": [[box.to_tuple() for box in boxes] for boxes in expected],
                "numbers": numbers,
                "ids": sorted(tracker.ids),
                "asked": asked,
            }
        )
    told = {"maxGap" if name == "max_gap" else name: value for name, value in settings.items()}
    return {"settings": told, "given": given, "size": size, "frames": frames}


class _Portrayer:
    """Gives the portraits of the faces of a frame, and notes whose were asked for."""

    def __init__(self, seen: list[Seen], looks: Looks, asked: list[int]) -> None:
        self._seen, self._looks, self._asked = seen, looks, asked

    def __call__(self, face: Face) -> FloatArray | None:
        (index,) = (n for n, one in enumerate(self._seen) if one.face is face)
        self._asked.append(index)
        portrait = self._seen[index].portrait
        return None if portrait is None else self._looks.portrait(portrait)
