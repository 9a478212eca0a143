"""Fixtures of the benchmarks' tests."""

import dataclasses
import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from tests.benchmarks.results import Importer
from tests.extras import skip_without_extra

import mien.bench
from mien.errors import MissingExtraError
from mien.protocols import Detector
from mien.registry import make_detector


@pytest.fixture
def bench() -> Importer:
    """Import a module of `benchmarks`, which is no part of the package."""

    def load(name: str) -> ModuleType:
        try:
            return importlib.import_module(f"benchmarks.{name}")
        except ModuleNotFoundError as error:
            skip_without_extra(error)
            raise

    return load


@pytest.fixture
def mtcnn() -> Detector:
    """The detector `mtcnn`, where its extra is installed."""
    try:
        return make_detector("mtcnn")
    except MissingExtraError as error:
        skip_without_extra(error)
        raise


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
