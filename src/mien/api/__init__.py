"""The Python API: load once, then read pictures or watch sources; or read a whole archive."""

from mien.api.frame import to_frame
from mien.api.learning import evaluate, prepare, train
from mien.api.loading import load, read_archive
from mien.api.reader import Reader

__all__ = ["Reader", "evaluate", "load", "prepare", "read_archive", "to_frame", "train"]
