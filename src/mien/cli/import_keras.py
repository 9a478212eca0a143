"""`mien import-keras`: a Keras model that a user brings along → bundle."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from mien.cli.console import err, out, print_live, progress
from mien.cli.options import add_options, read, typed
from mien.errors import MissingExtraError, printable
from mien.files.locks import alone_on
from mien.settings import checked
from mien.training.expression.settings import ModelSettings

Scale = Literal["0..1", "-1..1", "0..255", "standardised"]
# What the import chooses of a bundle; a Keras model brings the rest along.
CHOSEN = ("name", "weights_terms", "data_terms", "crop_scale", "answer_accuracy")


class KerasOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is imported.

    Attributes:
        model: A .keras or .h5 file with the whole model, or with its weights.
        labels: The classes in the order of its outputs.
        out: Folder of the bundle.
        other: The model has one more output, the last: how probable it is that a face shows none
            of the labels, as a model that `mien export-keras` wrote may have.
        architecture: The model's JSON, for weights alone.
        scale: How pixels were scaled when it was trained (default: what its first layers tell, else
            what reads --validation best); write --scale=-1..1 with an equals sign.
        validation: Folder that `mien prepare` wrote; fits the confidence and when it is "not sure",
            and tells --scale.
    """

    model: Annotated[Path, msgspec.Meta(extra={"positional": True})]
    labels: Annotated[str, msgspec.Meta(extra={"metavar": "angry,sad,…"})]
    out: Annotated[Path, msgspec.Meta(extra={"metavar": "FOLDER"})]
    other: bool = False
    architecture: Annotated[Path | None, msgspec.Meta(extra={"metavar": "FILE"})] = None
    scale: Scale | None = None
    validation: Annotated[Path | None, msgspec.Meta(extra={"metavar": "DATASET"})] = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    add_options(parser, KerasOptions)
    bundle = parser.add_argument_group("the bundle")
    add_options(bundle, ModelSettings, only=CHOSEN, by_recipe=True)


def run(args: argparse.Namespace) -> int:
    """Import the model, and say how exact the bundle is."""
    try:
        from mien.datasets.dataset import load_dataset
        from mien.keras.run import import_keras
    except ModuleNotFoundError as error:
        raise MissingExtraError("mien import-keras", "keras") from error
    options = read(args, KerasOptions)
    validation = load_dataset(options.validation) if options.validation else None
    framing = validation.info.input.get("crop_scale") if validation else None
    facts = {"name": options.out.resolve().name, "crop_scale": framing or 1.0}
    facts["command"] = "mien " + shlex.join(sys.argv[1:])
    settings = checked(ModelSettings, **facts | typed(args, ModelSettings))
    with alone_on(options.out), progress() as on_progress:
        result = import_keras(
            options.model,
            [label.strip() for label in options.labels.split(",")],
            options.out,
            settings,
            architecture=options.architecture,
            other=options.other,
            scale=options.scale,
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
    out.print(f"bundle: {printable(str(options.out))}", markup=False)
    print_live(options.out)
    return 0
