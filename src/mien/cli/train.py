"""`mien train`: data set → run folder → bundle."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from mien.cli.console import err, out, progress
from mien.errors import MissingExtraError
from mien.registry import SHIPPED, find_bundle
from mien.training.expression.settings import Architecture, ModelSettings, TrainSettings
from mien.training.settings import Machine, checked

if TYPE_CHECKING:
    from mien.training.expression.run import TrainResult
    from mien.training.recipe import Kinds, Options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments; those of a recipe have no default here, so that it can set them."""
    parser.add_argument("dataset", type=Path, help="folder that `mien prepare` wrote")
    parser.add_argument("--out", type=Path, help="run folder (default: runs/<data set>)")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="recipe in TOML; options given here go first"
    )
    parser.add_argument("--resume", action="store_true", help="go on where a run was stopped")
    _add_learning(parser.add_argument_group("what is learnt"))
    _add_model(parser.add_argument_group("the bundle"))
    add_machine(parser.add_argument_group("the machine"))


class NumberByName(argparse.Action):
    """Reads `name=number …` into a dict."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Keep what was given; what is no number is wrong usage."""
        try:
            pairs = [text.rsplit("=", 1) for text in values]
            setattr(namespace, self.dest, {name: float(number) for name, number in pairs})
        except ValueError:
            parser.error(f"{option_string}: give NAME=NUMBER, got {' '.join(values)!r}")


def add_machine(group: Any) -> None:
    """Add the options of `Machine`."""
    group.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 …")
    group.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="auto")
    group.add_argument(
        "--threads", type=int, default=0, help="CPU threads (default: PyTorch's choice)"
    )


def add_terms(group: Any) -> None:
    """Add the options that say on what terms a model may be used."""
    group.add_argument("--weights-terms", metavar="TEXT", help="terms of the weights, for the card")
    group.add_argument(
        "--data-terms",
        action="append",
        type=_source_terms,
        metavar="SOURCE=TERMS",
        help="a source of the training data and its terms, for the card; once for each source",
    )


def _add_learning(group: Any) -> None:
    group.add_argument(
        "--arch",
        choices=get_args(Architecture),
        help="mien's network (residual), a smaller one, a large one to teach others, or that of "
        "the demo it succeeds (default: residual)",
    )
    group.add_argument("--size", type=int, help="side of the pictures in pixels (default: 48)")
    group.add_argument("--channels", choices=("gray", "rgb"), help="default: gray")
    group.add_argument(
        "--epochs", type=int, help="passes over the data at most (default: 30; more for few faces)"
    )
    group.add_argument(
        "--patience",
        type=int,
        help="epochs without gain before it stops (default: a quarter of them, at least 8)",
    )
    group.add_argument("--batch-size", type=int, help="default: 128; fewer for few faces")
    group.add_argument(
        "--learning-rate",
        type=float,
        help="default: 0.002 for residual, less for other networks and small batches",
    )
    group.add_argument("--weight-decay", type=float, help="default: 0.05")
    group.add_argument(
        "--class-balance", type=float, help="0: faces count alike, 1: classes do (default: 0.5)"
    )
    group.add_argument(
        "--average-decay", type=float, help="of the weights' moving average (default: 0.998)"
    )
    group.add_argument(
        "--no-augment", dest="augment", action="store_const", const=False, help="faces as they are"
    )
    group.add_argument(
        "--calm-epochs", type=int, help="last epochs with fewer spoilt pictures (default: 0)"
    )
    group.add_argument(
        "--teacher",
        nargs="+",
        metavar="BUNDLE",
        help="larger models to learn from, too",
    )
    group.add_argument(
        "--teacher-weight", type=float, help="their share beside the labels (default: 0.6)"
    )
    group.add_argument(
        "--teacher-views",
        type=int,
        metavar="N",
        help="how often each face is changed and answered by them (default: 8)",
    )
    group.add_argument(
        "--pretrained", metavar="FILE", help="weights that --arch mobilenet starts from"
    )
    group.add_argument(
        "--from",
        metavar="BUNDLE",
        help="start from what a bundle of the same network has learnt, a shipped one by its name",
    )
    group.add_argument(
        "--source-weight",
        nargs="+",
        action=NumberByName,
        metavar="SOURCE=X",
        help="how much a face of a source of the data set counts (default: 1)",
    )
    group.add_argument(
        "--source-smoothing",
        nargs="+",
        action=NumberByName,
        metavar="SOURCE=X",
        help="share of its labels that is spread over all classes (default: 0)",
    )
    group.add_argument("--seed", type=int, help="default: 0")


def _add_model(group: Any) -> None:
    group.add_argument("--name", help="name of the model (default: that of the run folder)")
    group.add_argument("--version", help="default: 1")
    group.add_argument(
        "--classes",
        type=_names,
        metavar="A,B,…",
        help="the classes it reads (default: all); "
        "the others are learnt, too, as something else, for which there is no word",
    )
    group.add_argument(
        "--crop-scale", type=float, help="crop over detector box that frames faces as the data does"
    )
    group.add_argument(
        "--weights",
        choices=("half", "int8"),
        help="int8 is twice as fast and changes answers a little (default: half)",
    )
    add_terms(group)
    group.add_argument(
        "--class-prior",
        type=float,
        help="how much frequent classes are preferred again that --class-balance held back, -1 to "
        "1 (default: 0)",
    )
    group.add_argument(
        "--answer-accuracy", type=float, help="wanted of what is not 'not sure' (default: 0.9)"
    )


def run(args: argparse.Namespace) -> int:
    """Train, telling of each epoch; the result is the bundle in the run folder."""
    try:
        from mien.datasets.dataset import load_dataset
        from mien.training.expression.run import train
        from mien.training.expression.suited import suit
        from mien.training.recipe import KINDS
        from mien.training.run_folder import BUNDLE, CURVES
    except ModuleNotFoundError as error:
        raise MissingExtraError("mien train", "train") from error
    options = put_over(args, KINDS)
    dataset = load_dataset(args.dataset)
    folder = args.out or Path("runs") / args.dataset.name
    options.setdefault("name", folder.name)
    options.setdefault("crop_scale", dataset.info.input.get("crop_scale") or 1.0)
    options = suit(options, dataset.count("train"))
    settings, model, machine = _settings(args, options)

    def tell(row: dict[str, float]) -> None:
        err.print(
            f"epoch {row['epoch']:3.0f}  loss {row['train_loss']:.3f} → validation "
            f"{row['validation_loss']:.3f}  accuracy {row['validation_accuracy']:.1%}  balanced "
            f"{row['validation_balanced_accuracy']:.1%}  {row['images_per_second']:,.0f} images/s"
        )

    pretrained, origin = options.get("pretrained"), options.get("from")
    with progress() as on_progress:
        result = train(
            dataset,
            folder,
            settings,
            model,
            machine,
            pretrained=None if pretrained is None else Path(pretrained),
            origin=None if origin is None else find_bundle(Path(origin)),
            teachers=[Path(path) for path in options.get("teacher", ())],
            rivals=SHIPPED,
            resume=args.resume,
            on_epoch=tell,
            on_progress=on_progress,
        )
    best = result.best
    out.print(
        f"kept epoch {best['epoch']:.0f} of {len(result.history)}: validation accuracy "
        f"{best['validation_accuracy']:.1%}, balanced {best['validation_balanced_accuracy']:.1%}"
    )
    out.print(_answered(result))
    for remark in result.remarks:
        out.print(f"note: {remark}")
    out.print(f"bundle: {folder / BUNDLE}\ncurves: {folder / CURVES}")
    return 0


def _answered(result: "TrainResult") -> str:
    below, validated = result.bundle.info.not_sure_below, result.validated
    text = f'"not sure" below {below:.2f}: {validated.answered:.1%} of the validation faces '
    if validated.others is None:
        return f"{text}get a word"
    return f"{text}of its classes get a word, and {validated.others:.1%} of the others"


def put_over(args: argparse.Namespace, kinds: "Kinds") -> "Options":
    """Return the recipe's options with those of the command line put over them.

    Args:
        args: With `config` and an attribute for each kind of option.
        kinds: What the recipe may say.
    """
    from mien.training.recipe import read_recipe

    options = {} if args.config is None else read_recipe(args.config, kinds)
    given = {name: getattr(args, name) for name in kinds}
    if given["data_terms"] is not None:
        given["data_terms"] = dict(given["data_terms"])
    return options | {name: value for name, value in given.items() if value is not None}


def _settings(args: argparse.Namespace, options: "Options") -> Any:
    from mien.training.recipe import write_recipe

    channels = options.get("channels", "gray")
    channels = {"gray": 1, "rgb": 3}.get(channels, channels)
    settings = checked(
        TrainSettings, **options_for(TrainSettings, options | {"channels": channels})
    )
    facts = {"command": this_command(), "recipe": write_recipe(options)}
    model = checked(ModelSettings, **options_for(ModelSettings, options | facts))
    return settings, model, machine_of(args)


def this_command() -> str:
    """Return the command line that makes the model again.

    Resuming gives the weights of an unbroken run, so that is what it says.
    """
    return "mien " + shlex.join(word for word in sys.argv[1:] if word != "--resume")


def machine_of(args: argparse.Namespace) -> Machine:
    """Return what the options of `add_machine` say."""
    return checked(Machine, device=args.device, precision=args.precision, threads=args.threads)


def options_for(kind: type[msgspec.Struct], options: "Options") -> "Options":
    """Return the options that some settings have."""
    names = {field.name for field in msgspec.structs.fields(kind)}
    return {name: value for name, value in options.items() if name in names}


def _source_terms(text: str) -> tuple[str, str]:
    source, _, terms = (part.strip() for part in text.partition("="))
    if not (source and terms):
        raise argparse.ArgumentTypeError(f"{text!r}: write SOURCE=TERMS, as in FER+=MIT")
    return source, terms


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
