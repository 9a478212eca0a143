"""A bundle from a hub: only the files that a bundle has, checked as any is, whole or not at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mien.errors import BundleError, SettingsError
from mien.files.writes import new_folder
from mien.models.bundle import (
    CARD,
    FEATURES,
    GRAPH,
    INFO,
    PLOT,
    RECIPE,
    WEIGHTS,
    AnyBundle,
    Bundle,
    DetectorBundle,
    hashed_files,
    load_any_bundle,
    read_info,
)
from mien.models.classifier import OnnxClassifier
from mien.models.hub.address import Address
from mien.models.hub.client import Hub, Listing
from mien.models.info import BundleInfo, ModelInfo
from mien.models.onnx import make_session
from mien.types import OnProgress, ignore_progress

# Most bytes of each file: far above those of any bundle, far below what harms.
LARGEST = {
    INFO: 4 << 20,
    CARD: 4 << 20,
    RECIPE: 1 << 20,
    PLOT: 16 << 20,
    GRAPH: 1 << 30,
    WEIGHTS: 1 << 30,
    FEATURES: 1 << 30,
}
# What model.json does not vouch for, since people edit it.
UNHASHED = (CARD, RECIPE, PLOT)


@dataclass(frozen=True, slots=True)
class Pulled:
    """What was fetched.

    Attributes:
        info: What its model.json says.
        commit: The commit that it is of.
        files: Name → bytes of each file.
    """

    info: BundleInfo
    commit: str
    files: dict[str, int]


def pull(
    address: Address, out: Path, hub: Hub, on_progress: OnProgress = ignore_progress
) -> Pulled:
    """Fetch a bundle into a folder, which appears once all of it is there and was checked.

    Args:
        address: Where it lies.
        out: The folder; must not exist, or be empty.
        hub: The hub.
        on_progress: Called with the bytes of each file.

    Raises:
        SettingsError: `out` exists.
        BundleError: There is no such bundle, it is damaged or larger than any, the hub cannot be
            reached, or `out` cannot be written.
    """
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise SettingsError(f"--out {out}: exists already; name another folder")
    listing = hub.listing(address)
    if not {INFO, GRAPH} <= listing.sizes.keys():
        raise BundleError(f"{address}: holds no model of mien, which has {INFO} and {GRAPH}")
    try:
        with new_folder(out) as new:
            place = _Place(address, listing, new, hub, on_progress)
            info = place.fill()
    except OSError as error:
        raise BundleError(f"{out}: cannot be written: {error.strerror}") from error
    return Pulled(info, listing.commit, place.taken)


def load_whole(path: Path) -> Bundle | DetectorBundle:
    """Load a bundle with every file that its model.json vouches for, and try whether it runs.

    Raises:
        BundleError: A file is missing, damaged, or not what model.json says.
    """
    bundle = load_any_bundle(path)
    hashed = hashed_files(bundle.info)
    if WEIGHTS in hashed:
        bundle.load_weights()
    if FEATURES in hashed:
        bundle.load_features()
    if isinstance(bundle.info, ModelInfo):
        OnnxClassifier(AnyBundle(path, bundle.info, bundle.graph))
    else:
        make_session(bundle.graph, str(path / GRAPH))
    return bundle


class _Place:
    """A folder that is being filled."""

    def __init__(
        self, address: Address, listing: Listing, new: Path, hub: Hub, on_progress: OnProgress
    ) -> None:
        self._address, self._listing, self._new = address, listing, new
        self._hub, self._on_progress = hub, on_progress
        self.taken: dict[str, int] = {}

    def fill(self) -> BundleInfo:
        """Fetch model.json, then what it speaks of, and check all of it."""
        try:
            self._fetch(INFO)
            info = read_info(self._new / INFO)
            for name in self._wanted(info):
                self._fetch(name)
            return load_whole(self._new).info
        except BundleError as error:  # it names the place that is gone in a moment
            raise BundleError(str(error).replace(str(self._new), str(self._address))) from error

    def _wanted(self, info: BundleInfo) -> Iterator[str]:
        hashed = hashed_files(info)
        for name in hashed:
            if name not in self._listing.sizes:
                raise BundleError(f"{self._address}: has no {name}, of which its {INFO} speaks")
        yield from hashed
        yield from (name for name in UNHASHED if name in self._listing.sizes)

    def _fetch(self, name: str) -> None:
        size, most = self._listing.sizes[name], LARGEST[name]
        if size is not None and size > most:
            raise BundleError(
                f"{self._address}: its {name} has {size:,} bytes, more than any bundle's ({most:,})"
            )
        done, stage = 0, f"fetching {name}"
        with (self._new / name).open("wb") as file:
            most = most if size is None else size
            for chunk in self._hub.fetch(self._address, self._listing.commit, name, most):
                file.write(chunk)
                done += len(chunk)
                self._on_progress(stage, done, size)
        if size is not None and done < size:
            raise BundleError(
                f"{self._address}: its {name} broke off after {done:,} of {size:,} bytes; pull it "
                "again"
            )
        self.taken[name] = done
