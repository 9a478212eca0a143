"""The file that says what a mix is made of; `mien.datasets.inputs.mix` shows one."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from mien.datasets.inputs.fer.ferplus import Majority
from mien.errors import DatasetError
from mien.files.pickles import refuse_pickle
from mien.parsing import decode_toml
from mien.settings import recipe_file

Fraction = Annotated[float, msgspec.Meta(ge=0, lt=1)]
KINDS = ("folder", "fer2013", "dataset")


class MixSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One source of a mix: a folder of class folders, FER2013's files, or a prepared data set.

    Attributes:
        folder: Folder with one sub-folder of pictures per class.
        fer2013: fer2013.csv.
        ferplus: fer2013new.csv, FER+'s votes.
        dataset: Folder that `mien prepare` wrote.
        keep_unclear: See `mien.datasets.inputs.fer.fer2013.Fer2013Input`.
        majority: Likewise.
        crop: Whether the face is looked for first; "none" where pictures are faces already.
        crop_scale: Side of the crop over the detector's box.
        size: Longest side in pixels of what is stored.
        channels: "gray" drops colour.
        group_pattern: What pictures of one person share in their names; folders only. See
            `mien.datasets.inputs.patterns.GroupPattern`.
        classes: The source's names of classes that have another name in the mix.
        hold_back: Part of the groups that is held back; the mix's own where None.
    """

    folder: str | None = None
    fer2013: str | None = None
    ferplus: str | None = None
    dataset: str | None = None
    keep_unclear: bool = False
    majority: Majority = "most"
    crop: Literal["none", "detector"] = "none"
    crop_scale: float = 1.0
    size: int = 112
    channels: Literal["keep", "gray"] = "keep"
    group_pattern: str | None = None
    classes: dict[str, str] = {}
    hold_back: Fraction | None = None

    def __post_init__(self) -> None:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"name one of {', '.join(KINDS)}, got {', '.join(given) or 'none'}")


class Mix(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The contents of a mix's file.

    Attributes:
        sources: By name.
        classes: The wanted classes, in the order of the labels; others are left out.
        hold_back: Part of each source's groups that is neither learnt from nor chosen by.
    """

    sources: Annotated[dict[str, MixSource], msgspec.Meta(min_length=1)]
    classes: Annotated[tuple[str, ...], msgspec.Meta(min_length=2)]
    hold_back: Fraction = 0.2

    def __post_init__(self) -> None:
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f"classes must differ, got {list(self.classes)}")


def read_mix(path: Path) -> Mix:
    """Read a mix's file.

    Args:
        path: The file, or the name of one of mien's own, such as recipes/faces.toml.

    Raises:
        DatasetError: It is missing, not TOML, or says something unknown or out of range.
    """
    refuse_pickle(path, DatasetError, "name the TOML file that says what is mixed")
    try:
        return msgspec.convert(decode_toml(recipe_file(path).read_bytes()), Mix)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from error
    except msgspec.ValidationError as error:
        reason = str(error).replace("`$.", "`").replace("`$`", "the file")
        raise DatasetError(f"{path}: {reason}") from error
    except ValueError as error:
        raise DatasetError(f"{path}: not TOML: {error}; mend it") from error
