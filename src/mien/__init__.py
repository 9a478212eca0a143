"""mien reads facial expressions in real time.

    import mien

    reader = mien.load()
    for reading in reader.read("photo.jpg"):
        print(reading.label or "not sure", reading.smoothed.to_dict())

Names are imported when they are first used, so that `import mien`, and with it the command line,
does not wait for OpenCV and onnxruntime.
"""

import importlib
import logging
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mien.api import Reader, evaluate, load, prepare, read_archive, to_frame, train
    from mien.archive.readings.manifest import read_manifest
    from mien.errors import MienError
    from mien.models.occlusion import PartEffect
    from mien.pipeline.analyzer import Analyzer, AnalyzerSettings
    from mien.pipeline.meter import RunSummary
    from mien.pipeline.run import run
    from mien.protocols import Classifier, Detector, Sink, Source
    from mien.types import (
        Analysis,
        Box,
        Face,
        Frame,
        InputSpec,
        Prediction,
        Quality,
        Reading,
        Verdict,
    )

__version__ = "0.1.0"

# The official builds of onnxruntime report to Microsoft and keep an identifier in the home folder.
# Only this variable stops both, and only if it is set before onnxruntime is first imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
# A library says nothing by itself: who wants mien's log sets up `logging`.
logging.getLogger("mien").addHandler(logging.NullHandler())

__all__ = [
    "Analysis",
    "Analyzer",
    "AnalyzerSettings",
    "Box",
    "Classifier",
    "Detector",
    "Face",
    "Frame",
    "InputSpec",
    "MienError",
    "PartEffect",
    "Prediction",
    "Quality",
    "Reader",
    "Reading",
    "RunSummary",
    "Sink",
    "Source",
    "Verdict",
    "__version__",
    "evaluate",
    "load",
    "prepare",
    "read_archive",
    "read_manifest",
    "run",
    "to_frame",
    "train",
]

_HOMES = {
    "mien.errors": ("MienError",),
    "mien.models.occlusion": ("PartEffect",),
    "mien.pipeline.analyzer": ("Analyzer", "AnalyzerSettings"),
    "mien.pipeline.meter": ("RunSummary",),
    "mien.pipeline.run": ("run",),
    "mien.protocols": ("Classifier", "Detector", "Sink", "Source"),
    "mien.api": (*("Reader", "evaluate", "load", "prepare", "read_archive", "to_frame", "train"),),
    "mien.archive.readings.manifest": ("read_manifest",),
    "mien.types": (
        *("Analysis", "Box", "Face", "Frame", "InputSpec", "Prediction", "Quality", "Reading"),
        "Verdict",
    ),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:  # the types are those of the imports above
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'mien' has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
