"""What is asked of a bundle beside its figures: one file for each question, named here."""

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from mien.evaluation.study import Study
from mien.settings import made_of

# In the order in which they are shown. A new study is its file and its name here.
NAMES = ("folds", "others", "slices", "persons", "corruptions", "compare", "crop_scales")


@cache
def _study(name: str) -> type[Study[Any]]:
    kind: type[Study[Any]] = importlib.import_module(f"{__name__}.{name}").STUDY
    return kind


def all_studies() -> tuple[type[Study[Any]], ...]:
    """Return every study, in the order in which they are shown."""
    return tuple(map(_study, NAMES))


def asked(given: Mapping[str, Any]) -> tuple[Study[Any], ...]:
    """Return the studies that the options of a command line ask for; some are always asked.

    Args:
        given: The values of all options that were typed, by name.

    Raises:
        SettingsError: A value is out of range, or means nothing beside another.
        BundleError: A bundle that is named cannot be used.
    """
    found = [kind.asked(made_of(kind.options, given), given) for kind in all_studies()]
    return tuple(study for study in found if study is not None)
