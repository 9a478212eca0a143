"""The engine's twin finds cuts where Python does, in made scenes of any size."""

from typing import Any

import numpy as np
from tests.web.engine.twins import Answer, faces_anywhere, picture, scenery

from mien.tracking.cuts import CutFinder, shrunk

SIZES = ((320, 180), (97, 131), (200, 150), (40, 300), (193, 145), (5, 3))


def test_cuts(answer: Answer) -> None:
    rng = np.random.default_rng(20)
    scenes = [scene(rng, *SIZES[n % len(SIZES)]) for n in range(18)]
    told = [flag for one in scenes for frame in one["frames"] for flag in frame["cut"]]
    # The vectors hold both answers, of whole frames and of faces.
    assert 0.1 < np.mean(told) < 0.9
    assert any(any(f["cut"]) and not f["cut"][0] for one in scenes for f in one["frames"])
    assert answer("cuts", scenes) == ""


def scene(rng: np.random.Generator, width: int, height: int) -> dict[str, Any]:
    """Shots that pan, are lit anew, go dark and end, alone or in a half; and what Python says."""
    finder, frames, time = CutFinder(), [], 0.0
    wide, x = scenery(rng, 2 * width, height), 0
    for _ in range(14):
        kind = rng.choice(["goes on", "cut", "half", "dark", "lit", "reset"], p=P)
        time += float(rng.choice([0.04, 0.2, 3.0, -1.0], p=(0.6, 0.3, 0.05, 0.05)))
        if kind == "cut":
            wide, x = scenery(rng, 2 * width, height), 0
        elif kind == "half":
            wide = wide.copy()
            wide[:, x : x + max(1, width // 2)] = scenery(rng, max(1, width // 2), height)
        x = min(x + int(rng.integers(0, 1 + width // 16)), width)
        image = np.ascontiguousarray(wide[:, x : x + width])
        if kind == "dark":
            image = image // 64
        elif kind == "lit":
            image = np.clip(image.astype(int) * 2 - 20, 0, 255).astype(np.uint8)
        frames.append(_frame(rng, finder, image, time, reset=kind == "reset"))
    return {"frames": frames}


P = (0.4, 0.2, 0.15, 0.1, 0.1, 0.05)


def _frame(
    rng: np.random.Generator, finder: CutFinder, image: np.ndarray, time: float, *, reset: bool
) -> dict[str, Any]:
    if reset:
        finder.reset()
    size = (image.shape[1], image.shape[0])
    sides = rng.uniform(0.05, 0.6, rng.integers(0, 4)) * min(size)
    boxes = [face.box for face in faces_anywhere(rng, size, sides)]
    cut = finder(image, time, boxes)
    return {
        "picture": picture(image),
        "time": time,
        "reset": reset,
        "faces": [box.to_tuple() for box in boxes],
        "cells": shrunk(image).ravel().astype(np.float64),
        "cut": [cut.whole, *cut.faces],
    }
