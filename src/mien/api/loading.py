"""Loads a reader, or reads a whole archive."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from mien.api.reader import Reader
from mien.archive.engines import EngineName
from mien.archive.readings import read as archives
from mien.archive.readings.read import ArchiveSummary
from mien.archive.readings.recipe import Recipe
from mien.archive.readings.settings import ArchiveSettings, Format
from mien.models.devices import CPU
from mien.protocols import Detector
from mien.registry import DEFAULT_DETECTOR, MODELS, THREADS, find_bundle, make_models
from mien.settings import checked
from mien.sinks.layout import TableSettings
from mien.types import OnProgress


def load(
    bundle: str | Path | None = None,
    *,
    detector: str | Detector = DEFAULT_DETECTOR,
    detector_model: str | Path | None = None,
    threads: int = THREADS,
    any_angle: bool = False,
    device: str = CPU,
) -> Reader:
    """Load a model and a face detector.

    Args:
        bundle: The folder of a bundle, or "fer8", which reads eight looks; the shipped one of four
            where None.
        detector: One of `mien.registry.DETECTORS`, such as "yunet", or a `Detector` of your own.
        detector_model: The detector's weights, where it needs some or you have others: a file, or
            for "mien" a bundle's folder.
        threads: Processor threads of each network: more make large pictures quicker, for more work
            in all.
        any_angle: Also find heads that lie on their side or are upside down, and read them upright:
            for pictures, since it takes four times as long.
        device: Where the networks run: "cpu", "cuda" (or "cuda:1"), "dml", "openvino" (or
            "openvino:gpu"), "coreml", or "auto", which takes what is there where it answers as the
            CPU does and is quicker. One that fails is left for the CPU, by a line of the log.

    Raises:
        BundleError: The bundle, or the detector's weights, are missing or damaged.
        SettingsError: There is no such detector or device, or there are fewer threads than one.
        MissingExtraError: The detector's packages are not installed.
    """
    path = None if bundle is None else Path(bundle)
    # A process elsewhere may have another current folder.
    lasting = path if path is None or find_bundle(path).parent == MODELS else path.absolute()
    again = partial(
        load,
        lasting,
        detector=detector,
        detector_model=None if detector_model is None else Path(detector_model).absolute(),
        threads=threads,
        any_angle=any_angle,
        device=device,
    )
    models = make_models(
        path,
        detector=detector,
        detector_model=None if detector_model is None else Path(detector_model),
        any_angle=any_angle,
        threads=threads,
        device=device,
    )
    return Reader(*models, again=again)


def read_archive(
    sources: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    bundle: str | Path | None = None,
    detector: str = DEFAULT_DETECTOR,
    detector_model: str | Path | None = None,
    any_angle: bool = False,
    seconds: float | None = None,
    start: float | None = None,
    end: float | None = None,
    columns: Sequence[str] = (),
    empty_frames: bool = False,
    every: float | None = None,
    format: Format = "csv",  # noqa: A002 - as the option is called
    jobs: int = 1,
    shard: str | None = None,
    engine: EngineName = "local",
    device: str = CPU,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> ArchiveSummary:
    """Read many files into a folder, as `mien predict FOLDER --out OUT/` does.

    Each video and each folder of pictures gets a table, which appears when it is whole, and
    `manifest.csv` a row for each file; `mien.read_manifest` returns these. A second call reads what
    is missing or has changed. With more than one job a script needs the line
    `if __name__ == "__main__":`, for worker processes import it.

    Args:
        sources: Pictures, videos, folders and patterns, or addresses of such for fsspec.
        out: A folder, or its address.
        bundle: As for `load`.
        detector: One of `mien.registry.DETECTORS`.
        detector_model: As for `load`.
        any_angle: As for `load`.
        seconds: Where to end each video.
        start: Time of its own at which each video begins.
        end: Time of its own at which each ends.
        columns: Names and groups of columns, as for `to_frame`.
        empty_frames: A row for each frame without a face, too.
        every: At most one frame in so many seconds has rows.
        format: "csv", "jsonl", "parquet" or "xlsx".
        jobs: How many files are read at a time.
        shard: "2/8" reads the second of eight parts.
        engine: "local", or "ray" for a cluster.
        device: As for `load`, in every worker.
        overwrite: Read everything anew.
        on_progress: Called with "files" or "faces", how many are done, and of how many.

    Returns:
        What was read, and what could not be.

    Raises:
        MienError: As `mien.archive.readings.read.read_archive`; never for a file that is damaged.
    """
    recipe = Recipe(
        bundle=None if bundle is None else Path(bundle),
        detector=detector,
        detector_model=None if detector_model is None else Path(detector_model),
        any_angle=any_angle,
        seconds=seconds,
        start=start,
        end=end,
        tables=checked(
            TableSettings, columns=tuple(columns), empty_frames=empty_frames, every=every
        ),
        device=device,
    )
    settings = checked(ArchiveSettings, format=format, jobs=jobs, shard=shard, engine=engine)
    read = partial(archives.read_archive, recipe=recipe, settings=settings)
    return read(sources, out, overwrite=overwrite, on_progress=on_progress)
