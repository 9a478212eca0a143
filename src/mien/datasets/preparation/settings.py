"""How a data set is made of an input: what a person may choose."""

from typing import Annotated

import msgspec

from mien.errors import SettingsError

# For tests: no option of the command line.
Internal = Annotated[int, msgspec.Meta(extra={"derived": True})]


class PrepareSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How duplicates are found and faces are dealt to splits and files.

    Attributes:
        validation: Part of the faces for validation, 0 to 1.
        test: Part of the faces for the test; FER2013 has its own test rows.
        near: Similarity from which two pictures are the same photo, 0 to 1.
        balance: Make all classes as small as the smallest.
        seed: Decides among equals.
        chunk_size: Entries of the input that are read before the work is saved.
        shard_rows: Faces per file.
    """

    validation: float = 0.1
    test: float = 0.1
    near: float = 0.86
    balance: bool = False
    seed: int = 0
    chunk_size: Internal = 512
    shard_rows: Internal = 10_000

    def __post_init__(self) -> None:
        for name, part in (("validation", self.validation), ("test", self.test)):
            if not 0 <= part < 1:
                raise SettingsError(f"--{name} must be from 0 to below 1, got {part}")
        if self.validation + self.test >= 1:
            raise SettingsError(
                f"--validation {self.validation} and --test {self.test} leave nothing to train on"
            )
        if not 0 < self.near <= 1:
            raise SettingsError(f"--near must be above 0 and at most 1, got {self.near}")
        if self.seed < 0:
            raise SettingsError(f"--seed must be 0 or more, got {self.seed}")
        if self.chunk_size < 1 or self.shard_rows < 1:
            raise SettingsError("chunk_size and shard_rows must be 1 or more")
