"""The engine learns a usual face as Python does, and reads beside it alike."""

from typing import Any

import numpy as np
from tests.web.engine.test_smoother import shares
from tests.web.engine.twins import Answer

from mien.pipeline.baseline import UsualFaces
from mien.types import Quality

Random = np.random.Generator


def test_usual_faces(answer: Answer) -> None:
    rng = np.random.default_rng(20)
    walks = [walk(rng) for _ in range(80)]
    seen = {step["usual"] and step["usual"]["state"] for one in walks for step in one["steps"]}
    assert seen == {None, "learning", "on", "few", "unsteady"}
    assert answer("baseline", {"walks": walks}) == ""


def walk(rng: Random) -> dict[str, Any]:
    """Return two faces that rest, or do not, while their usual faces are learnt and forgotten."""
    columns = int(rng.choice([3, 5, 9]))
    reference = None if rng.random() < 0.1 else -rng.exponential(2, columns)
    tested, now, steps, given = UsualFaces(reference), float(rng.uniform(0, 5)), [], []
    rate, change = float(rng.choice([0.5, 2, 10])), float(rng.choice([0.0, 0.05, 0.5]))
    seen_well = float(rng.choice([0.1, 0.9, 1.0]))
    logits = rng.normal(scale=2, size=(3, columns))
    for _ in range(60):
        now += float(rng.choice([-2.0, 0.0, 12.0])) if rng.random() < 0.02 else 1 / rate
        track = int(rng.integers(1, 3))
        asked = (
            None
            if rng.random() < 0.9
            else ("learn", "forget", "reset")[rng.choice(3, p=[0.8, 0.15, 0.05])]
        )
        if asked == "reset":
            tested.begin(None)
        elif asked is not None:
            getattr(tested, asked)(track)
        if rng.random() < change:
            logits = rng.normal(scale=3, size=logits.shape)
        row = shares(logits[track] + rng.normal(scale=0.1, size=columns))
        issues = () if rng.random() < seen_well else ("dark",)
        read, usual = tested.read(track, row, now, Quality(100, 50, 128, None, issues))
        state = None if usual is None else {"state": usual.state, "share": usual.share}
        steps.append(
            {"asked": asked, "track": track, "time": now, "issues": issues}
            | {"usual": state, "read": read.tolist()}
        )
        given.append(row)
    known = None if reference is None else reference.tolist()
    return {"reference": known, "steps": steps, "outcomes": np.stack(given)}
