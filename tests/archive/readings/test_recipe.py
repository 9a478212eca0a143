import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.archive.local import LocalEngine
from mien.archive.places import LocalPlace
from mien.archive.readings.manifest import Row
from mien.archive.readings.naming import Part
from mien.archive.readings.recipe import Recipe
from mien.archive.readings.work import Outcome, ReadParts, Task
from mien.errors import BundleError, EngineError, SettingsError


def test_what_changes_a_table_changes_its_identity(make_bundle: Callable[..., Path]) -> None:
    recipes = [
        Recipe(),
        Recipe(bundle=make_bundle()),
        Recipe(bundle=Path("fer8")),
        Recipe(detector="mtcnn"),
        Recipe(any_angle=True),
        Recipe(seconds=3.0),
        Recipe(suffix=".parquet"),
    ]
    assert len({recipe.identify() for recipe in recipes}) == len(recipes)
    assert Recipe(threads=2).identify() == Recipe().identify()
    assert Recipe(device="cuda").identify() == Recipe().identify()


def test_an_unknown_device_is_told_before_a_worker_starts() -> None:
    with pytest.raises(SettingsError, match="unknown device 'tpu'"):
        Recipe(device="tpu").identify()


def test_a_worker_without_the_device_is_one_line(tmp_path: Path) -> None:
    recipe = Recipe(device="coreml" if sys.platform != "darwin" else "dml")
    work = ReadParts(recipe, recipe.identify(), LocalPlace(tmp_path))
    with pytest.raises(EngineError, match=r"cannot start: device \w+: onnxruntime has cpu"):
        list(LocalEngine(1).run(work, [Task(Part("a.csv", ()))]))


def test_a_row_says_what_it_was_made_with(make_bundle: Callable[..., Path]) -> None:
    identity = Recipe(bundle=make_bundle()).identify()
    row = identity.sign(Row(file="a.mp4"))
    assert identity.made(row)
    assert (row.bundle, len(row.bundle_digest)) == ("tiny 0.0.1", 64)
    assert not Recipe().identify().made(row)


def test_a_worker_with_another_model_or_version_is_refused(
    make_bundle: Callable[..., Path], tmp_path: Path
) -> None:
    recipe = Recipe(bundle=make_bundle())
    identity = recipe.identify()
    identity.check(identity)
    for name, told in (("version", "of mien"), ("bundle_digest", "of the models")):
        other = dataclasses.replace(identity, **{name: "x"})
        with pytest.raises(BundleError, match=f"another version {told} "):
            other.check(identity)
    work = ReadParts(recipe, dataclasses.replace(identity, version="9"), LocalPlace(tmp_path))
    with pytest.raises(EngineError, match="a worker cannot start: this worker has another version"):
        list(LocalEngine(1).run(work, [Task(Part("a.csv", ()))]))


@dataclasses.dataclass(frozen=True)
class WithoutDlib(ReadParts):
    """Work in a process whose Python has no dlib."""

    def start(self) -> Callable[[Task], Outcome]:
        sys.modules["dlib"] = None  # type: ignore[assignment]
        return super().start()


def test_a_worker_without_the_extra_is_one_line(tmp_path: Path) -> None:
    recipe = Recipe(detector="dlib-hog")
    work = WithoutDlib(recipe, recipe.identify(), LocalPlace(tmp_path))
    with pytest.raises(EngineError, match=r"a worker cannot start: .* pip install .*\[dlib\]"):
        list(LocalEngine(1).run(work, [Task(Part("a.csv", ()))]))
