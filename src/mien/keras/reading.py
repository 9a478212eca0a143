"""Reads a Keras file in a process of its own: the architecture's text and plain arrays, no more.

libhdf5 was not made for files of strangers: one that is damaged can keep it busy for ever or crash
it. So only `source.py` starts this module, as a program with a deadline, and takes what it leaves
in a folder: `found.json`, `config.json` and `weights.npz`. What a file claims is bounded before it
is read: a megabyte may claim to hold a gigabyte, and a link may name another file.
"""

import contextlib
import io
import json
import signal
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import h5py
import numpy as np
import numpy.typing as npt

from mien.errors import BundleError, one_line

HDF5, ZIP = b"\x89HDF", b"PK\x03\x04"
CONFIG, WEIGHTS = "config.json", "model.weights.h5"
FOUND, ARRAYS = "found.json", "weights.npz"
REFUSED = 3  # the exit status when standard output says why, as JSON

# Far above what any network for small faces needs.
MAX_CONFIG, MAX_WEIGHTS, MAX_ARRAYS = 1 << 24, 1 << 30, 20_000
# Weights hardly shrink when they are packed; those of a pruned network to a tenth.
MAX_RATIO, FREE = 100, 1 << 20
MAX_MEMORY = 6 << 30

# Name of a layer or place, and what lies there, in order.
Weights = list[tuple[str, list[tuple[str, npt.NDArray[np.float32]]]]]
# The architecture's text, whether the weights are listed as Keras 1 and 2 do, and these.
Content = tuple[bytes | None, bool, Weights]


def main(words: Sequence[str]) -> int:
    """Read the file `words[0]` into the folder `words[1]` in at most `words[2]` seconds."""
    path, folder = Path(words[0]), Path(words[1])
    _bound(int(words[2]) + 5)  # whoever started it ends it sooner, and says so
    try:
        config, legacy, weights = read(path)
    except BundleError as error:
        print(json.dumps(str(error)))  # noqa: T201 - what `source.py` reads
        return REFUSED
    names = [[group, [name for name, _ in arrays]] for group, arrays in weights]
    np.savez(folder / ARRAYS, *(array for _, arrays in weights for _, array in arrays))
    if config is not None:
        (folder / CONFIG).write_bytes(config)
    (folder / FOUND).write_text(json.dumps({"legacy": legacy, "weights": names}))
    return 0


def _bound(seconds: int) -> None:
    """End in time, even when nobody waits any more, and before the machine's memory does."""
    if hasattr(signal, "alarm"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(seconds)
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def read(path: Path) -> Content:
    """Read a file in this process, which may take for ever.

    Raises:
        BundleError: It is damaged, holds more than its size allows, or is no model of Keras.
    """
    with path.open("rb") as file:
        zipped = file.read(4) == ZIP
    try:
        if not zipped:
            with h5py.File(path, "r") as file:
                return _Hdf5(path, file, path.stat().st_size).whole()
        with zipfile.ZipFile(path) as archive:
            config = _member(path, archive, CONFIG, MAX_CONFIG)
            packed = _member(path, archive, WEIGHTS, MAX_WEIGHTS)
        with h5py.File(io.BytesIO(packed), "r") as file:
            return config, False, _Hdf5(path, file, len(packed)).named_by_place()
    except BundleError:
        raise
    except Exception as error:  # zipfile, its packers and h5py raise many types without a base
        kind = "not a whole .keras file" if zipped else "damaged or incomplete"
        raise BundleError(f"{path}: {kind} ({one_line(error)}); save the model again") from error


def _member(path: Path, archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    member = archive.getinfo(name)
    if member.file_size > min(most, MAX_RATIO * member.compress_size + FREE):
        raise BundleError(
            f"{path}: its {name} unpacks from {member.compress_size:,} to {member.file_size:,} "
            "bytes, which is no such model"
        )
    return archive.read(member)


class _Hdf5:
    """An open file; knows what was read of it so far."""

    def __init__(self, path: Path, file: h5py.File, size: int) -> None:
        self._path, self._file = path, file
        self._bytes_left = min(MAX_WEIGHTS, MAX_RATIO * size + FREE)
        self._arrays_left = MAX_ARRAYS

    def whole(self) -> Content:
        """Return what a file holds that is no zip."""
        file = self._file
        inner = "model_weights" in file
        legacy = inner or any(name.startswith("layer_names") for name in file.attrs)
        if not (legacy or "layers" in file or "_layer_checkpoint_dependencies" in file):
            self._refuse("an HDF5 file, but it holds no weights of Keras")
        if _word(file.attrs.get("backend", "")) == "theano":
            self._refuse(
                "saved with Theano, whose kernels are mirrored; load and save it with Keras 2 on "
                "TensorFlow first"
            )
        config = file.attrs.get("model_config")
        text = config.encode("utf-8", "surrogateescape") if isinstance(config, str) else config
        if not isinstance(text, bytes | None) or len(text or b"") > MAX_CONFIG:
            self._refuse(f"its architecture is no text of at most {MAX_CONFIG:,} bytes")
        if not legacy:
            return text, False, self.named_by_place()
        return text, True, self._listed(self._inside(file, "model_weights") if inner else file)

    def _listed(self, group: h5py.Group) -> Weights:
        """Return the weights that lists of names in the attributes name, as Keras 1 and 2 do."""
        found: Weights = []
        for layer in _words(group, "layer_names"):
            of_layer = self._inside(group, layer)
            names = _words(of_layer, "weight_names")
            found.append((layer, [(n, self._array(self._inside(of_layer, n))) for n in names]))
        return found

    def named_by_place(self) -> Weights:
        """Return the weights at `…/vars/0`, `…/vars/1`, …, where Keras 3 puts them."""
        places: dict[str, dict[int, h5py.Dataset]] = {}

        def visit(name: str, item: object) -> None:
            place, _, number = name.rpartition("/vars/")
            if isinstance(item, h5py.Dataset) and number.isdecimal():
                # The first versions of this form called the layers so.
                place = place.replace("_layer_checkpoint_dependencies", "layers")
                places.setdefault(place, {})[int(number)] = item

        self._file.visititems(visit)
        wanted = {place: places[place] for place in places if place.startswith("layers/")}
        return [
            (place, [(str(n), self._array(items[n])) for n in sorted(items)])
            for place, items in wanted.items()
        ]

    def _inside(self, group: h5py.Group, name: str) -> Any:
        """Follow a name, part by part; a link could lead into another file or in a circle."""
        item: Any = group
        for part in filter(None, name.split("/")):
            if not isinstance(item.get(part, getlink=True), h5py.HardLink):
                self._refuse(f"its {name[:80]!r} is a link to elsewhere")
            item = item[part]
        return item

    def _array(self, item: Any) -> npt.NDArray[np.float32]:
        """Read an array, once its size is known to be possible."""
        if not isinstance(item, h5py.Dataset) or item.is_virtual or item.external:
            self._refuse(f"its weight {item.name!r} does not lie in the file itself")
        if item.shape is None or item.dtype.kind not in "fiub":
            self._refuse(f"its weight {item.name!r} holds no numbers")
        self._bytes_left -= item.size * max(item.dtype.itemsize, 4)
        self._arrays_left -= 1
        if self._bytes_left < 0 or self._arrays_left < 0:
            self._refuse("unpacks to more weights than a file of this size can hold")
        with np.errstate(over="ignore"):
            return np.asarray(item[()]).astype(np.float32)

    def _refuse(self, reason: str) -> NoReturn:
        raise BundleError(f"{self._path}: {reason}")


def _words(group: h5py.Group, name: str) -> list[str]:
    """Return a list of names; a long one is spread over attributes with numbers."""
    return [_word(word) for part in _parts(group, name) for word in part]


def _parts(group: h5py.Group, name: str) -> Iterator[Any]:
    if name in group.attrs:
        yield group.attrs[name]
    number = 0
    while f"{name}{number}" in group.attrs:
        yield group.attrs[f"{name}{number}"]
        number += 1


def _word(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
