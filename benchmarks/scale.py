"""`mien prepare` over hundred thousands of pictures: the search, the plan and the listing.

Every figure comes from a process of its own, whose memory nobody else has grown.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa

from benchmarks import made
from benchmarks.memory import MEGABYTE, ROOT, megabytes
from benchmarks.report import GOAL_COLUMNS, Result, goal_row, goals_met
from mien.datasets.inputs.folders import FolderInput
from mien.datasets.preparation import duplicates
from mien.datasets.preparation.columns import DIGEST, Texts
from mien.datasets.preparation.likeness.all_pairs import COARSE_THRESHOLD
from mien.datasets.preparation.likeness.thumbnails import COARSE_SIGMA, normalise_contrast
from mien.datasets.preparation.likeness.views import descriptors, make_views, middles
from mien.datasets.preparation.look_alikes import lowest, same_photo
from mien.datasets.preparation.notes import plan_notes
from mien.datasets.preparation.plan import RowIndex, make_plan
from mien.datasets.preparation.settings import PrepareSettings
from mien.errors import MissingExtraError
from mien.types import IntArray, PixelArray

NAME = "prepare-scale"
MILLION = 1_000_000
CORES = 2
# Pictures that are looked for, of more than that.
SAMPLED = 20_480
CLASSES = 7


def measure(
    *, searched: Sequence[int] = (20_000, 200_000), planned: int = MILLION, listed: int = 100_000
) -> Result:
    """Search, plan and list, each in a process of its own.

    Args:
        searched: Pictures among which near-duplicates are sought; few, and many.
        planned: Rows that are dealt to splits.
        listed: Files of a folder.
    """
    if importlib.util.find_spec("faiss") is None:
        raise MissingExtraError("the measure of the index", "scale")
    few, many = (_in_own_process("search", count) for count in searched)
    plan, files = _in_own_process("plan", planned), _in_own_process("list", listed)
    hours = many["milliseconds"] * MILLION / 1000 / 3600
    names = [f"{count:,} pictures" for count in searched]
    rows = [
        goal_row(f"search, {names[0]}", few["milliseconds"], "ms per picture, one thread"),
        goal_row(f"search, {names[1]}", many["milliseconds"], "ms per picture, one thread"),
        goal_row("its growth", many["milliseconds"] / few["milliseconds"], "times", 1.5),
        goal_row(f"its memory, {names[1]}", many["bytes"], "bytes per picture", 2048),
        goal_row("planted pairs found, of those that all pairs find", many["found"], "part"),
        goal_row(f"a million pictures on {CORES} cores, by that", hours / CORES, "hours", 1.0),
        goal_row(f"plan, {planned:,} rows", plan["seconds"], "s", 60.0),
        goal_row(f"its memory, {planned:,} rows", plan["bytes"], "bytes per row"),
        goal_row(f"listing, {listed:,} files", files["microseconds"], "µs per file"),
        goal_row(f"what is kept of it, {listed:,} files", files["bytes"], "bytes per file"),
    ]
    return Result(
        NAME, "what a million pictures cost", GOAL_COLUMNS, tuple(rows), (goals_met(rows),)
    )


def search(count: int) -> dict[str, float]:
    """Look for near-duplicates among made pictures, by the index and one thread."""
    from mien.datasets.preparation.likeness.index import Index

    with tempfile.TemporaryDirectory(prefix="mien-bench-") as name:
        # By another process: what this one had freed would hide what it uses afterwards.
        _in_own_process("make", count, folder=Path(name))
        planted = made.twins(count)
        thumbs = np.asarray(np.load(Path(name) / "thumbs.npy", mmap_mode="r"))
        before, begun = megabytes("RssAnon"), time.process_time()
        index = Index(thumbs)
        made_in, begun = time.process_time() - begun, time.process_time()
        # The index holds all pictures; what looking for one takes, some blocks tell.
        starts = list(range(0, count, duplicates.BLOCK))[:: -(-count // SAMPLED)]
        most, looked, found = megabytes("RssAnon"), np.zeros(count, dtype=np.bool_), []
        near = PrepareSettings().near
        threshold = lowest(near)
        for start in starts:
            stop = min(start + duplicates.BLOCK, count)
            found.append(duplicates.compare(thumbs, index.of(start, stop), threshold)[0])
            looked[start:stop] = True
            most = max(most, megabytes("RssAnon"))
        seconds = made_in / count + (time.process_time() - begun) / looked.sum()
        seen = _seen(thumbs, planted[looked[planted].all(axis=1)])
        pairs, values = duplicates.compare(thumbs, seen, threshold)
        wanted = _set(pairs[values >= near])
    return {
        "milliseconds": seconds * 1000,
        "bytes": (most - before) * MEGABYTE / count,
        "found": len(wanted & _set(np.concatenate(found))) / len(wanted),
    }


def _seen(thumbs: PixelArray, pairs: IntArray) -> IntArray:
    """Return what all pairs would compare of some pairs: each from both sides."""
    views, rows = make_views(), [np.empty((0, 3), dtype=np.int64)]
    for pictures, others in (pairs.T, pairs.T[::-1]):
        details = normalise_contrast(thumbs[pictures], COARSE_SIGMA)
        theirs = middles(thumbs[others])
        products = [(descriptors(details, view) * theirs).sum(axis=1) for view in views]
        best, most = np.argmax(products, axis=0), np.max(products, axis=0)
        rows.append(np.stack([pictures, others, best], axis=1)[most >= COARSE_THRESHOLD])
    return np.concatenate(rows)


def _set(pairs: IntArray) -> set[tuple[int, int]]:
    return set(map(tuple, pairs.tolist()))


def plan(count: int) -> dict[str, float]:
    """Deal made faces to splits: half of them of persons, some copies and near-duplicates."""
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 256, (count, DIGEST), dtype=np.uint8)
    copies = rng.choice(count, count // 50, replace=False)
    hashes[copies] = hashes[copies // 2]
    persons = np.where(rng.random(count) < 0.5, rng.integers(0, count // 50 + 1, count), -1)
    groups = [f"person {number}" if number >= 0 else "" for number in persons.tolist()]
    false = np.zeros(count, dtype=np.bool_)
    index = RowIndex(
        labels=rng.choice(CLASSES, count, p=np.arange(1, CLASSES + 1) / 28),
        held_out=false,
        train_only=false,
        validates=false,
        groups=Texts.of(pa.array(groups)),
        hashes=hashes,
        origins=pa.array([f"happy/{row:08d}.jpg" for row in range(count)], pa.large_string()),
        sources=Texts.of(pa.array([""] * count)),
    )
    del groups
    first = rng.integers(0, count - 1, count // 10)
    pairs = np.stack([first, first + 1], axis=1)
    values = rng.uniform(0.8, 1, len(pairs)).astype(np.float32)
    before, begun = megabytes("RssAnon"), time.process_time()
    near = same_photo(pairs, values, 0.86, index.groups.codes, index.sources.codes)
    made_plan = make_plan(index, near, (0.8, 0.1, 0.1), balanced=False, seed=0)
    plan_notes(index, made_plan, [str(label) for label in range(CLASSES)], pairs)
    for _ in made_plan.rejected:
        pass
    seconds = time.process_time() - begun
    return {"seconds": seconds, "bytes": (megabytes("VmHWM") - before) * MEGABYTE / count}


def listing(count: int) -> dict[str, float]:
    """List the files of a folder."""
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as name:
        for number in range(count):
            folder = Path(name) / f"class {number % CLASSES}" / f"{number // 1000 % 50}"
            if number < CLASSES * 50_000:
                folder.mkdir(parents=True, exist_ok=True)
            (folder / f"some picture {number:08d}.jpg").touch()
        before, begun = megabytes("RssAnon"), time.process_time()
        source = FolderInput(Path(name))
        seconds = time.process_time() - begun
        kept = megabytes("RssAnon") - before
    return {"microseconds": seconds / len(source) * 1e6, "bytes": kept * MEGABYTE / count}


def make(count: int) -> dict[str, float]:
    """Write made thumbnails into this folder."""
    np.save(Path("thumbs.npy"), made.thumbnails(count)[0])
    return {}


KINDS: dict[str, Callable[[int], dict[str, float]]] = {
    "search": search,
    "plan": plan,
    "list": listing,
    "make": make,
}


def _in_own_process(kind: str, count: int, *, folder: Path = ROOT) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.scale", kind, str(count)]
    # One thread, so that what is measured is work, and not who else is at it.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return {name: float(value) for name, value in json.loads(done.stdout).items()}


def main() -> None:
    """Measure this very process and print JSON; `measure` starts it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("count", type=int)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    print(json.dumps(KINDS[args.kind](args.count)))


if __name__ == "__main__":
    main()
