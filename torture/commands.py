"""The commands that are tortured: how each is begun, what it must leave, and how it goes on."""

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from mien.datasets.dataset import load_dataset
from mien.models.bundle import load_bundle, load_detector_bundle

Words = list[str]
TRAIN = ["--size", "16", "--arch", "residual-small", "--device", "cpu", "--threads", "1"]


class LostError(Exception):
    """Something that was whole is lost, half, or mixed; or something was left behind."""


@dataclass(frozen=True)
class Command:
    """One command, in one situation.

    Attributes:
        name: What to call it.
        words: What is run.
        begin: Makes the situation in an empty folder.
        check: Raises `LostError` where something in the folder is neither old nor new and whole.
        finish: Returns the words that go on after a kill; None where it had ended already.
        result: What must be the same whether there was a kill or not.
    """

    name: str
    words: Words
    begin: Callable[[Path], None]
    check: Callable[[Path], object]
    finish: Callable[[Path], Words | None]
    result: Callable[[Path], object]
    kept: dict[str, object] = field(default_factory=dict)


def make_pictures(folder: Path, seed: int, count: int = 12) -> None:
    """Write pictures of two classes, bright above or below, and else unlike each other.

    What is as fine as a pixel does not count in the search for near-duplicates: pictures that
    differ in it alone would all be compared with all, ten times as long as the rest takes.
    """
    rng = np.random.default_rng(seed)
    for label in ("down", "up"):
        (folder / label).mkdir(parents=True)
        for number in range(count):
            pixels = np.kron(rng.integers(0, 150, (8, 8)), np.ones((4, 4))).astype(np.uint8)
            pixels[slice(0, 16) if label == "up" else slice(16, 32)] += 100
            Image.fromarray(pixels).save(folder / label / f"{number}.png")


def left_behind(folder: Path) -> list[str]:
    """Return what only an unfinished run should have."""
    strays = [path for path in folder.rglob(".*") if path.name.startswith(".")]
    strays += [path for path in folder.rglob("*") if path.suffix == ".partial"]
    strays += list(folder.rglob("decoded"))
    return sorted(str(path.relative_to(folder)) for path in strays)


def same(found: object, allowed: list[object], what: str) -> None:
    """Raise `LostError` where something is none of what it may be."""
    if found not in allowed:
        raise LostError(f"{what} is neither the old nor the new one")


def whole_set(path: Path) -> object:
    """Return what tells a data set from others; None where there is none."""
    if not path.exists():
        return None
    return load_dataset(path).digest


def whole_bundle(path: Path) -> object:
    """Return what tells a bundle from others; None where there is none."""
    if not path.exists():
        return None
    bundle = load_bundle(path)
    if bundle.info.weights_sha256 is not None:
        bundle.load_weights()
    names = sorted(one.name for one in path.iterdir() if one.name[0] != ".")
    return bundle.info.sha256, bundle.info.command, names


def files_of(path: Path) -> object:
    """Return all files of a folder; None where there is none."""
    if not path.exists():
        return None
    return {
        one.name: one.read_bytes() for one in sorted(path.iterdir()) if not one.name.startswith(".")
    }


def prepare_commands(home: Path) -> list[Command]:
    """`mien prepare`, into a new place and over an older data set."""
    words = ["prepare", str(home / "faces"), "out"]

    many = ["prepare", str(home / "many"), "out", "--jobs", "2"]

    def begin_over(folder: Path) -> None:
        shutil.copytree(home / "other-set", folder / "out")

    def finish(folder: Path) -> Words:
        over = (folder / "out").exists()
        return [*words, "--overwrite"] if over else words

    old = whole_set(home / "other-set")
    new = whole_set(home / "set")
    result = lambda folder: _bytes_of(folder / "out")  # noqa: E731
    fresh = Command(
        "prepare",
        words,
        lambda _: None,
        lambda folder: _set_is_whole(folder / "out"),
        finish,
        result,
    )
    over = Command(
        "prepare --overwrite",
        [*words, "--overwrite"],
        begin_over,
        lambda folder: _set_is_whole(folder / "out", must=True),
        finish,
        result,
    )
    # Its chunks are made by two processes, of which either may be at work when it ends.
    shared = Command(
        "prepare --jobs 2",
        many,
        lambda _: None,
        lambda folder: _set_is_whole(folder / "out"),
        lambda folder: [*many, *finish(folder)[len(words) :]],
        result,
    )
    assert old != new
    return [fresh, over, shared]


def _bytes_of(path: Path) -> object:
    """Return all that a data set holds, less the command, which says --overwrite or not."""
    info = json.loads((path / "dataset.json").read_bytes())
    del info["command"]
    return info, {one.name: one.read_bytes() for one in sorted(path.glob("data/*"))}


def _set_is_whole(path: Path, *, must: bool = False) -> None:
    if must and not path.exists():
        raise LostError("the old data set is gone")
    if path.exists():
        for split in ("train", "validation", "test"):
            sum(len(rows) for rows in load_dataset(path).rows(split))


def train_commands(home: Path) -> list[Command]:
    """`mien train`, from the start and again over its own bundle."""
    words = ["train", str(home / "set"), "--out", "run", "--epochs", "2", *TRAIN]

    def finish(folder: Path) -> Words | None:
        begun = (folder / "run" / "checkpoint.safetensors").exists()
        return [*words, "--resume"] if begun else words

    def begin_again(folder: Path) -> None:
        shutil.copytree(home / "run", folder / "run")

    wanted = _graph(home / "run" / "bundle")
    check = lambda folder: same(_graph(folder / "run/bundle"), [None, wanted], "the bundle")  # noqa: E731
    again = lambda folder: same(_graph(folder / "run/bundle"), [wanted], "the bundle")  # noqa: E731
    result = lambda folder: (_graph(folder / "run/bundle"), _epochs(folder / "run"))  # noqa: E731
    return [
        Command("train", words, lambda _: None, check, finish, result),
        Command("train --resume", [*words, "--resume"], begin_again, again, finish, result),
    ]


def detector_commands(home: Path) -> list[Command]:
    """`mien train-detector`, from the start; see `torture.discs` for what it learns to find."""
    words = ["train-detector", str(home / "discs"), "--yunet", "none.onnx", "--out", "run"]
    words += ["--epochs", "2", "--steps", "2", "--batch-size", "2", "--weights", "half"]
    words += ["--device", "cpu", "--threads", "1", "--workers", "0"]

    def finish(folder: Path) -> Words | None:
        begun = (folder / "run" / "checkpoint.safetensors").exists()
        return [*words, "--resume"] if begun else words

    def graph(folder: Path) -> object:
        path = folder / "run" / "bundle"
        return load_detector_bundle(path).info.sha256 if path.exists() else None

    def result(folder: Path) -> object:
        return graph(folder), _epochs(folder / "run")

    return [Command("train-detector", words, lambda _: None, graph, finish, result)]


def _graph(path: Path) -> object:
    found = whole_bundle(path)
    return None if found is None else found[0]  # type: ignore[index]


def _epochs(run: Path) -> list[str]:
    with (run / "history.csv").open(newline="") as file:
        return [row["epoch"] for row in csv.DictReader(file)]


def evaluate_commands(home: Path) -> list[Command]:
    """`mien evaluate` over the report of another model."""
    words = ["evaluate", str(home / "run/bundle"), str(home / "set"), "--out", "report"]
    words += ["--resamples", "20", "--split", "train"]

    def begin(folder: Path) -> None:
        shutil.copytree(home / "old-report", folder / "report")
        (folder / "report" / "notes.txt").write_text("the user's own")

    def check(folder: Path) -> None:
        found = files_of(folder / "report")
        assert isinstance(found, dict)
        if found.pop("notes.txt", None) != b"the user's own":
            raise LostError("a file of the user's is lost")
        model = json.loads(found["metrics.json"])["bundle"]["sha256"]
        old = json.loads((home / "old-report" / "metrics.json").read_bytes())["bundle"]["sha256"]
        wanted = files_of(home / ("old-report" if model == old else "new-report"))
        same(found, [wanted], "the report")

    return [Command("evaluate", words, begin, check, lambda _: words, _report)]


def _report(folder: Path) -> object:
    return files_of(folder / "report")


def predict_commands(home: Path) -> list[Command]:
    """`mien predict` into a table and a folder of pictures."""
    words = ["predict", str(home / "portraits"), "--out", "t.csv", "--annotate", "drawn"]
    words += ["--bundle", str(home / "run/bundle"), "--overwrite"]

    def check(folder: Path) -> None:
        for path in (folder / "drawn").glob("[!.]*"):
            Image.open(path).load()
        text = (folder / "t.csv").read_text() if (folder / "t.csv").exists() else ""
        table = list(csv.reader(text.splitlines()))
        if text and (text[-1] != "\n" or len({len(row) for row in table}) != 1):
            raise LostError("the table ends in half a row")

    def result(folder: Path) -> object:
        return files_of(folder / "drawn"), (folder / "t.csv").read_bytes()

    return [Command("predict", words, lambda _: None, check, lambda _: words, result)]


def archive_commands(home: Path) -> list[Command]:
    """`mien predict` into a folder: by one process, by two, and a shard after another one."""
    words = [
        "predict",
        str(home / "archive"),
        "--out",
        "out/",
        "--bundle",
        str(home / "run/bundle"),
    ]

    def check(folder: Path) -> None:
        for path in (folder / "out").rglob("[!.]*.csv"):
            if ".mien-" in str(path.relative_to(folder)):
                continue  # unfinished, which the next start removes
            text = path.read_text()
            table = list(csv.reader(text.splitlines(keepends=True)))
            if text[-1:] != "\n" or len({len(row) for row in table}) != 1:
                raise LostError(f"{path.name} is half")

    def result(folder: Path) -> object:
        out = folder / "out"
        return {
            str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("[!.]*.csv"))
        }

    def begin_last(folder: Path) -> None:
        shutil.copytree(home / "first-shard", folder / "out")

    same_words = lambda _: words  # noqa: E731
    two, last = [*words, "--jobs", "2"], [*words, "--shard", "2/2"]
    return [
        Command("predict to a folder", words, lambda _: None, check, same_words, result),
        Command("predict --jobs 2", two, lambda _: None, check, lambda _: two, result),
        Command("predict --shard 2/2", last, begin_last, check, lambda _: last, result),
    ]


def import_commands(home: Path) -> list[Command]:
    """`mien import-keras`, where Keras is installed."""
    if not (home / "model.keras").exists():
        return []
    words = ["import-keras", str(home / "model.keras"), "--labels", "down,up", "--out", "mine"]
    words += ["--scale=0..1"]

    def finish(folder: Path) -> Words | None:
        return None if (folder / "mine").exists() else words

    def check(folder: Path) -> None:
        whole_bundle(folder / "mine")

    result = lambda folder: _graph(folder / "mine") is not None  # noqa: E731
    return [Command("import-keras", words, lambda _: None, check, finish, result)]
