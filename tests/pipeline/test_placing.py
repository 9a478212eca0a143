"""A device is taken where it answers as the CPU does and is quicker, and what was found is told."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.models.bundle import load_bundle
from mien.models.classifier import OnnxClassifier
from mien.models.device_kinds import KINDS
from mien.models.devices import Asked, Device
from mien.pipeline import placing
from mien.pipeline.placing import Compared, compare, compare_classifiers, place
from mien.registry import make_detector
from mien.types import Box, Face, PixelArray


def compared(**values: Any) -> Compared:
    known = {"alike": True, "difference": "alike", "figures": {}, "ms": 1.0, "cpu_ms": 4.0}
    return Compared(**known | values)


def device(name: str) -> Device:
    return Device(name, KINDS[name])


def auto(*names: str) -> Asked:
    return Asked("auto", tuple(map(device, names)))


@pytest.mark.parametrize(
    ("first", "second", "chosen", "told"),
    [
        ({}, {}, "cuda", r"cuda \(alike; 1.0 ms, the CPU 4.0 ms\)"),
        ({"ms": 3.9}, {}, "dml", "dml"),
        (
            {"alike": False},
            {"ms": 9.0},
            None,
            "cpu .*cuda answers otherwise: .*dml brings no gain",
        ),
        ({"alike": False, "ms": 0.1}, {"alike": False}, None, "cpu"),
    ],
)
def test_the_first_that_is_alike_and_quicker_is_taken(
    first: dict[str, Any],
    second: dict[str, Any],
    chosen: str | None,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    results = {"cuda": compared(**first), "dml": compared(**second)}
    monkeypatch.setattr(placing, "compare", lambda there, _: results[there])
    asked = auto("cuda", "dml")
    found = place(asked, "it", lambda where: where and where.name)  # type: ignore[type-var]
    assert found == chosen
    (words,) = asked.chosen.values()
    assert re.match(told, words)


def test_a_device_that_fails_is_no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(where: Device | None) -> Any:
        if where:
            where.give_up("cannot be used (no driver)")
        return where

    asked = auto("cuda")
    assert place(asked, "it", make) is None
    assert asked.chosen == {"it": "cpu (cuda cannot be used (no driver))"}


def test_answers_that_make_no_sense_are_no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Compared:
        raise ValueError("a box must have x1 < x2")

    monkeypatch.setattr(placing, "compare", fail)
    asked = auto("cuda")
    assert place(asked, "it", lambda where: where) is None  # type: ignore[type-var]
    assert asked.chosen == {"it": "cpu (cuda answers otherwise: a box must have x1 < x2)"}


def test_where_there_is_only_the_cpu_it_says_so() -> None:
    asked = Asked("auto")
    assert place(asked, "it", lambda _: None) is None  # type: ignore[type-var]
    assert asked.chosen == {"it": "cpu (this onnxruntime has nothing else here)"}


class Other:
    """A classifier that differs from another by so much."""

    def __init__(self, real: OnnxClassifier, by: float) -> None:
        self._real, self._by = real, by
        self.labels, self.other, self.spec = real.labels, real.other, real.spec

    def __call__(self, faces: PixelArray) -> Any:
        values = self._real(faces)
        values[:, 0] += self._by
        return values


@pytest.mark.parametrize(("by", "alike"), [(0.0, True), (0.009, True), (0.5, False), (-0.2, False)])
def test_probabilities_may_differ_by_rounding_alone(
    by: float, alike: bool, make_bundle: Callable[..., Path]
) -> None:
    real = OnnxClassifier(load_bundle(make_bundle()))
    found = compare_classifiers(Other(real, by), real)
    assert found.alike is alike
    assert found.figures["probability"] == pytest.approx(abs(by), abs=1e-6)
    assert min(found.ms, found.cpu_ms) > 0


class Moved:
    """A detector that finds other faces than another."""

    name, face_side = "moved", 48.0

    def __init__(self, real: Any, change: Callable[[list[Face]], list[Face]]) -> None:
        self._real, self._change = real, change

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        return tuple(self._change(list(self._real(image))))


def moved(by: float) -> Callable[[list[Face]], list[Face]]:
    def change(faces: list[Face]) -> list[Face]:
        return [Face(Box(*(np.array(face.box.to_tuple()) + by)), face.score) for face in faces]

    return change


@pytest.mark.parametrize(
    ("change", "alike", "told"),
    [
        (lambda faces: faces, True, "boxes within 0.00%"),
        (moved(1.0), True, "boxes within 0"),
        (moved(60.0), False, "boxes within"),
        (lambda faces: [], False, "other faces than the CPU \\(0 and 1"),
        (lambda faces: faces * 2, False, "2 and 1"),
    ],
)
def test_faces_have_to_be_the_same(
    change: Callable[[list[Face]], list[Face]], alike: bool, told: str
) -> None:
    real = make_detector()
    found = compare(Moved(real, change), real)
    assert found.alike is alike
    assert re.search(told, str(found))
