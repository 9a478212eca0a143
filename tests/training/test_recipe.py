"""Recipes: what is written is read back, and what cannot be meant is refused."""

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from mien.errors import SettingsError
from mien.training.recipe import DETECTOR_KINDS, KINDS, read_recipe, write_recipe

VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: st.integers(-(2**40), 2**40),
    bool: st.booleans(),
    list[str]: st.lists(st.text(max_size=8), max_size=3),
    dict[str, str]: st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
    dict[str, float]: st.dictionaries(st.text(max_size=8), st.floats(0, 9), max_size=3),
    float: st.one_of(st.integers(-99, 99), st.floats(-1e6, 1e6)),
}
texts = {name: VALUES[kind] for name, kind in KINDS.items()}


@given(st.fixed_dictionaries({}, optional=texts))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, options: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    path.write_text(write_recipe(options), encoding="utf-8")
    assert read_recipe(path) == options


def test_hyphens_are_as_good_as_underscores(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("batch-size = 7\n")
    assert read_recipe(path) == {"batch_size": 7}


def test_options_that_are_no_part_of_a_recipe_are_left_out() -> None:
    assert "device" not in write_recipe({"device": "cuda", "epochs": 3})


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
        ("epochs" + ".a" * 5000 + " = 1", r"epochs = \(a long dict\) is of the wrong kind"),
        (f"{'x' * 5000} = 1", "unknown option 'xxx"),
    ],
)
def test_bad_recipe_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        read_recipe(path)
    assert len(str(caught.value).removeprefix(str(tmp_path))) < 1000


def test_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.toml: cannot be read"):
        read_recipe(tmp_path / "absent.toml")


def test_a_detector_has_a_recipe_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    text = write_recipe({"steps": 5, "arch": "x"}, DETECTOR_KINDS, "train-detector FOLDER …")
    assert text == "# For `mien train-detector FOLDER … --config recipe.toml`.\nsteps = 5\n"
    path.write_text(text)
    assert read_recipe(path, DETECTOR_KINDS) == {"steps": 5}
    with pytest.raises(SettingsError, match="unknown option 'steps'"):
        read_recipe(path)


@pytest.mark.parametrize("name", ["student.toml", "teacher.toml", "detector.toml"])
def test_the_shipped_recipes_are_recipes(name: str) -> None:
    kinds = DETECTOR_KINDS if name == "detector.toml" else KINDS
    assert read_recipe(Path(__file__).parents[2] / "recipes" / name, kinds)
