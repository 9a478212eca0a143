"""Fixtures of the benchmarks' tests."""

import dataclasses
import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from tests.benchmarks.results import Importer

import mien.bench


@pytest.fixture
def bench() -> Importer:
    """Import a module of `benchmarks`, which is no part of the package."""
    return lambda name: importlib.import_module(f"benchmarks.{name}")


@pytest.fixture
def short(bench: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    """One scene of half a second in the place of all, few frames and pictures before and beside."""
    identity = bench("identity")
    all_scenes = identity.scenes

    def scenes(*cast: Any) -> Iterator[Any]:
        yield dataclasses.replace(next(all_scenes(*cast)), seconds=0.5)

    monkeypatch.setattr(identity, "scenes", scenes)
    monkeypatch.setattr(mien.bench, "WARM_UP_FRAMES", 3)
    for name in ("realtime", "experiments.scaling"):
        monkeypatch.setattr(bench(name), "CYCLE", 2)
