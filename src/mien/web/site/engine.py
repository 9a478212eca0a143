"""What a page that reads faces by itself needs beside its own files: networks and the sample."""

import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files

import msgspec

from mien import __version__
from mien.models.bundle import Bundle, DetectorBundle
from mien.models.neutral import can_be_shown
from mien.sources import drawn, sample
from mien.web.protocol import Hello, Mode, SourceInfo, facts_of

FACTS, DETECTOR = "models/facts.js", "models/detector.onnx"


def engine_files(
    bundles: Sequence[Bundle], detector: DetectorBundle, *, mode: Mode = "camera"
) -> Mapping[str, bytes]:
    """Return the files, by their names below `static`.

    Args:
        bundles: Read the faces: the first at first, the others when they are chosen.
        detector: Finds them.
        mode: What the page begins with: "camera", or "sample".
    """
    facts = {
        "hello": _hello(bundles[0], mode),
        "classifiers": [_classifier(bundle) for bundle in bundles],
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
        FACTS: _module(facts, [classifier(bundle.info.name) for bundle in bundles]),
        DETECTOR: detector.graph,
        **{classifier(bundle.info.name): bundle.graph for bundle in bundles},
        **{f"sample/{name}": (files("mien") / "assets" / name).read_bytes() for name in pictures},
    }


def classifier(name: str) -> str:
    """Return the name of the graph of a model.

    It says which model it is, wherever that stands in the list of another version of the site, so
    that a browser which has kept one keeps the same one of the next version. What a model calls
    itself may be no name of a file.
    """
    return f"models/classifier-{hashlib.sha256(name.encode()).hexdigest()[:8]}.onnx"


def _module(facts: Mapping[str, object], graphs: Sequence[str]) -> bytes:
    """Return a JavaScript module: addresses in it follow their files when these are renamed."""
    names = [name.rpartition("/")[2] for name in (DETECTOR, *graphs)]
    detector, *classifiers = (f'new URL("./{name}", import.meta.url)' for name in names)
    return (
        f"export const facts = {msgspec.json.encode(facts).decode()};\n"
        f"export const detector = {detector};\n"
        f"export const classifiers = [{', '.join(classifiers)}];\n"
    ).encode()


def _classifier(bundle: Bundle) -> dict[str, object]:
    info = bundle.info
    return {
        "labels": info.labels,
        "model": facts_of(info),
        "input": info.input,
        "other": info.other,
        "not_sure_below": info.not_sure_below,
        "neutral_logs": info.neutral_logs if can_be_shown(info) else None,
    }


def _hello(bundle: Bundle, mode: Mode) -> Hello:
    info = bundle.info
    return Hello(
        version=__version__,
        labels=info.labels,
        sources=(SourceInfo("sample", sample.CALLED),),
        mode=mode,
        model=facts_of(info),
    )
