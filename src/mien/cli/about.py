"""What notes beside a table say of the run that made it."""

import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

import mien
from mien.archive.readings.recipe import about_detector, about_model
from mien.cli.models import DetectorOptions
from mien.models.info import ModelInfo
from mien.pipeline.analyzer import AnalyzerSettings
from mien.pipeline.baseline import Baseline
from mien.sinks.columns import iso
from mien.sinks.files import as_written
from mien.sinks.notes import About
from mien.sources.naming import ADDRESSES
from mien.sources.stream import without_secrets

# What is told elsewhere in the notes.
_ELSEWHERE = (
    *("sources", "source", "out", "overwrite", "annotate", "stats", "threads", "device", "model"),
)


def about(
    options: DetectorOptions,
    model: Path | None,
    info: ModelInfo,
    sources: Sequence[str],
    settings: Sequence[msgspec.Struct],
    baseline: Baseline | None = None,
) -> About:
    """Return what there is to say of a run that begins now.

    Args:
        options: What finds the faces.
        model: What reads them, as it was named.
        info: The model's description.
        sources: What is read, as it was named.
        settings: Structs of what was set.
        baseline: The usual faces beside which people are read.
    """
    values = {name: value for one in settings for name, value in _plain(one).items()}
    analyzer = msgspec.to_builtins(AnalyzerSettings())
    return About(
        version=mien.__version__,
        model=about_model(info, model),
        detector=about_detector(options.detector, options.detector_model),
        settings=values | {"analyzer": analyzer},
        usual_faces={} if baseline is None else _usual_faces(baseline),
        source=tuple(map(_shown, sources)),
        command=_command(),
        made=iso(time.time()),
    )


def _plain(settings: msgspec.Struct) -> dict[str, Any]:
    """Return what was set, without what is off or told elsewhere."""
    values = msgspec.structs.asdict(settings)
    kept = {name: value for name, value in values.items() if name not in _ELSEWHERE}
    set_ = {name: value for name, value in kept.items() if value not in (None, (), False)}
    return msgspec.to_builtins(set_, enc_hook=str)  # type: ignore[no-any-return]  # paths


def _usual_faces(baseline: Baseline) -> dict[str, Any]:
    """Return who is read beside their usual face, and of whom there is none."""
    people = {as_written(name): sorted(of) for name, of in baseline.by_source.items()}
    told: dict[str, Any] = {"track_ids": people} if people else {}
    if baseline.alone is not None:
        told["who"] = "in each source, whoever is in its first picture with faces, if alone there"
    return told | ({"none_of": list(baseline.notes)} if baseline.notes else {})


def _command() -> str:
    """Return the command line as it could be typed again, without passwords of addresses."""
    if Path(sys.argv[0]).stem not in ("mien", "__main__"):
        return ""
    return shlex.join(["mien", *map(_shown, sys.argv[1:])])


def _shown(word: str) -> str:
    option, equals, value = word.rpartition("=") if word.startswith("--") else ("", "", word)
    if not value.lower().startswith(ADDRESSES):
        return word
    return f"{option}{equals}{without_secrets(value)}"
