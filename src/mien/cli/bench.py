"""`mien bench`: how fast, how late and how costly mien is on this machine and its camera."""

import argparse
import json
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated

import cv2
import msgspec
import numpy as np
from rich.table import Table

from mien.bench import FPS, Live, Paced, Speed, measure_live, measure_speed, measure_start
from mien.cli.console import err, out, progress
from mien.cli.models import ModelOptions, OneSource, add_all, make_models, only
from mien.cli.options import read
from mien.errors import SourceError, printable
from mien.pipeline.analyzer import Analyzer
from mien.protocols import Source
from mien.registry import make_analyzer
from mien.sources.camera import list_cameras
from mien.sources.naming import SAMPLE, Camera, device
from mien.sources.open import open_device, open_source
from mien.types import PixelArray

SECONDS = 5.0
STARTS = 3
REFUSAL = "cannot be; give seconds, more than 0 and at most 3600"
HD = (1280, 720)
NO_SOURCE = "none"
ONE, TWO, TWO_HD = "640x480, one face", "640x480, two faces", "1280x720, two faces"
# A camera that gives less than this is held back by itself: most are by poor light.
SLOW_CAMERA = 20.0
# What stays free for the rest of the machine, where mien is to run beside other things.
LIGHT_CORE = 0.5


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured.

    Attributes:
        model: Name and version of the model.
        detector: Name of the detector.
        speed: By the kind of frame.
        sample: The sample, as a camera of 30 frames per second would give it.
        start_seconds: From starting `mien live` to its first reading.
        source: What was read as the camera; None where there is none.
        camera: How it was read; None where it gave nothing.
        problem: Why it gave nothing.
        advice: What follows from all this.
    """

    model: str
    detector: str
    speed: dict[str, Speed]
    sample: Live
    start_seconds: float
    source: str | None
    camera: Live | None
    problem: str
    advice: str


class BenchOptions(ModelOptions, frozen=True, kw_only=True):
    """What is measured.

    Attributes:
        source: A camera's number or an address (http:// or rtsp://); default: the first camera,
            where there is one; 'none': measure without.
        seconds: Length of each measure.
        json: Print JSON, for programs.
    """

    source: OneSource = ()
    seconds: Annotated[float, msgspec.Meta(gt=0, le=3600, extra={"refusal": REFUSAL})] = SECONDS
    json: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mien bench`."""
    add_all(parser, BenchOptions)


def run(args: argparse.Namespace) -> int:
    """Measure and print; 1 where a source that was named gave nothing."""
    options = read(args, BenchOptions)
    report = measure(options)
    if options.json:
        print(json.dumps(asdict(report), indent=2))
    else:
        _print(report)
    return 1 if report.problem and options.source else 0


def measure(options: BenchOptions) -> Report:
    """Take all measures, one after another."""
    detector, classifier, info = make_models(options, options.model)
    source = _source(only(options.source))
    device = None if source is None else open_device(source)
    sample = [frame.image for frame in open_source(SAMPLE)]
    one, two = sample[: len(sample) // 2], sample[len(sample) // 2 :]

    def analyzer() -> Analyzer:
        return make_analyzer(detector, classifier, info)

    with progress() as update:

        def step(number: int) -> None:
            update("measuring", number, 6)

        step(0)
        speed = {}
        kinds = {ONE: one, TWO: two, TWO_HD: [_enlarged(picture) for picture in two[::4]]}
        for number, (name, images) in enumerate(kinds.items(), start=1):
            speed[name] = measure_speed(analyzer(), images, options.seconds)
            step(number)
        live = measure_live(Paced(sample), analyzer(), options.seconds)
        step(4)
        camera, problem = _camera(device, analyzer, options.seconds)
        step(5)
        start = statistics.median(measure_start(_model_words(options)) for _ in range(STARTS))
        step(6)
    return Report(
        model=f"{info.name} {info.version}",
        detector=detector.name,
        speed=speed,
        sample=live,
        start_seconds=start,
        source=source,
        camera=camera,
        problem=problem,
        advice=advise(speed, live, camera),
    )


def advise(speed: dict[str, Speed], sample: Live, camera: Live | None) -> str:
    """Say in a sentence or two what the figures mean, and what can be done about them."""
    if speed[ONE].fps < FPS:
        return (
            f"This machine reads {speed[ONE].fps:.0f} frames per second, fewer than a camera "
            "gives: close other programs, and use mien's own detector (leave out --detector)."
        )
    if speed[TWO_HD].fps < FPS:
        text = "Use pictures of 640x480: larger ones come faster than this machine reads them."
    elif sample.core > LIGHT_CORE:
        text = (
            "mien keeps up with a camera here, but takes much of a core; where that disturbs "
            "other programs, AnalyzerSettings(search=0.3) searches less often."
        )
    else:
        text = (
            f"mien keeps up with any usual camera here, and takes {sample.core:.0%} of one core "
            "for one."
        )
    if camera is not None and camera.fps + camera.dropped / camera.seconds < SLOW_CAMERA:
        text += (
            f" The camera gives only {camera.fps:.0f} pictures per second: most give more in "
            "better light."
        )
    if camera is not None and not camera.faces:
        text += " No face was in its view."
    return text


def _source(wanted: str | None) -> str | None:
    if wanted is None:
        return next(map(str, list_cameras()), None)
    return None if wanted == NO_SOURCE else wanted


def _camera(
    device: Source | None, analyzer: Callable[[], Analyzer], seconds: float
) -> tuple[Live | None, str]:
    """Measure the camera; a camera that does not work leaves the other figures good."""
    if device is None:
        return None, ""
    try:
        return measure_live(device, analyzer(), seconds), ""
    except SourceError as error:
        return None, str(error)


def _model_words(options: ModelOptions) -> list[str]:
    words = ["--detector", options.detector, "--threads", str(options.threads)]
    words += ["--device", options.device]
    words += ["--model", str(options.model)] if options.model else []
    return words + (
        ["--detector-model", str(options.detector_model)] if options.detector_model else []
    )


def _enlarged(picture: PixelArray) -> PixelArray:
    """Cut the sides' shape to 16:9 and enlarge."""
    height = picture.shape[1] * HD[1] // HD[0]
    return np.asarray(cv2.resize(picture[-height:], HD), dtype=np.uint8)


def _print(report: Report) -> None:
    table = Table(title=f"mien bench: {report.model}, detector {report.detector}")
    for title in ("", "per second", "ms (p95)", "CPU ms", "one core"):
        table.add_column(title, justify="right" if title else "left")
    for name, speed in report.speed.items():
        table.add_row(name, f"{speed.fps:.0f}", f"{speed.p95_ms:.1f}", f"{speed.cpu_ms:.1f}", "")
    lives = {"sample at 30 per second": report.sample}
    if report.camera is not None:
        width, height = report.camera.size
        lives[f"{_source_words(report.source)}, {width}x{height}"] = report.camera
    for name, live in lives.items():
        cpu = live.core / live.fps * 1000
        rate, age = f"{live.fps:.1f}", f"{live.age_p95_ms:.1f}"
        table.add_row(name, rate, age, f"{cpu:.1f}", f"{live.core:.0%}")
    out.print(table)
    out.print(
        f"mien live: first reading {report.start_seconds:.1f} s after its start", markup=False
    )
    if report.source is None:
        out.print("There was no camera to measure.", markup=False)
    if report.problem:
        err.print(printable(f"Not measured: {report.problem}"), markup=False)
    out.print(report.advice, markup=False)


def _source_words(source: str | None) -> str:
    named = None if source is None else device(source)
    return f"camera {named.number}" if isinstance(named, Camera) else "the stream"
