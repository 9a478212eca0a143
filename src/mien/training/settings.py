"""What any training run can be told, kept in its folder so that a run can be repeated."""

from typing import Annotated, Literal, TypeVar

import msgspec

from mien.models.info import DataTerms, Terms
from mien.types import PlotKind

S = TypeVar("S", bound=msgspec.Struct)
# Bounds far beyond all that makes sense: what is above them is a slip, and would only end badly.
Positive = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Rate = Annotated[float, msgspec.Meta(gt=0, le=1000)]
Decay = Annotated[float, msgspec.Meta(ge=0, le=1000)]
Seed = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how a run computes, and draws; changes its speed, not its meaning.

    Attributes:
        device: "cpu", "cuda", "cuda:1" …, or "auto": a GPU where there is one.
        precision: "fp32", "bf16" (autocast), or "auto": bf16 where the hardware computes in it,
            since elsewhere it is slower than fp32.
        threads: CPU threads; 0 (default) leaves PyTorch's choice.
        plots: How the curves are written.
    """

    device: str = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    threads: Annotated[int, msgspec.Meta(ge=0)] = 0
    plots: PlotKind = "png"


NOT_STATED = "not stated"
# What no person gives: it is no option, and no part of a recipe.
Derived = Annotated[str, msgspec.Meta(extra={"derived": True})]


class AnyModelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What goes into any model's bundle beside the weights.

    Attributes:
        name: Name of the model (default: that of the run folder).
        version: Its version.
        weights_terms: Terms of the weights, for the card.
        data_terms: A source of the training data and its terms, for the card; once for each source.
        command: The command that makes the model again.
        recipe: All options of that command as TOML, for its option `--config`.
    """

    name: str
    version: Annotated[str, msgspec.Meta(extra={"flag": "--model-version"})] = "1"
    weights_terms: Annotated[
        str, msgspec.Meta(extra={"metavar": "TEXT", "aliases": ("--license", "--licence")})
    ] = NOT_STATED
    data_terms: Annotated[dict[str, str], msgspec.Meta(extra={"metavar": "SOURCE=TERMS"})] = {}
    command: Derived = ""
    recipe: Derived = ""

    def terms(self, *unnamed: str) -> Terms:
        """Return the terms as model.json has them.

        Args:
            unnamed: Sources whose terms nobody stated, where none is named.
        """
        sources = self.data_terms or dict.fromkeys(unnamed, NOT_STATED)
        return Terms(self.weights_terms, tuple(DataTerms(*item) for item in sources.items()))
