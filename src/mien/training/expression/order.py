"""What a person asked for, as a run takes it: what was not said is chosen, and names are found."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien.datasets.dataset import Dataset
from mien.registry import find_bundle
from mien.settings import made_of
from mien.training.expression.settings import RECIPE, ModelSettings, Origins, TrainSettings
from mien.training.expression.suited import suit


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is told.

    Attributes:
        settings: What decides the weights.
        model: What goes into the bundle beside them.
        beginnings: What it starts and learns from beside its data set, as `train` takes it.
    """

    settings: TrainSettings
    model: ModelSettings
    beginnings: dict[str, Any]


def order(
    options: Mapping[str, Any], dataset: Dataset, folder: Path, *, faces: int, command: str = ""
) -> Order:
    """Make an order of options.

    Args:
        options: Those of `RECIPE` that were given, by their fields' names.
        dataset: What is learnt from.
        folder: The run's, after which the model is called unless it has a name.
        faces: How many are learnt from, to which what was not given is suited.
        command: What the user called, kept in the bundle.

    Raises:
        SettingsError: A value is of the wrong kind or out of range.
        BundleError: A name is that of no bundle.
    """
    usual = {"name": folder.name, "crop_scale": dataset.info.input.get("crop_scale") or 1.0}
    chosen = suit(usual | dict(options), faces)
    facts = {"command": command, "recipe": RECIPE.write(chosen)}
    model = made_of(ModelSettings, chosen | facts)
    return Order(made_of(TrainSettings, chosen), model, beginnings_of(made_of(Origins, chosen)))


def beginnings_of(origins: Origins) -> dict[str, Any]:
    """Return what a run begins with and learns from, as `train` takes it.

    Raises:
        BundleError: A name is that of no bundle.
    """
    return {
        "pretrained": None if origins.pretrained is None else Path(origins.pretrained),
        "origin": None if origins.from_ is None else find_bundle(Path(origins.from_)),
        "teachers": [find_bundle(Path(name)) for name in origins.teacher],
    }
