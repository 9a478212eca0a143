"""What a page that reads faces by itself needs beside its own files: networks and the sample."""

from collections.abc import Mapping
from importlib.resources import files

import msgspec

from mien import __version__
from mien.models.bundle import Bundle, DetectorBundle
from mien.sources import drawn, sample
from mien.web.protocol import Hello, Mode, ModelFacts, SourceInfo

FACTS, DETECTOR, CLASSIFIER = "models/facts.json", "models/detector.onnx", "models/classifier.onnx"


def engine_files(
    bundle: Bundle, detector: DetectorBundle, *, mode: Mode = "camera"
) -> Mapping[str, bytes]:
    """Return the files, by their names below `static`.

    Args:
        bundle: Reads the faces.
        detector: Finds them.
        mode: What the page begins with: "camera", or "sample".
    """
    facts = {
        "hello": _hello(bundle, mode),
        "classifier": {
            "input": bundle.info.input,
            "other": bundle.info.other,
            "not_sure_below": bundle.info.not_sure_below,
        },
        "detector": {
            name: getattr(detector.info, name)
            for name in (
                "channels",
                "multiple",
                "smallest",
                "min_score",
                "max_overlap",
                "max_inside",
            )
        },
    }
    pictures = (sample.PORTRAIT, drawn.SHEET)
    return {
        FACTS: msgspec.json.encode(facts),
        DETECTOR: detector.graph,
        CLASSIFIER: bundle.graph,
        **{f"sample/{name}": (files("mien") / "assets" / name).read_bytes() for name in pictures},
    }


def _hello(bundle: Bundle, mode: Mode) -> Hello:
    info = bundle.info
    return Hello(
        version=__version__,
        labels=info.labels,
        sources=(SourceInfo("sample", sample.CALLED),),
        mode=mode,
        model=ModelFacts(info.name, info.version, info.terms),
    )
