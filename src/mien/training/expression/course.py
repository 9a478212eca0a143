"""What all processes of a run do: open the faces, and learn from them."""

import contextlib
import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from mien.datasets.dataset import Dataset
from mien.datasets.records import INFO
from mien.errors import TrainingError
from mien.files.writes import digest_of
from mien.models.bundle import Bundle, load_bundle
from mien.training.checkpoint import FACES_SHA256, Checkpoint
from mien.training.device import Compute
from mien.training.expression.distill import distillation_set
from mien.training.expression.faces import FaceStore, open_store, weigh
from mien.training.expression.feeding.decoders import Decoders, workers_for
from mien.training.expression.feeding.room import Cache, choose_cache
from mien.training.expression.loop import learn, start
from mien.training.expression.pretrained import fingerprint, read_graph_model
from mien.training.expression.settings import ModelSettings, TrainMachine, TrainSettings
from mien.training.expression.warm_start import SHOWN, warm_start
from mien.training.fit import unfinished
from mien.training.run_folder import DECODED, SETTINGS, Kept
from mien.training.spread import Spread
from mien.types import FloatArray, InputSpec, OnProgress

LOG = logging.getLogger(__name__)
SPLITS = ("train", "validation")
# Fewer faces are decoded into a cache sooner than processes that do it have begun.
MANY = 50_000


class Course:
    """One process's part of a run.

    Attributes:
        compute: Where it computes.
        spec: What the network sees.
        checkpoint: What changes.
        teachers: Bundles that it learns from.
        stores: The faces to learn from and to judge by, each as its source counts.
    """

    spec: InputSpec
    checkpoint: Checkpoint
    teachers: list[Bundle]
    stores: dict[str, FaceStore]

    def __init__(
        self,
        dataset: Dataset,
        out: Path,
        settings: TrainSettings,
        machine: TrainMachine,
        spread: Spread,
        on_progress: OnProgress,
    ) -> None:
        """Settle where to compute.

        Raises:
            TrainingError: The device is absent, or there are fewer faces than processes.
        """
        self._dataset, self._out, self._settings = dataset, out, settings
        self._machine, self._spread, self._on_progress = machine, spread, on_progress
        compute = Compute.choose(machine, spread.local)
        self.compute = replace(compute, compile=machine.compile)
        faces = min(settings.batch_size, dataset.count("train"))
        if faces < spread.ranks:
            raise TrainingError(
                f"--batch-size {settings.batch_size}: {faces} faces a step cannot be shared by "
                f"{spread.ranks} processes; take more faces, or fewer processes"
            )
        self._digest = spread.told(lambda: dataset.digest)
        self._decoders: Decoders | None = None
        self._origin: Bundle | None = None
        self._pretrained: Path | None = None

    def begin(
        self,
        model: ModelSettings,
        pretrained: Path | None,
        origin: Path | None,
        teachers: Sequence[Path],
    ) -> None:
        """Make the network as it is before the first epoch.

        Raises:
            TrainingError: What it starts from does not fit it, or the size does not.
            BundleError: A teacher is no bundle.
        """
        settings = self._settings
        self.teachers = [load_bundle(path) for path in teachers]
        self._origin = None if origin is None else load_bundle(origin)
        self._pretrained = pretrained
        weights = _weights(settings, pretrained, self._origin)
        try:
            self.spec = InputSpec(
                settings.size, settings.channels, model.crop_scale, model.alignment
            )
            classes = len(self._dataset.classes)
            self.checkpoint = start(settings, classes, self.compute, weights, spread=self._spread)
        except KeyError as error:
            raise TrainingError(f"{pretrained}: no array {error} in this file") from error
        except ValueError as error:
            given = f"--size {settings.size}, --crop-scale {model.crop_scale:g}"
            raise TrainingError(f"{given}: {error}") from error

    def record(self) -> dict[str, Any]:
        """Return what must be the same for a run to be resumed.

        Those are the settings, and all that is learnt from.
        """
        pretrained, origin = self._pretrained, self._origin
        return {
            "dataset_sha256": sha256((self._dataset.path / INFO).read_bytes()).hexdigest(),
            FACES_SHA256: self._digest,
            "pretrained_sha256": None if pretrained is None else fingerprint(pretrained),
            "origin_sha256": None if origin is None else origin.info.sha256,
            "teachers_sha256": [teacher.info.sha256 for teacher in self.teachers],
            **msgspec.to_builtins(self._settings),
        }

    @contextlib.contextmanager
    def feeding(self) -> Iterator[None]:
        """Open the faces; what decodes them ends with the block.

        Raises:
            DatasetError: A file of the data set is missing or damaged.
            TrainingError: A split is empty, there is no room where decoded faces are to be kept, or
                this process has other faces than the first one.
        """
        cache = self._cache()
        LOG.info("decoded faces are kept: %s", cache)
        workers = workers_for(
            self._machine.workers,
            beside_cpu=self.compute.device.type == "cpu",
            ranks=self._spread.locals,
        )
        if cache != "off" and self._machine.workers is None and self._faces() < MANY:
            workers = 0
        pinned = self.compute.device.type == "cuda"
        self._decoders = Decoders(self.spec, workers, pinned=pinned)
        try:
            settings = self._settings
            train, validation = (
                self.open(split, self.spec, self._out / DECODED, cache) for split in SPLITS
            )
            self.stores = {
                "train": weigh(train, settings.source_weight, settings.source_smoothing),
                "validation": weigh(validation, settings.source_weight, {}),
            }
            self._check_alike()
            yield
        finally:
            self._decoders.close()

    def open(
        self, split: str, spec: InputSpec, place: Path, cache: Cache | None = None
    ) -> FaceStore:
        """Open the faces of a split as any network sees them."""
        return open_store(
            self._dataset,
            split,
            spec,
            place,
            self._on_progress,
            cache=cache or self._cache(),
            decoders=self._decoders if spec == self.spec else None,
            digest=self._digest,
        )

    def learn(self, kept: Kept | None) -> str:
        """Learn until there is nothing more to gain; return what went wrong, or "".

        Args:
            kept: What keeps the run; None where another process does.
        """
        checkpoint, spread, settings = self.checkpoint, self._spread, self._settings
        if self._origin is not None and not spread.rank and not _has_begun(checkpoint):
            self._start_from(self._origin)
        if spread.ranks > 1:
            same = spread.copied(lambda: checkpoint.packed({}))
            checkpoint.unpack(same, self._out, {})
        return learn(
            checkpoint,
            self._lessons(),
            self.stores["validation"],
            settings,
            self.compute,
            on_epoch=_ignore if kept is None else kept.finished,
            on_progress=self._on_progress,
            on_step=_ignore if kept is None else kept.midway,
            spread=spread,
        )

    def forget(self) -> None:
        """Remove what was decoded: the first process, and one of each machine of its own disk."""
        spread = self._spread
        if spread.rank == 0:
            shutil.rmtree(self._out / DECODED, ignore_errors=True)
        elif spread.local == 0 and not (self._out / SETTINGS).exists():
            shutil.rmtree(self._out / DECODED, ignore_errors=True)
            with contextlib.suppress(OSError):
                self._out.rmdir()

    def _faces(self) -> int:
        return sum(self._dataset.count(split) for split in SPLITS)

    def _cache(self) -> Cache:
        """Settle where decoded faces are kept."""
        needed = self._faces() * self.spec.size**2 * self.spec.channels
        asked, place = self._machine.cache, self._out / DECODED
        chosen = choose_cache(asked, needed, place, self._spread.locals)
        if self.teachers and chosen == "off":
            raise TrainingError(
                "--cache off: what teachers say is kept on the disk, with the faces that they saw; "
                "leave out --teacher, or free space for --cache disk"
            )
        return chosen

    def _lessons(self) -> list[FaceStore]:
        """Return what epochs take in turn."""
        train, settings = self.stores["train"], self._settings
        if not self.teachers or not unfinished(self.checkpoint, settings.epochs, settings.patience):
            return [train]
        return distillation_set(
            train,
            self._as_taught(),
            self._dataset.classes,
            self.teachers,
            settings,
            self._out / DECODED,
            self.compute,
            self._on_progress,
        )

    def _as_taught(self) -> FaceStore:
        """Return the faces to learn from at the size of the teacher that takes the largest."""
        size = max(self.spec.size, *(teacher.info.input.size for teacher in self.teachers))
        if size == self.spec.size:
            return self.stores["train"]
        # In a folder of its own, as those of a rival; and on the disk, since they are large.
        place = self._out / DECODED / "taught"
        return self.open("train", replace(self.spec, size=size), place, "disk")

    def _start_from(self, bundle: Bundle) -> None:
        store, checkpoint = self.stores["train"], self.checkpoint
        chosen = np.sort(np.random.default_rng(0).permutation(len(store))[:SHOWN])
        shown = self.compute.pictures(store.images[chosen])
        warm_start(checkpoint.network, bundle, self._dataset.classes, shown)
        checkpoint.average.module.load_state_dict(checkpoint.network.state_dict())

    def _check_alike(self) -> None:
        """See that all processes have the same faces: their order is by the rows of the files."""
        store = self.stores["train"]
        parts = (store.labels.tobytes(), store.soft.tobytes(), store.blocks.bounds.tobytes())
        own = digest_of(*(sha256(part).hexdigest() for part in parts))
        if self._spread.told(lambda: own) != own:
            raise TrainingError(
                f"{self._dataset.path}: other faces than the first process of this run has; copy "
                "the data set to this machine again"
            )


def _has_begun(checkpoint: Checkpoint) -> bool:
    return bool(checkpoint.history or checkpoint.part.steps)


def _ignore(_: Any) -> None:
    """Leave it to the first process."""


def _weights(
    settings: TrainSettings, pretrained: Path | None, origin: Bundle | None
) -> dict[str, FloatArray] | None:
    starts = settings.arch.startswith("mobilenet")
    if not starts and pretrained is not None:
        raise TrainingError(
            f"--pretrained: the {settings.arch} network starts from nothing; leave it out or take "
            "--arch mobilenet"
        )
    if starts and pretrained is None and origin is None:
        raise TrainingError(
            f"--arch {settings.arch} starts from a face recogniser; name its weights with "
            "--pretrained (faceres-deep.json, see docs/experiments.md), or a bundle with --from"
        )
    return None if pretrained is None else read_graph_model(pretrained)
