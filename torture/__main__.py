"""Kill every command at every step on the disk and at random moments, and fill its disk.

After each: what was whole is whole, and old or new, never mixed; the same command goes on and gives
what it gives without a kill; nothing is left behind. Prints a table; ends with 1 where anything was
lost.

    python -m torture --kills 300
"""

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
from benchmarks.archive import write_video
from benchmarks.report import replace_marked

from mien.errors import MienError
from torture import commands, discs
from torture.commands import Command, LostError, left_behind, make_pictures
from torture.process import Ended, Ending, run

ASSETS = Path(__file__).parents[1] / "src" / "mien" / "assets"
MAKERS: dict[str, Callable[[Path], list[Command]]] = {
    "prepare": commands.prepare_commands,
    "train": commands.train_commands,
    "evaluate": commands.evaluate_commands,
    "predict": commands.predict_commands,
    "archive": commands.archive_commands,
    "import-keras": commands.import_commands,
    "train-detector": commands.detector_commands,
}
MOST_STEPS = 1000
HEAD = (
    "| command | killed at a step | at a random moment | disk full | lost |",
    "| --- | --: | --: | --: | --- |",
)


def main() -> int:
    """Torture what was asked for; 1 where something was lost."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="at random moments, in all (200)")
    parser.add_argument("--every", type=int, default=1, help="every n-th step on the disk (1)")
    parser.add_argument("--only", choices=MAKERS, nargs="+", default=list(MAKERS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table in a document")
    args = parser.parse_args()
    lost: list[str] = []
    rows = list(HEAD)
    with tempfile.TemporaryDirectory(prefix="mien-torture-") as name:
        home = Path(name) / "home"
        set_up(home, keras="import-keras" in args.only)
        chosen = [one for kind in args.only for one in MAKERS[kind](home)]
        print(*HEAD, sep="\n", flush=True)
        for command in chosen:
            torturer = Torturer(command, Path(name), random.Random(args.seed))
            torturer.torture(args.kills // len(chosen), args.every)
            rows.append(torturer.row())
            print(rows[-1], flush=True)
            lost += torturer.lost
    for line in lost:
        print(line, file=sys.stderr)
    if args.write is not None:
        made = f"`python -m torture --kills {args.kills} --every {args.every} --seed {args.seed} "
        made += f"--only {' '.join(args.only)}`"
        text = "\n".join(rows) + f"\n\n{made}, {date.today().isoformat()}."
        replace_marked(args.write, text, name="torture")
    return 1 if lost else 0


def set_up(home: Path, *, keras: bool) -> None:
    """Make what the commands read: pictures, data sets, models, reports."""
    home.mkdir()
    make_pictures(home / "faces", 0)
    make_pictures(home / "others", 1, 20)
    make_pictures(home / "many", 2, 600)
    discs.write_pictures(home / "discs")
    (home / "portraits").mkdir()
    for number in range(6):
        shutil.copy(ASSETS / "collins.jpg", home / "portraits" / f"{number}.jpg")
    _write_archive(home)
    train = ["--epochs", "2", *commands.TRAIN]
    must(run(["prepare", "faces", "set"], home))
    must(run(["prepare", "others", "other-set"], home))
    must(run(["train", str(home / "set"), "--out", "run", *train], home))
    must(run(["train", str(home / "set"), "--out", "run2", "--seed", "1", *train], home))
    for model, report in (("run2", "old-report"), ("run", "new-report")):
        words = ["evaluate", str(home / model / "bundle"), str(home / "set"), "--out", report]
        must(run([*words, "--resamples", "20", "--split", "train"], home))
    words = ["predict", "archive", "--out", "first-shard/", "--bundle", "run/bundle"]
    must(run([*words[:1], str(home / "archive"), *words[2:], "--shard", "1/2"], home))
    if keras:
        _write_keras_model(home / "model.keras")


def _write_archive(home: Path) -> None:
    """Two folders of pictures and two videos, as many as take a second to read."""
    for name in ("a", "b"):
        (home / "archive" / name).mkdir(parents=True)
        for number in range(3):
            shutil.copy(ASSETS / "collins.jpg", home / "archive" / name / f"{number}.jpg")
        write_video(home / "archive" / f"{name}.mp4", (320, 240), 120.0, 20)


def _write_keras_model(path: Path) -> None:
    try:
        from mien.keras.network import import_keras_on_torch

        keras = import_keras_on_torch()
    except (ImportError, MienError):
        return
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(1, 1, activation="relu"),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    # It tells which half is brighter, so that there is no doubt how its pictures are scaled.
    model.layers[0].set_weights([np.ones((1, 1, 1, 1)), np.zeros(1)])
    halves = np.repeat([0.05, -0.05], 128)
    model.layers[-1].set_weights([np.stack([-halves, halves], axis=1), np.zeros(2)])
    model.save(path)


def must(ended: Ended) -> None:
    """End with what a run said that should have gone well."""
    if ended.status:
        sys.exit(f"status {ended.status}: {ended.errors}")


class Torturer:
    """Tortures one command, and keeps count."""

    def __init__(self, command: Command, home: Path, chance: random.Random) -> None:
        self._command, self._place, self._chance = command, home / "place", chance
        self._counts = dict.fromkeys(("step", "moment", "disk"), 0)
        self.lost: list[str] = []
        self._begin()
        before = _files(self._place)
        ended = run(command.words, self._place)
        must(ended)
        self._seconds = ended.seconds
        self._wanted = command.result(self._place)
        written = _files(self._place).items() - before.items()
        self._largest = max(size for _, (size, _) in written)

    def torture(self, kills: int, every: int) -> None:
        """Kill it at every n-th step and at random moments, and fill its disk now and then."""
        for step in range(0, MOST_STEPS, every):
            if self._try("step", Ending(step=step)).status != -9:
                break
        for _ in range(kills):
            self._try("moment", Ending(seconds=self._chance.uniform(0, self._seconds)))
        for _ in range(max(1, kills // 5)):
            self._try("disk", Ending(bytes=self._chance.randrange(self._largest)))

    def row(self) -> str:
        """Return its row of the table."""
        counts = " | ".join(f"{count:,}" for count in self._counts.values())
        return f"| {self._command.name} | {counts} | {len(self.lost) or 'nothing'} |"

    def _begin(self) -> None:
        shutil.rmtree(self._place, ignore_errors=True)
        self._place.mkdir()
        self._command.begin(self._place)

    def _try(self, kind: str, ending: Ending) -> Ended:
        self._begin()
        ended = run(self._command.words, self._place, ending)
        killed = ended.status == -9 or (kind == "disk" and ended.status == 1)
        self._counts[kind] += killed
        if not killed:  # the first run was slower, perhaps, for what went on beside it
            self._seconds = min(self._seconds, ended.seconds)
        try:
            self._look(ended)
        except (LostError, MienError, OSError, ValueError, KeyError) as error:
            self.lost.append(f"{self._command.name}, {ending}: {type(error).__name__}: {error}")
        return ended

    def _look(self, ended: Ended) -> None:
        if "Traceback" in ended.errors or ended.status not in (0, 1, -9):
            raise LostError(f"status {ended.status}: {ended.errors[-300:]}")
        self._command.check(self._place)
        words = self._command.finish(self._place)
        if words is not None:
            again = run(words, self._place)
            if again.status:
                raise LostError(f"cannot go on: {again.errors[-300:]}")
        if self._command.result(self._place) != self._wanted:
            raise LostError("what it gives after the kill differs")
        # A kill after all was in its place leaves a lock or a folder, which the next run removes.
        if words is not None and (strays := left_behind(self._place)):
            raise LostError(f"left behind: {', '.join(strays)}")


def _files(place: Path) -> dict[Path, tuple[int, int]]:
    """Return the files of a folder, each with its size and the time of its last change."""
    found = {path: path.stat() for path in place.rglob("*") if path.is_file()}
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in found.items()}


if __name__ == "__main__":
    sys.exit(main())
