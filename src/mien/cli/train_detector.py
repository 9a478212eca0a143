"""`mien train-detector`: pictures → what teachers see → run folder → a detector's bundle."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.cli.console import err, out, progress
from mien.cli.train import (
    add_machine,
    add_terms,
    machine_of,
    options_for,
    put_over,
    this_command,
)
from mien.errors import MissingExtraError, SettingsError
from mien.ranges import check_threads

if TYPE_CHECKING:
    from mien.training.detector.request import Request
    from mien.training.recipe import Options

SCALES = (1.0, 0.5, 1.6)  # sizes at which YuNet is asked
NO_GROUP = "(?!)()"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments; those of a recipe have no default here, so that it can set them."""
    parser.add_argument(
        "folders",
        nargs="+",
        type=Path,
        metavar="FOLDER",
        help="pictures with and without faces; in a folder, boxes.csv (file,x1,y1,x2,y2) may hold "
        "faces that people drew, and faceless.txt the files in which people saw none",
    )
    parser.add_argument("--out", type=Path, default=Path("runs/detector"), help="%(default)s")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="recipe in TOML; options given here go first"
    )
    parser.add_argument("--resume", action="store_true", help="go on where a run was stopped")
    teachers = parser.add_argument_group("what it learns from")
    teachers.add_argument(
        "--yunet",
        nargs="+",
        type=Path,
        metavar="FILE",
        required=True,
        help="YuNet's weights, one or more files; MTCNN (extra [mtcnn]) is asked, too",
    )
    teachers.add_argument(
        "--judge", choices=("none", "dlib-cnn"), help="asked about doubtful faces (default: none)"
    )
    teachers.add_argument(
        "--faces", type=Path, metavar="DATASET", help="cropped faces that `mien prepare` wrote"
    )
    teachers.add_argument(
        "--group-pattern",
        metavar="REGEX",
        help="its first group names the person in a file's name; a person stays in one split",
    )
    teachers.add_argument(
        "--material",
        type=Path,
        metavar="DIR",
        help="where the teachers' answers are kept, for other runs, too (default: OUT/material)",
    )
    _add_learning(parser.add_argument_group("what is learnt"))
    machine = parser.add_argument_group("the machine")
    add_machine(machine)
    machine.add_argument(
        "--workers", type=int, default=1, help="processes that make scenes (default: 1)"
    )


def _add_learning(group: Any) -> None:
    group.add_argument("--channels", choices=("gray", "bgr"), help="default: gray")
    group.add_argument("--epochs", type=int, help="default: 40")
    group.add_argument("--steps", type=int, help="batches per epoch (default: 750)")
    group.add_argument("--batch-size", type=int, help="scenes per batch (default: 32)")
    group.add_argument("--learning-rate", type=float, help="default: 0.002")
    group.add_argument("--weight-decay", type=float, help="default: 0.02")
    group.add_argument(
        "--average-decay", type=float, help="of the weights' moving average (default: 0.999)"
    )
    group.add_argument("--seed", type=int, help="default: 0")
    group.add_argument("--name", help="name of the model (default: that of the run folder)")
    group.add_argument("--version", help="default: 1")
    group.add_argument("--weights", choices=("half", "int8"), help="int8 is faster (default: int8)")
    add_terms(group)


def run(args: argparse.Namespace) -> int:
    """Train, telling of each epoch; the result is the bundle in the run folder."""
    try:
        from mien.training.detector.gather import make_material
        from mien.training.detector.run import train_detector
        from mien.training.recipe import DETECTOR_KINDS
        from mien.training.run_folder import BUNDLE, CURVES
    except ModuleNotFoundError as error:
        raise MissingExtraError("mien train-detector", "train") from error
    options = put_over(args, DETECTOR_KINDS)
    options.setdefault("name", args.out.name)
    settings, model, machine = _settings(args, options)

    def tell(row: dict[str, float]) -> None:
        err.print(
            f"epoch {row['epoch']:3.0f}  loss {row['train_loss']:.3f} → validation "
            f"{row['validation_loss']:.3f}  recall {row['validation_recall']:.1%}  "
            f"{row['scenes_per_second']:,.0f} scenes/s"
        )

    with progress() as on_progress:
        place = args.material or args.out / "material"
        material = make_material(place, _request(args, options, settings.channels), on_progress)
        result = train_detector(
            material,
            args.out,
            settings,
            model,
            machine,
            workers=args.workers,
            resume=args.resume,
            on_epoch=tell,
            on_progress=on_progress,
        )
    best = result.best
    out.print(
        f"kept epoch {best['epoch']:.0f} of {len(result.history)}: {best['validation_recall']:.1%} "
        "of the faces in validation scenes found, at one false box in 100 scenes"
    )
    out.print(f"bundle: {args.out / BUNDLE}\ncurves: {args.out / CURVES}")
    return 0


def _request(args: argparse.Namespace, options: "Options", channels: int) -> "Request":
    from mien.datasets.dataset import load_dataset
    from mien.registry import make_detector
    from mien.training.detector.request import Request
    from mien.training.detector.teachers import Teacher

    teachers = {
        f"yunet-{number}": Teacher(make_detector("yunet", model=path), SCALES)
        for number, path in enumerate(args.yunet, 1)
    }
    teachers["mtcnn"] = Teacher(make_detector("mtcnn"))
    judge = options.get("judge", "none")
    pattern = options.get("group_pattern", NO_GROUP)
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise SettingsError(f"--group-pattern {pattern!r}: {error}") from error
    if not groups:
        raise SettingsError(
            f"--group-pattern {pattern!r}: put the part that names the person in parentheses"
        )
    check_threads("--workers", args.workers, 0)
    return Request(
        folders=args.folders,
        faces=None if args.faces is None else load_dataset(args.faces),
        group_pattern=pattern,
        teachers=teachers,
        judge=None if judge == "none" else make_detector(judge),
        channels=3 if channels == 3 else 1,
        seed=options.get("seed", 0),
    )


def _settings(args: argparse.Namespace, options: "Options") -> Any:
    from mien.training.detector.settings import DetectorModelSettings, DetectorSettings
    from mien.training.recipe import DETECTOR_KINDS, write_recipe
    from mien.training.settings import checked

    channels = {"gray": 1, "bgr": 3}.get(options.get("channels", "gray"), 0)
    chosen = options_for(DetectorSettings, options | {"channels": channels})
    settings = checked(DetectorSettings, **chosen)
    recipe = write_recipe(options, DETECTOR_KINDS, "train-detector FOLDER …")
    facts = {"command": this_command(), "recipe": recipe}
    model = checked(DetectorModelSettings, **options_for(DetectorModelSettings, options | facts))
    return settings, model, machine_of(args)
