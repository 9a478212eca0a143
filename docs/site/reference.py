"""The page of the Python API, made of what `mien` makes public; mkdocstrings puts in the rest."""

import inspect
from collections.abc import Iterable

import mien
from mien import errors

HEAD = """# The Python API

All of this is there after `import mien`. The page is made from the docstrings of the code; how it
is used is in [From Python](code.md). Pictures are BGR uint8 arrays [H,W,3], unless said otherwise;
boxes and landmarks are in pixels of the picture, times in seconds of the stream's own clock.
"""
# What is not named comes last, under OTHERS, so that nothing public is left out.
GROUPS = {
    "Load and read": ("load", "Reader", "read_archive", "read_manifest", "to_frame"),
    "What was read": (
        *("Analysis", "Reading", "Prediction", "Verdict", "Quality", "PartEffect"),
        *("Face", "Box", "Frame", "InputSpec"),
    ),
    "A model of your own": ("prepare", "train", "evaluate"),
    "The live loop": ("run", "Analyzer", "AnalyzerSettings", "RunSummary"),
    "Parts of your own": ("Detector", "Classifier", "Source", "Sink"),
}
OTHERS = "More"
ERRORS = "Errors"


def page() -> str:
    """Return the page, in Markdown with the directives of mkdocstrings."""
    named = {name for names in GROUPS.values() for name in names} | {"MienError", "__version__"}
    others = tuple(name for name in mien.__all__ if name not in named)
    groups = GROUPS | ({OTHERS: others} if others else {})
    parts = [HEAD, *(_group(title, "mien", names) for title, names in groups.items())]
    return "\n".join([*parts, _group(ERRORS, "mien.errors", _errors())])


def _group(title: str, module: str, names: Iterable[str]) -> str:
    return f"## {title}\n\n" + "".join(f"::: {module}.{name}\n\n" for name in names)


def _errors() -> list[str]:
    """Return all errors that mien raises on purpose, the base first."""
    found = [
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, mien.MienError)
    ]
    return sorted(found, key=lambda name: (name != "MienError", found.index(name)))
