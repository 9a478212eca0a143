"""What an archive is read with, and the digest that tells one such recipe from another."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

import mien
from mien.archive.inputs import digest_of_file
from mien.archive.readings.manifest import Row
from mien.errors import BundleError
from mien.files.writes import digest_of
from mien.models.bundle import load_bundle, load_detector_bundle
from mien.models.devices import CPU, check_name
from mien.models.info import ModelInfo
from mien.pipeline.analyzer import Analyzer
from mien.protocols import Classifier, Detector
from mien.registry import (
    DEFAULT_DETECTOR,
    DETECTOR_BUNDLE,
    THREADS,
    find_bundle,
    make_analyzer,
    make_models,
)
from mien.sinks.layout import Layout, TableSettings
from mien.sinks.notes import About

DEFAULT_TABLES = TableSettings()


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what a table holds, but the files themselves.

    Attributes:
        bundle: The model's folder, or the name of a shipped one; the default where None.
        detector: Its name.
        detector_model: Its weights, where it takes some.
        any_angle: Whether heads are found that lie on their side.
        seconds: Where each video ends; None for at its end.
        start: Time of its own at which each video begins; None for at its beginning.
        end: Time of its own at which each ends; None for at its end.
        tables: What the tables hold.
        suffix: Of the tables, which says their format.
        threads: Of each network.
        device: Where the networks run. Like the number of threads it is no part of the identity:
            answers differ by rounding alone, each worker may have another, and one that fails
            leaves its work to the CPU.
    """

    bundle: Path | None = None
    detector: str = DEFAULT_DETECTOR
    detector_model: Path | None = None
    any_angle: bool = False
    seconds: float | None = None
    start: float | None = None
    end: float | None = None
    tables: TableSettings = DEFAULT_TABLES
    suffix: str = ".csv"
    threads: int = THREADS
    device: str = CPU

    def identify(self) -> "Identity":
        """Look up what the recipe's names stand for here and now.

        Raises:
            BundleError: The model or the detector's weights are missing or damaged.
            SettingsError: There is no such kind of device.
        """
        check_name(self.device)
        info = load_bundle(find_bundle(self.bundle)).info
        weights = weights_digest(self.detector, self.detector_model)
        parts = (self.detector, weights, self.any_angle, self.seconds, self.suffix, *self._more())
        return Identity(
            version=mien.__version__,
            bundle=f"{info.name} {info.version}",
            bundle_digest=info.sha256,
            settings=digest_of(*parts),
        )

    def _more(self) -> tuple[object, ...]:
        """Return what was chosen that tables had no choice of once: theirs still hold."""
        more = (self.start, self.end, msgspec.to_builtins(self.tables))
        return () if more == (None, None, msgspec.to_builtins(DEFAULT_TABLES)) else more

    def about(self) -> About:
        """Return what notes on the tables say: the same on every machine, whenever they are made.

        Raises:
            BundleError: The model or the detector's weights are missing or damaged.
        """
        info = load_bundle(find_bundle(self.bundle)).info
        times = {"seconds": self.seconds, "start": self.start, "end": self.end}
        settings = {name: value for name, value in times.items() if value is not None}
        settings |= {"any_angle": self.any_angle, **msgspec.to_builtins(self.tables)}
        return About(
            version=mien.__version__,
            model=about_model(info, None),
            detector=about_detector(self.detector, self.detector_model),
            settings=settings,
        )

    def layout(self) -> Layout:
        """Return what the tables hold."""
        info = load_bundle(find_bundle(self.bundle)).info
        return self.tables.layout(info.labels, other=info.other)

    def load(self) -> "Models":
        """Load the models.

        Raises:
            MienError: As `make_models`.
        """
        made = make_models(
            self.bundle,
            detector=self.detector,
            detector_model=self.detector_model,
            any_angle=self.any_angle,
            threads=self.threads,
            device=self.device,
        )
        return Models(*made)


def weights_digest(detector: str, model: Path | None) -> str:
    """Return a digest of a detector's weights; "" where they come with its package.

    Args:
        detector: Its name.
        model: Its weights, where others were named.

    Raises:
        BundleError: They are missing or damaged.
    """
    if detector == DEFAULT_DETECTOR:
        return load_detector_bundle(model or DETECTOR_BUNDLE).info.sha256
    return "" if model is None else digest_of_file(model, str(model))


def about_detector(name: str, model: Path | None) -> dict[str, Any]:
    """Return what notes say of a face detector: its name and, where there is one, its hash."""
    digest = weights_digest(name, model)
    return {"name": name, **({"sha256": digest} if digest else {})}


def about_model(info: ModelInfo, named: Path | None) -> dict[str, Any]:
    """Return what notes say of a model: name, version, hash, labels, and when it is not sure."""
    return {
        "name": info.name,
        "version": info.version,
        "sha256": info.sha256,
        "labels": list(info.labels),
        "something_else": info.other,
        "not_sure_below": info.not_sure_below,
        **({} if named is None else {"named": str(named)}),
    }


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a table of the same file the same; its fields are columns of the manifest."""

    version: str
    bundle: str
    bundle_digest: str
    settings: str

    def sign(self, row: Row) -> Row:
        """Return a row with what it was made with."""
        return msgspec.structs.replace(row, **dataclasses.asdict(self))

    def made(self, row: Row) -> bool:
        """Whether a row was made with the same."""
        return self.sign(row) == row

    def check(self, other: "Identity") -> None:
        """Raise `BundleError` where another machine's differs from this one, naming in what."""
        for name, there in dataclasses.asdict(self).items():
            here = getattr(other, name)
            if here != there:
                what = "of mien" if name == "version" else "of the models"
                raise BundleError(
                    f"this worker has another version {what} ({here}) than who started it ({there})"
                )


@dataclass(frozen=True, slots=True)
class Models:
    """What reads; holds no state of a stream."""

    detector: Detector
    classifier: Classifier
    info: ModelInfo

    def analyzer(self) -> Analyzer:
        """Make what reads one part."""
        return make_analyzer(self.detector, self.classifier, self.info)
