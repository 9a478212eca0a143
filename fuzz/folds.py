"""The folder of a cross-validation: folds.json, and what a fold's bundle answered."""

from collections.abc import Sequence
from pathlib import Path

from mien.models.info import FORMAT, InputInfo, ModelInfo, Terms

_ANSWERS = (
    "origin,group,label,predicted,confidence,p_sad,p_happy,p_other\n"
    'a.png,Anna,sad,sad,0.75,0.75,0.25,0.125\n"b,\n.png",,happy,sad,0.5,0.5,0.5,0\n'
)
_INFO = (
    '{"format": 1, "name": "faces", "dataset": "faces", "settings": {"seed": 0, "classes": []},'
    ' "folds": [{"groups": ["Anna"], "faces": 2}, {"groups": ["Bob", "Eve"], "faces": 3}]}'
)
_MODEL = ModelInfo(
    format=FORMAT,
    name="faces",
    version="1",
    labels=("sad", "happy"),
    other=True,
    input=InputInfo(48, 1, 1.0, "none"),
    sha256="0" * 64,
    temperature=1.0,
    not_sure_below=0.5,
    terms=Terms("none", ()),
    command="none",
    seed=0,
)


def answers() -> Sequence[bytes]:
    """Return a table of answers."""
    return (_ANSWERS.encode(),)


def infos() -> Sequence[bytes]:
    """Return a folds.json."""
    return (_INFO.encode(),)


def read_answers(data: bytes, folder: Path) -> None:
    """Read a table of answers."""
    from mien.evaluation.output import folds

    (folder / "predictions.csv").write_bytes(data)
    folds.read_answers(folder / "predictions.csv", _MODEL)


def read_info(data: bytes, folder: Path) -> None:
    """Read a folds.json, and look for its folds."""
    from mien.evaluation.output import folds
    from mien.evaluation.pictures.inputs import FOLDS

    (folder / FOLDS).write_bytes(data)
    folds.read_info(folder)
