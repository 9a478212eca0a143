"""What `mien adapt` can be told."""

from typing import Annotated

import msgspec

from mien.training.recipe import Recipe
from mien.training.settings import AnyModelSettings, Seed

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]

Strength = Annotated[float, msgspec.Meta(gt=0, le=1e6)]


class AdaptSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is adapted.

    Attributes:
        from_: Bundle that it starts from, a shipped one by its name.
        strength: How strongly the last layer is pulled towards the one that it starts from
            (default: what reads faces best that were left out).
        rehearsal: How much a class counts of the faces whose features are kept beside the model, so
            that it does not forget them, over a class of yours.
        folds: Parts of the pictures, each of which is read by what was learnt from the others.
        answer_accuracy: Wanted selective accuracy; below it the model says "not sure".
        forget: Loss of accuracy on the faces that the model knew, above which a warning is given.
        seed: Of the folds and of the intervals.
    """

    from_: Annotated[str, msgspec.Meta(extra={"metavar": "BUNDLE"})] = "fer4"
    strength: Strength | None = None
    rehearsal: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 1.0
    folds: Annotated[int, msgspec.Meta(ge=2, le=20)] = 5
    answer_accuracy: Share = 0.9
    forget: Share = 0.02
    seed: Seed = 0


RECIPE = Recipe("adapt FACES", (AdaptSettings, AnyModelSettings))
