"""Recipes: what is written is read back, and what cannot be meant is refused."""

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from mien.errors import SettingsError
from mien.training.detector.settings import RECIPE as DETECTOR_RECIPE
from mien.training.expression.settings import RECIPE

VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: st.integers(-(2**40), 2**40),
    bool: st.booleans(),
    list[str]: st.lists(st.text(max_size=8), max_size=3),
    dict[str, str]: st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
    dict[str, float]: st.dictionaries(st.text(max_size=8), st.floats(0, 9), max_size=3),
    float: st.one_of(st.integers(-99, 99), st.floats(-1e6, 1e6)),
}
FIELDS = {"from": "from_"}
texts = {
    FIELDS.get(key, key): VALUES[RECIPE.kind(key)]
    for key in RECIPE.keys
    if key not in ("channels",)
} | {"channels": st.sampled_from([1, 3])}


@given(st.fixed_dictionaries({}, optional=texts))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, options: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    path.write_text(RECIPE.write(options), encoding="utf-8")
    assert RECIPE.read(path) == options


def test_hyphens_are_as_good_as_underscores(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("batch-size = 7\n")
    assert RECIPE.read(path) == {"batch_size": 7}


def test_options_that_are_no_part_of_a_recipe_are_left_out() -> None:
    assert "device" not in RECIPE.write({"device": "cuda", "epochs": 3})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch = 3", "unknown option 'epoch'; choose from arch"),
        ("epochs = 'many'", "epochs = 'many' is of the wrong kind"),
        ("epochs = true", "epochs = True is of the wrong kind"),
        ("augment = 1", "augment = 1 is of the wrong kind"),
        ("classes = [1, 2]", r"classes = \[1, 2\] is of the wrong kind"),
        ("source_weight = { lab = 'much' }", "source_weight = .* is of the wrong kind"),
        ("data_terms = 'MIT'", "data_terms = 'MIT' is of the wrong kind"),
        ("[data_terms]\nA = 1", "data_terms = {'A': 1} is of the wrong kind"),
        ("epochs = ", "not TOML"),
        ("epochs = " + "[" * 5000, "not TOML: nested too deeply"),
        ("epochs = " + "9" * 5000, "not TOML"),
        ("classes = 0x" + "f" * 6000, r"classes = \(a long int\) is of the wrong kind"),
        ("epochs = [" + "1," * 5000 + "]", r"epochs = \(a long list\) is of the wrong kind"),
        ("epochs" + ".a" * 90 + " = 1", r"epochs = \(a long dict\) is of the wrong kind"),
        (f"{'x' * 5000} = 1", "unknown option 'xxx"),
    ],
)
def test_bad_recipe_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        RECIPE.read(path)
    assert len(str(caught.value).removeprefix(str(tmp_path))) < 1000


def test_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.toml: cannot be read"):
        RECIPE.read(tmp_path / "absent.toml")


def test_a_detector_has_a_recipe_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    text = DETECTOR_RECIPE.write({"steps": 5, "arch": "x"})
    assert text == "# For `mien train-detector FOLDER … --config recipe.toml`.\nsteps = 5\n"
    path.write_text(text)
    assert DETECTOR_RECIPE.read(path) == {"steps": 5}
    with pytest.raises(SettingsError, match="unknown option 'steps'"):
        RECIPE.read(path)


@pytest.mark.parametrize("name", ["student.toml", "teacher.toml", "detector.toml"])
def test_the_shipped_recipes_are_recipes(name: str) -> None:
    recipe = DETECTOR_RECIPE if name == "detector.toml" else RECIPE
    assert recipe.read(Path("recipes", name))
