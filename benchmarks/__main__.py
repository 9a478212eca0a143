"""`python -m benchmarks`, or `make bench ARGS=…`: measure, print, and write where asked."""

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks import archive, classifier, detector, frame, memory, prepare, realtime, scale, serve
from benchmarks.report import (
    Environment,
    Result,
    print_result,
    replace_marked,
    split_marked,
    to_markdown,
    to_plain,
)
from mien.errors import MienError
from mien.registry import DEFAULT_BUNDLE, make_classifier, make_detector

ALL = "bench"
TRAINING, STREAMING, STREAMING_MEMORY = "training", "streaming", "streaming-memory"


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for.

    Attributes:
        bundle: The model; the shipped one where None.
        quick: Small inputs and few repetitions: to see that everything runs, not for figures.
        threads: CPU threads of training; 0 leaves PyTorch's choice.
    """

    bundle: Path | None
    quick: bool
    threads: int


def run_prepare(options: Options) -> Result:
    """Speed of `mien prepare`."""
    if options.quick:
        return prepare.measure(make_detector(), counts=(120, 240), scenes=8, repeats=1)
    return prepare.measure(make_detector())


def run_training(options: Options) -> Result:
    """Speed of a training step."""
    from benchmarks import training
    from mien.training.settings import Machine

    machine = Machine(threads=options.threads)
    if options.quick:
        return training.measure(machine=machine, steps=3, repeats=2)
    return training.measure(machine=machine)


def run_streaming(options: Options) -> Result:
    """Speed of training on faces that are decoded meanwhile."""
    from benchmarks import streaming
    from mien.training.expression.settings import TrainMachine

    machine = TrainMachine(threads=options.threads)
    if options.quick:
        return streaming.measure(machine=machine, steps=2, repeats=1, batch=4)
    return streaming.measure(machine=machine)


def run_streaming_memory(options: Options) -> Result:
    """Memory of training on faces that are decoded meanwhile."""
    from benchmarks import streaming

    if options.quick:
        return streaming.measure_memory(counts=(500, 2000), size=64)
    return streaming.measure_memory()


def run_classifier(options: Options) -> Result:
    """Speed of the classifier."""
    reader, info = make_classifier(options.bundle)
    model = f"{info.name} {info.version}"
    return classifier.measure(reader, model, repeats=3 if options.quick else 30)


def run_detector(options: Options) -> Result:
    """Speed of the face detectors."""
    if options.quick:
        return detector.measure(detector.installed(), sizes=((320, 240),), repeats=1)
    return detector.measure(detector.installed())


def run_frame(options: Options) -> Result:
    """Speed of the whole frame."""
    reader, info = make_classifier(options.bundle)
    return frame.measure(make_detector(), reader, info, repeats=1 if options.quick else 15)


def run_realtime(options: Options) -> Result:
    """What mien promises of real time."""
    return realtime.measure(options.bundle, realtime.QUICK if options.quick else None)


def run_memory(options: Options) -> Result:
    """Memory of a live run."""
    return memory.measure_live(
        options.bundle, frames=(1, 10, 60) if options.quick else (1, 200, 2000, 100_000)
    )


def run_prepare_memory(options: Options) -> Result:
    """Memory of `mien prepare`."""
    return memory.measure_prepare(counts=(120, 480) if options.quick else (2000, 8000))


def run_scale(options: Options) -> Result:
    """What `mien prepare` costs over a million pictures."""
    if options.quick:
        return scale.measure(searched=(1000, 3000), planned=20_000, listed=700)
    return scale.measure()


def run_photo_memory(options: Options) -> Result:
    """Memory of `mien predict` on one large photo."""
    return memory.measure_photo(side=2000 if options.quick else 8000)


def run_archive(options: Options) -> Result:
    """Speed and memory of `mien predict` into a folder."""
    return archive.measure(archive.QUICK if options.quick else None)


def run_serve(options: Options) -> Result:
    """Speed of `mien serve`."""
    return serve.measure(repeats=1, shortest=0) if options.quick else serve.measure()


MEASURES: dict[str, Callable[[Options], Result]] = {
    prepare.NAME: run_prepare,
    TRAINING: run_training,
    STREAMING: run_streaming,
    STREAMING_MEMORY: run_streaming_memory,
    classifier.NAME: run_classifier,
    detector.NAME: run_detector,
    frame.NAME: run_frame,
    realtime.NAME: run_realtime,
    memory.LIVE: run_memory,
    memory.PREPARE: run_prepare_memory,
    memory.PHOTO: run_photo_memory,
    scale.NAME: run_scale,
    archive.NAME: run_archive,
    serve.NAME: run_serve,
}
NEED_BUNDLE = frozenset({archive.NAME, classifier.NAME, frame.NAME, realtime.NAME, memory.LIVE})
NEED_PROC = frozenset({memory.LIVE, memory.PREPARE, memory.PHOTO, scale.NAME, STREAMING_MEMORY})


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; 1 where something is missing for it."""
    args = _parse(arguments)
    names = args.only or list(MEASURES)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    problem = _problem(args, names)
    if problem:
        print(f"benchmarks: {problem}", file=sys.stderr)
        return 1
    environment = Environment.look()
    console.print(environment.describe(), markup=False)
    console.print("Medians; 'spread' is half the distance of the quartiles over the median.\n")
    try:
        results = _measure(names, Options(args.bundle, args.quick, args.threads), console)
    except MienError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    _write(args, results, environment)
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measures speed and memory against references."
    )
    parser.add_argument(
        "--only", action="append", choices=MEASURES, metavar="NAME", help=", ".join(MEASURES)
    )
    parser.add_argument("--quick", action="store_true", help="small inputs; not for figures")
    parser.add_argument("--bundle", type=Path, help="the model (default: the shipped one)")
    parser.add_argument("--threads", type=int, default=0, help="of training (0: PyTorch's choice)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures, unrounded")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="put the Markdown between the marks of a file"
    )
    return parser.parse_args(arguments)


def _problem(args: argparse.Namespace, names: Sequence[str]) -> str:
    """Say what stands against measuring; "" where nothing does."""
    if NEED_PROC.intersection(names) and not memory.is_measurable():
        return "memory is measured on Linux only; choose the other measures with --only"
    if NEED_BUNDLE.intersection(names) and args.bundle is None and not DEFAULT_BUNDLE.is_dir():
        return (
            f"no model at {DEFAULT_BUNDLE}; name one with --bundle FOLDER, or choose "
            "measures that need none with --only"
        )
    return _output_problem(args)


def _output_problem(args: argparse.Namespace) -> str:
    """Say it before minutes are spent on figures that could not be kept."""
    if args.json and not args.json.parent.is_dir():
        return f"{args.json.parent}: no such folder; make it first"
    if not args.write:
        return ""
    if args.quick or len(args.only or ()) > 1:
        return "--write keeps what is measured in full: leave out --quick, and all but one --only"
    try:
        split_marked(args.write, name=_marks_of(args))
    except ValueError as error:
        return str(error)
    return ""


def _measure(names: Sequence[str], options: Options, console: Console) -> list[Result]:
    results = []
    for name in names:
        with console.status(f"measuring: {name}"):
            results.append(MEASURES[name](options))
        print_result(results[-1], console)
    return results


def _write(args: argparse.Namespace, results: Sequence[Result], environment: Environment) -> None:
    if args.json:
        text = json.dumps(to_plain(results, environment), indent=2)
        args.json.write_text(text + "\n", encoding="utf-8")
    text = to_markdown(results, environment, _command(args))
    if args.markdown:
        print(text)
    if args.write:
        replace_marked(args.write, text, name=_marks_of(args))


def _marks_of(args: argparse.Namespace) -> str:
    """Return between whose marks figures go: one measure alone has its own."""
    return str(args.only[0]) if args.only else ALL


def _command(options: argparse.Namespace) -> str:
    """Return the command that measures this again; what it does with the figures is left out."""
    parts = [f"--only {name}" for name in options.only or ()]
    parts += ["--quick"] if options.quick else []
    parts += [f"--bundle {options.bundle}"] if options.bundle else []
    parts += [f"--threads {options.threads}"] if options.threads else []
    return f"make bench ARGS={shlex.quote(' '.join(parts))}" if parts else "make bench"


if __name__ == "__main__":
    sys.exit(main())
