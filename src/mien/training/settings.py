"""What any training run can be told, kept in its folder so that a run can be repeated."""

from typing import Annotated, Any, Literal, TypeVar

import msgspec

from mien.errors import SettingsError
from mien.models.bundle import DataTerms, Terms
from mien.ranges import check_number

S = TypeVar("S", bound=msgspec.Struct)
# Bounds far beyond all that makes sense: what is above them is a slip, and would only end badly.
Positive = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Rate = Annotated[float, msgspec.Meta(gt=0, le=1000)]
Decay = Annotated[float, msgspec.Meta(ge=0, le=1000)]
Seed = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how a run computes; changes its speed, not its meaning.

    Attributes:
        device: "cpu", "cuda", or "auto": a GPU where there is one.
        precision: "fp32", "bf16" (autocast), or "auto": bf16 where the hardware computes in it,
            since elsewhere it is slower than fp32.
        threads: CPU threads; 0 leaves PyTorch's choice.
    """

    device: str = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    threads: Annotated[int, msgspec.Meta(ge=0)] = 0


NOT_STATED = "not stated"


class AnyModelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What goes into any model's bundle beside the weights.

    Attributes:
        name: Name of the model.
        version: Its version.
        weights_terms: Terms of the weights.
        data_terms: The sources of the training data, each with its terms.
        command: The command that makes the model again.
        recipe: All options of that command as TOML, for its option `--config`.
    """

    name: str
    version: str = "1"
    weights_terms: str = NOT_STATED
    data_terms: dict[str, str] = {}
    command: str = ""
    recipe: str = ""

    def terms(self, *unnamed: str) -> Terms:
        """Return the terms as model.json has them.

        Args:
            unnamed: Sources whose terms nobody stated, where none is named.
        """
        sources = self.data_terms or dict.fromkeys(unnamed, NOT_STATED)
        return Terms(self.weights_terms, tuple(DataTerms(*item) for item in sources.items()))


def checked(kind: type[S], **values: Any) -> S:
    """Make settings from values a person gave.

    Raises:
        SettingsError: A value is of the wrong kind or out of range; the message names the option.
    """
    for name, value in values.items():
        for number in value.values() if isinstance(value, dict) else [value]:
            if isinstance(number, float):
                check_number(f"--{name.replace('_', '-')}", number)
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at ")
        option = place.strip("`$.").replace("_", "-")
        raise SettingsError(f"--{option}: {reason}") from error
