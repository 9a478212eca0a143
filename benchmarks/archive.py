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
from functools import partial
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
HD, SMALL, FPS = (1280, 720), (320, 240), 30
# Of the video for memory: one frame a second, so that hours of stream are few frames.
LONG, LONG_FPS = (160, 120), 1
# Side of the face in the video of 720p: one person before a camera.
FACE = 220.0
# Bits per second of 720p, as YouTube asks for and many cameras write.
RATE = 5_000_000
NOISE, TEXTURE = 3.0, 24
LOOP_SECONDS = 3.0
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
        repeats: Samples of each time; of what takes minutes, one less.
    """

    clip: float = 20.0
    clips: int = 6
    pictures: int = 10_000
    short: int = 1_200
    long: int = 12_000
    repeats: int = 2


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
    case = "720p video, one face, at this part of bare decoding's speed"
    yield goal_row(case, 1 / cpu_ratio(samples["read"], samples["decode"]), "×", 0.6, at_least=True)
    yield _cost("an hour of such video, decoded", samples["decode"], hour)
    yield _cost("an hour of such video, read", samples["read"], hour)


def _jobs_rows(home: Path, sizes: Sizes) -> Iterator[dict[str, str | float]]:
    """Yield how much sooner two jobs are done than one, both in processes of their own."""
    read = _Reading(home / "clips", home / "jobs")
    tasks = {"one": partial(read.by, 1), "two": partial(read.by, 2)}
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

    tasks = {"bare": bare, "read": read.all}
    samples = take_turns(tasks, max(1, sizes.repeats - 1), shortest=0.0)
    size = f"{SMALL[0]}x{SMALL[1]}"
    case = f"{sizes.pictures:,} pictures of {size}, at this part of bare decode and detect's speed"
    yield goal_row(case, 1 / cpu_ratio(samples["read"], samples["bare"]), "×", 0.7, at_least=True)
    yield _cost("a million such pictures, read", samples["read"], 1e6 / sizes.pictures)


def _memory_rows(home: Path, sizes: Sizes) -> Iterator[dict[str, str | float]]:
    """Yield how much more memory a long video takes than a short one, each in its own process."""
    peaks = []
    for frames in (sizes.short, sizes.long):
        folder = home / f"long-{frames}"
        folder.mkdir()
        write_video(folder / "a.mp4", LONG, 80.0, frames, rate=20_000, fps=LONG_FPS)
        command = [sys.executable, "-m", "benchmarks.archive", str(folder), str(home / "memory")]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        peaks.append(float(json.loads(done.stdout)["peak"]))
    minutes = [frames / LONG_FPS / 60 for frames in (sizes.short, sizes.long)]
    yield goal_row(f"highest memory, a stream of {minutes[0]:.0f} minutes", peaks[0], "MB")
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


def write_video(
    path: Path, size: tuple[int, int], face: float, frames: int, *, rate: int = RATE, fps: int = FPS
) -> Path:
    """Write a video of one person who sways in a room, H.264 with a camera's noise.

    Args:
        path: The file.
        size: Width and height in pixels.
        face: Side of the face in pixels.
        frames: How many.
        rate: Bits per second.
        fps: Frames per second.
    """
    drawn = list(_drawn(size, face, min(frames / FPS, LOOP_SECONDS)))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", fps, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.bit_rate = rate
        for number in range(frames):
            # To and fro, so that there is no cut.
            step = number % max(1, 2 * len(drawn) - 2)
            image = drawn[min(step, 2 * len(drawn) - 2 - step)]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode())
    return path


def _drawn(size: tuple[int, int], face: float, seconds: float) -> Iterator[PixelArray]:
    """Yield frames of a person before a wall with some texture, and noise on all."""
    rng = np.random.default_rng(0)
    actor = Actor([(0.0, portrait())], Still((size[0] / 2, size[1] / 2)), side=face)
    scene = Scene((actor,), seconds, noise=0.0, size=size)
    coarse = rng.integers(-TEXTURE, TEXTURE, (size[1] // 16, size[0] // 16, 3), dtype=np.int16)
    wall = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    for index in range(len(scene)):
        image = scene.frame(index)[0].image.astype(np.int16)
        plain = (image == image[0, 0]).all(axis=2, keepdims=True)
        noise = rng.normal(0, NOISE, image.shape)
        yield np.clip(image + wall * plain + noise, 0, 255).astype(np.uint8)


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
