"""`mien train`: data set → run folder → bundle."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

from mien.cli.console import err, out, progress
from mien.errors import MissingExtraError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("dataset", type=Path, help="folder that `mien prepare` wrote")
    parser.add_argument("--out", type=Path, help="run folder (default: runs/<data set>)")
    parser.add_argument("--resume", action="store_true", help="go on where a run was stopped")
    what = parser.add_argument_group("what is learnt")
    what.add_argument(
        "--arch",
        choices=("residual", "baseline"),
        default="residual",
        help="mien's network, or that of the demo it succeeds (default: %(default)s)",
    )
    what.add_argument(
        "--size", type=int, default=48, help="side of the pictures in pixels (default: %(default)s)"
    )
    what.add_argument("--channels", choices=("gray", "rgb"), default="gray")
    what.add_argument(
        "--epochs", type=int, default=30, help="passes over the data at most (%(default)s)"
    )
    what.add_argument(
        "--patience", type=int, default=8, help="epochs without gain before it stops (%(default)s)"
    )
    what.add_argument("--batch-size", type=int, default=128, help="default: %(default)s")
    what.add_argument("--learning-rate", type=float, default=2e-3, help="default: %(default)s")
    what.add_argument(
        "--class-balance",
        type=float,
        default=0.5,
        help="0: faces count alike, 1: classes do (%(default)s)",
    )
    what.add_argument("--no-augment", dest="augment", action="store_false")
    what.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    model = parser.add_argument_group("the bundle")
    model.add_argument("--name", help="name of the model (default: that of the run folder)")
    model.add_argument(
        "--crop-scale", type=float, help="crop over detector box that frames faces as the data does"
    )
    model.add_argument("--licence", default="not stated", help="terms, for the card")
    model.add_argument("--training-data", help="names of the data, for the card")
    model.add_argument(
        "--answer-accuracy",
        type=float,
        default=0.9,
        help="wanted of what is not 'not sure' (%(default)s)",
    )
    machine = parser.add_argument_group("the machine")
    machine.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 …")
    machine.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="auto")
    machine.add_argument(
        "--threads", type=int, default=0, help="CPU threads (default: PyTorch's choice)"
    )


def run(args: argparse.Namespace) -> int:
    """Train, telling of each epoch; the result is the bundle in the run folder."""
    try:
        from mien.data.dataset import load_dataset
        from mien.training.run import BUNDLE, CURVES, train
    except ModuleNotFoundError as error:
        raise MissingExtraError("mien train", "train") from error
    dataset = load_dataset(args.dataset)
    folder = args.out or Path("runs") / args.dataset.name
    settings, model, machine = _settings(args, folder, dataset.info.input.get("crop_scale"))

    def tell(row: dict[str, float]) -> None:
        err.print(
            f"epoch {row['epoch']:3.0f}  loss {row['train_loss']:.3f} → validation "
            f"{row['validation_loss']:.3f}  accuracy {row['validation_accuracy']:.1%}  balanced "
            f"{row['validation_balanced_accuracy']:.1%}  {row['images_per_second']:,.0f} images/s"
        )

    with progress() as on_progress:
        result = train(
            dataset,
            folder,
            settings,
            model,
            machine,
            resume=args.resume,
            on_epoch=tell,
            on_progress=on_progress,
        )
    best = result.best
    out.print(
        f"kept epoch {best['epoch']:.0f} of {len(result.history)}: validation accuracy "
        f"{best['validation_accuracy']:.1%}, balanced {best['validation_balanced_accuracy']:.1%}"
    )
    out.print(f"bundle: {folder / BUNDLE}\ncurves: {folder / CURVES}")
    return 0


def _settings(args: argparse.Namespace, folder: Path, crop_scale: object) -> Any:
    from mien.training.settings import Machine, ModelSettings, TrainSettings, checked

    settings = checked(
        TrainSettings,
        arch=args.arch,
        size=args.size,
        channels=1 if args.channels == "gray" else 3,
        epochs=args.epochs,
        patience=args.patience,
        batch_size=args.batch_size,
        learning_rate=args.learning_rate,
        class_balance=args.class_balance,
        augment=args.augment,
        seed=args.seed,
    )
    model = checked(
        ModelSettings,
        name=args.name or folder.name,
        crop_scale=args.crop_scale or crop_scale or 1.0,
        answer_accuracy=args.answer_accuracy,
        training_data=(args.training_data,) if args.training_data else (),
        licence=args.licence,
        # Resuming gives the weights of an unbroken run, so that is what the command says.
        command="mien " + shlex.join(word for word in sys.argv[1:] if word != "--resume"),
    )
    machine = checked(Machine, device=args.device, precision=args.precision, threads=args.threads)
    return settings, model, machine
