"""What an archive is read with, and the digest that tells one such recipe from another."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import msgspec

import mien
from mien.archive.inputs import digest_of_file
from mien.archive.readings.manifest import Row
from mien.errors import BundleError
from mien.files.writes import digest_of
from mien.models.bundle import load_bundle, load_detector_bundle
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


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what a table holds, but the files themselves.

    Attributes:
        bundle: The model's folder, or the name of a shipped one; the default where None.
        detector: Its name.
        detector_model: Its weights, where it takes some.
        any_angle: Whether heads are found that lie on their side.
        seconds: Where each video ends; None for at its end.
        suffix: Of the tables, which says their format.
        threads: Of each network.
    """

    bundle: Path | None = None
    detector: str = DEFAULT_DETECTOR
    detector_model: Path | None = None
    any_angle: bool = False
    seconds: float | None = None
    suffix: str = ".csv"
    threads: int = THREADS

    def identify(self) -> "Identity":
        """Look up what the recipe's names stand for here and now.

        Raises:
            BundleError: The model or the detector's weights are missing or damaged.
        """
        info = load_bundle(find_bundle(self.bundle)).info
        parts = (self.detector, self._weights(), self.any_angle, self.seconds, self.suffix)
        return Identity(
            version=mien.__version__,
            bundle=f"{info.name} {info.version}",
            bundle_digest=info.sha256,
            settings=digest_of(*parts),
        )

    def _weights(self) -> str:
        """Return a digest of the detector's weights; "" where they come with its package."""
        if self.detector == DEFAULT_DETECTOR:
            return load_detector_bundle(self.detector_model or DETECTOR_BUNDLE).info.sha256
        if self.detector_model is None:
            return ""
        return digest_of_file(self.detector_model, str(self.detector_model))

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
        )
        return Models(*made)


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
