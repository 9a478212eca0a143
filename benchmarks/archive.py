"""`mien predict FOLDER --out OUT/`: against bare decoding, bare reading, one job, and memory.

Each figure is a ratio to a reference in the same run. Videos and pictures are made from the
portrait that comes with mien.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks import faces
from benchmarks.moving import Actor, Scene, Still, portrait
from benchmarks.report import GOAL_COLUMNS, Result, goal_row, goals_met
from benchmarks.timing import Samples, cpu_ratio, ratio, take_turns
from mien.archive.engines import closing
from mien.archive.inputs import list_items
from mien.archive.local import LocalEngine
from mien.archive.places import LocalPlace
from mien.archive.readings.naming import Part, parts_of
from mien.archive.readings.recipe import Recipe
from mien.archive.readings.work import ReadParts, Task
from mien.registry import make_detector
from mien.types import PixelArray
from mien.vision.images.reading import read_picture

NAME = "archive"
ROOT = Path(__file__).parent.parent
STATUS = Path("/proc/self/status")
HD, SMALL, FPS = (1280, 720), (160, 120), 30
# Side of the face in the video of 720p: one person before a camera.
FACE = 220.0
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured.

    Attributes:
        clip: Seconds of each 720p clip.
        clips: How many clips two jobs share.
        pictures: Small pictures in one folder.
        short: Frames of a short video, for memory.
        long: Of a long one.
        repeats: Samples of each time.
    """

    clip: float = 60.0
    clips: int = 8
    pictures: int = 10_000
    short: int = 3_000
    long: int = 120_000
    repeats: int = 3


QUICK = Sizes(clip=2.0, clips=2, pictures=40, short=60, long=240, repeats=1)


def measure(sizes: Sizes | None = None) -> Result:
    """Read made archives.

    Args:
        sizes: How much; enough for figures where None.
    """
    sizes = sizes or Sizes()
    former = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with tempfile.TemporaryDirectory(prefix="mien-bench-") as name:
            rows = list(_rows(Path(name), sizes))
    finally:
        cv2.setNumThreads(former)
    title = "many files into a folder, one thread each; each goal is against its reference"
    return Result(NAME, title, GOAL_COLUMNS, tuple(rows), (goals_met(rows), *_costs(rows)))


def _rows(home: Path, sizes: Sizes) -> Iterator[dict[str, str | float]]:
    (home / "clips").mkdir()
    clip = write_video(home / "clips" / "0.mp4", HD, FACE, round(sizes.clip * FPS))
    yield from _video_rows(home, clip, sizes)
    for number in range(1, sizes.clips):
        (home / "clips" / f"{number}.mp4").write_bytes(clip.read_bytes())
    yield from _jobs_rows(home, sizes)
    yield from _picture_rows(home, sizes)
    if STATUS.is_file():
        yield from _memory_rows(home, sizes)


def _video_rows(home: Path, clip: Path, sizes: Sizes) -> Iterator[dict[str, str | float]]:
    """Yield what reading a video costs against decoding it."""
    read = _Reading(home / "clips", home / "read")
    tasks = {"decode": lambda: decode(clip), "read": read.all}
    samples = take_turns(tasks, sizes.repeats, shortest=0.0)
    hour = 3600 / sizes.clip
    case = "720p video, one face, read at this part of bare decoding's speed (processor time)"
    yield goal_row(case, 1 / cpu_ratio(samples["read"], samples["decode"]), "×", 0.6, at_least=True)
    yield _cost("an hour of such video, decoded", samples["decode"], hour)
    yield _cost("an hour of such video, read", samples["read"], hour)


def _jobs_rows(home: Path, sizes: Sizes) -> Iterator[dict[str, str | float]]:
    """Yield how much sooner two jobs are done than one, both in processes of their own."""
    read = _Reading(home / "clips", home / "jobs")
    tasks = {name: lambda jobs=jobs: read.by(jobs) for name, jobs in (("one", 1), ("two", 2))}
    samples = take_turns(tasks, max(1, sizes.repeats - 1), shortest=0.0)
    minutes = sizes.clip * sizes.clips / 60
    case = f"{minutes:.0f} minutes of clips, two jobs against one"
    yield goal_row(case, 1 / ratio(samples["two"], samples["one"]), "×", 1.8, at_least=True)


def _picture_rows(home: Path, sizes: Sizes) -> Iterator[dict[str, str | float]]:
    """Yield what reading pictures costs against decoding them and looking for faces."""
    folder = home / "pictures"
    folder.mkdir()
    paths = []
    for number in range(sizes.pictures):
        paths.append(folder / f"{number:05}.jpg")
        cv2.imwrite(str(paths[-1]), faces.scene(*SMALL, 1, seed=number))
    read, detector = _Reading(folder, home / "read"), make_detector()

    def bare() -> None:
        for path in paths:
            detector(read_picture(path))

    samples = take_turns({"bare": bare, "read": read.all}, sizes.repeats, shortest=0.0)
    case = f"{sizes.pictures:,} pictures of 160x120, read at this part of bare decode and detect"
    yield goal_row(case, 1 / ratio(samples["read"], samples["bare"]), "×", 0.7, at_least=True)
    yield _cost("a million such pictures, read", samples["read"], 1e6 / sizes.pictures)


def _memory_rows(home: Path, sizes: Sizes) -> Iterator[dict[str, str | float]]:
    """Yield how much more memory a long video takes than a short one, each in its own process."""
    peaks = []
    for frames in (sizes.short, sizes.long):
        folder = home / f"long-{frames}"
        folder.mkdir()
        write_video(folder / "a.mp4", SMALL, 80.0, frames)
        command = [sys.executable, "-m", "benchmarks.archive", str(folder), str(home / "memory")]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        peaks.append(float(json.loads(done.stdout)["peak"]))
    minutes = [frames / FPS / 60 for frames in (sizes.short, sizes.long)]
    yield goal_row(f"highest memory, a stream of {minutes[0]:.1f} minutes", peaks[0], "MB")
    case = f"the same, {minutes[1]:.0f} minutes, against it"
    yield goal_row(case, peaks[1] / peaks[0], "×", 1.05)


def _cost(case: str, samples: Samples, times: float) -> dict[str, str | float]:
    return goal_row(case, samples.cpu_seconds * times / 60, "processor minutes")


def _costs(rows: list[dict[str, str | float]]) -> list[str]:
    value = {str(row["case"]): float(row["value"]) for row in rows}
    hour, million = value["an hour of such video, read"], value["a million such pictures, read"]
    return [
        f"One processor reads {60 / hour:.1f} hours of such video in an hour, and a million such "
        f"pictures in {million / 60:.1f} hours."
    ]


class _Reading:
    """Reads a folder's parts, as `mien predict` does, without what a run costs once."""

    def __init__(self, folder: Path, out: Path) -> None:
        self._parts: list[Part] = parts_of(list_items([str(folder)], []), ".csv", {})
        recipe = Recipe()
        self._work = ReadParts(recipe, recipe.identify(), LocalPlace(out))
        self._call = self._work.start()

    def all(self) -> None:
        """Read all parts here."""
        for part in self._parts:
            self._call(Task(part))

    def by(self, jobs: int) -> None:
        """Read all parts in so many processes."""
        tasks = [Task(part) for part in self._parts]
        with closing(LocalEngine(jobs).run(self._work, tasks)) as results:
            for done in results:
                if done.result is None or any(row.status != "read" for row in done.result.rows):
                    raise RuntimeError(f"{done.task.part.table}: {done.error or done.result}")


def decode(path: Path) -> None:
    """Decode a video with PyAV to BGR, in one thread."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for frame in container.decode(stream):
            frame.to_ndarray(format="bgr24")


def write_video(path: Path, size: tuple[int, int], face: float, frames: int) -> Path:
    """Write a video of one person who sways, H.264 as a camera or a call writes it."""
    seconds = min(frames / FPS, 10.0)
    actor = Actor([(0.0, portrait())], Still((size[0] / 2, size[1] / 2)), side=face)
    drawn = list(_drawn(Scene((actor,), seconds, noise=2.0, size=size)))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", FPS, options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(frames):
            # To and fro, so that there is no cut.
            step = number % max(1, 2 * len(drawn) - 2)
            image = drawn[min(step, 2 * len(drawn) - 2 - step)]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    return path


def _drawn(scene: Scene) -> Iterator[PixelArray]:
    for index in range(len(scene)):
        yield np.ascontiguousarray(scene.frame(index)[0].image)


def main() -> None:
    """Read a folder in this process, and print its highest memory as JSON."""
    parser = argparse.ArgumentParser(description="Measures the memory of this process.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    _Reading(args.folder, args.out).all()
    peak = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"peak": int(peak.split()[1]) * 1024 / MEGABYTE}))


if __name__ == "__main__":
    main()
