"""The engine's words are as steady as Python's: the same, at the same time, for the same reason."""

from typing import Any

import numpy as np
from tests.web.engine.twins import Answer

from mien.models.decision import doubt, is_sure, needed, split
from mien.pipeline.pace import Pace
from mien.tracking.smoother import Smoother
from mien.types import ProbabilityArray

Random = np.random.Generator
DOUBTS = (None, None, None, None, "dark", "too small", "turned away")


def test_smoother_decision_and_pace(answer: Answer) -> None:
    rng = np.random.default_rng(18)
    vectors = {
        "walks": [walk(rng) for _ in range(70)],
        "outcomes": [outcome(rng) for _ in range(300)],
        "paces": [pace(rng) for _ in range(40)],
    }
    assert answer("smoother", vectors) == ""


def walk(rng: Random) -> dict[str, Any]:
    """Return up to three faces whose looks wander, or stand on the edge of a word."""
    other, labels = bool(rng.integers(2)), int(rng.choice([2, 4, 7, 8, 12]))
    settings = {"not_sure_below": float(rng.choice([0.0, 0.2, 0.4, 0.5, 0.7, rng.random()]))}
    if rng.random() < 0.5:
        settings |= {
            "time_constant": float(rng.choice([0.0, 0.05, 0.5])),
            "hold": float(rng.choice([0.0, 0.2, 0.4])),
            "hold_unsure": float(rng.choice([0.0, 0.2, 0.6])),
        }
    smoother = Smoother(other=other, **settings)
    fps, stands = float(rng.choice([1, 2, 5, 10, 24, 30, 60])), float(rng.choice([0, 1]))
    logits, now, steps, given = rng.normal(size=(3, labels + other)), 0.0, [], []
    patience, noise = rng.uniform(1, 12), rng.choice([0.05, 0.2])
    for _ in range(60):
        if rng.random() < 1 / patience:
            logits = rng.normal(scale=rng.choice([0.3, 0.6, 1, 3]), size=logits.shape)
        jump = rng.random() < 0.05
        now += float(rng.choice([-1, 0, 0.5, 3])) if jump else 1 / fps
        track = int(rng.integers(3)) if rng.random() < 0.3 else 0
        row = shares(logits[track] + rng.normal(scale=noise, size=labels + other))
        step: dict[str, Any] = {"track": track, "time": now, "stands": stands / fps}
        step["doubt"] = None if rng.random() < 0.7 else str(rng.choice(DOUBTS[4:]))
        if rng.random() < 0.02:
            step["reset"] = True
            smoother.reset()
        if rng.random() < 0.05:
            step["keep"] = [0, 2]
            smoother.keep([0, 2])
        said = smoother.update(track, row, now, doubt=step["doubt"], stands=step["stands"])
        step["said"] = {
            "labelIndex": said.label_index,
            "reason": said.reason,
            "ownIndex": said.own_index,
            "ownReason": said.own_reason,
        }
        step["mean"] = said.probabilities.tolist()
        steps.append(step)
        given.append(row)
    names = {"not_sure_below": "notSureBelow", "time_constant": "timeConstant"}
    names |= {"hold_unsure": "holdUnsure"}
    told = {names.get(name, name): value for name, value in settings.items()}
    return {"settings": {**told, "other": other}, "steps": steps, "probabilities": np.stack(given)}


def shares(logits: np.ndarray) -> ProbabilityArray:
    values = np.exp(logits - logits.max())
    return np.asarray(values / values.sum(), np.float32)


def outcome(rng: Random) -> dict[str, Any]:
    """Return what a classifier may say of one face, in single or double precision."""
    other, labels = bool(rng.integers(2)), int(rng.integers(1, 30))
    values = shares(rng.normal(scale=rng.choice([0.5, 2, 8]), size=labels + other))
    if rng.random() < 0.1:
        values[:labels] = 0
    if rng.random() < 0.2:
        values[-1] = values[0]
    kind = np.float64 if rng.integers(2) else np.float32
    outcomes = values.astype(kind)
    probabilities, rest = split(outcomes, other=other)
    # On the edge itself, too: what is as probable as it needs to be is sure.
    certain = float(probabilities.max() * (1 - rest))
    below = min(1.0, certain) if rng.random() < 0.5 else float(rng.random())
    return {
        "values": outcomes,
        "other": other,
        "below": below,
        "wanted": {
            "probabilities": probabilities.tolist(),
            "other": float(rest),
            "sum": float(outcomes.sum()),
            "needed": float(needed(rest, below)),
            "sure": bool(is_sure(probabilities, rest, below)),
            "doubt": doubt(probabilities, rest),
        },
    }


def pace(rng: Random) -> dict[str, Any]:
    """Return time stamps, None where another stream begins."""
    tested, now, stamps, stands = Pace(), 0.0, [], []
    for _ in range(20):
        now += float(rng.choice([1 / 30, 1 / 30, 1 / 30, 0.0, 0.5, 2.0, -1.0]))
        if rng.random() < 0.1:
            tested.reset()
            stamps.append(None)
            stands.append(None)
        stamps.append(now)
        stands.append(tested(now))
    return {"stamps": stamps, "stands": stands}
