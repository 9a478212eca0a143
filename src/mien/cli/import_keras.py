"""`mien import-keras`: a Keras model that a user brings along → bundle."""

import argparse
import shlex
import sys
from pathlib import Path

from mien.cli.console import err, out, progress
from mien.cli.train import add_terms
from mien.errors import MissingExtraError, printable
from mien.files.locks import alone_on

SCALES = ("0..1", "-1..1", "0..255", "standardised")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    add = parser.add_argument
    add("model", type=Path, help="a .keras or .h5 file with the whole model, or with its weights")
    add("--labels", required=True, help="the classes in the order of its outputs: angry,sad,…")
    add("--out", type=Path, required=True, help="folder of the bundle")
    add("--architecture", type=Path, metavar="FILE", help="the model's JSON, for weights alone")
    add(
        "--scale",
        choices=SCALES,
        help="how pixels were scaled when it was trained (default: what its first layers tell, "
        "else what reads --validation best); write --scale=-1..1 with an equals sign",
    )
    add(
        "--validation",
        type=Path,
        metavar="DATASET",
        help="folder that `mien prepare` wrote; fits the confidence and when it is 'not sure', and "
        "tells --scale",
    )
    add(
        "--answer-accuracy",
        type=float,
        default=0.9,
        help="wanted of what is not 'not sure', with --validation (%(default)s)",
    )
    add("--name", help="name of the model (default: that of the folder)")
    add("--crop-scale", type=float, help="crop over detector box that frames faces as training did")
    add_terms(parser)


def run(args: argparse.Namespace) -> int:
    """Import the model, and say how exact the bundle is."""
    try:
        from mien.datasets.dataset import load_dataset
        from mien.keras.run import import_keras
        from mien.training.expression.settings import ModelSettings
        from mien.training.settings import NOT_STATED, checked
    except ModuleNotFoundError as error:
        raise MissingExtraError("mien import-keras", "keras") from error
    validation = load_dataset(args.validation) if args.validation else None
    framing = validation.info.input.get("crop_scale") if validation else None
    settings = checked(
        ModelSettings,
        name=args.name or args.out.resolve().name,
        crop_scale=args.crop_scale or framing or 1.0,
        answer_accuracy=args.answer_accuracy,
        weights_terms=args.weights_terms or NOT_STATED,
        data_terms=dict(args.data_terms or ()),
        command="mien " + shlex.join(sys.argv[1:]),
    )
    with alone_on(args.out), progress() as on_progress:
        result = import_keras(
            args.model,
            [label.strip() for label in args.labels.split(",")],
            args.out,
            settings,
            architecture=args.architecture,
            scale=args.scale,
            validation=validation,
            on_progress=on_progress,
        )
    for note in result.scale.notes:
        err.print(f"careful: {printable(note)}", markup=False)
    if not result.calibrated_on:
        err.print("not calibrated: --validation DATASET fits its confidence on labelled faces")
    scale = f"pixels are taken as {result.scale.scale}: {result.scale.why}"
    out.print(printable(scale), markup=False)
    out.print(f"on the same pixels, probabilities differ from Keras by at most {result.parity:.1g}")
    out.print(f"bundle: {printable(str(args.out))}", markup=False)
    return 0
