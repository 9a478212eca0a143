"""A detector of another package, held to what detectors keep to."""

from pathlib import Path

from mien.errors import SettingsError, told_as
from mien.plugins import Plugin
from mien.protocols import Detector
from mien.types import Face, PixelArray


class PluginDetector:
    """A `Detector` around one of another package: what goes wrong in it is one line."""

    def __init__(self, plugin: Plugin, *, model: Path | None, threads: int) -> None:
        """Import and make it.

        Args:
            plugin: What a package offers: called with `model` and `threads`, by name.
            model: Its weights, where some were named.
            threads: Threads of each network.

        Raises:
            SettingsError: It cannot be loaded or made, or is no detector.
        """
        make, self._who = plugin.load(), str(plugin)
        with told_as(SettingsError, self._who, "cannot be made"):
            self._detector: Detector = make(model=model, threads=threads)
        if not isinstance(self._detector, Detector) or not self._detector.face_side > 0:
            raise SettingsError(f"{self._who}: is no mien.Detector; see docs/python.md")
        self.name, self.face_side = plugin.name, float(self._detector.face_side)

    def __call__(self, image: PixelArray) -> tuple[Face, ...]:
        """Find all faces, the surest first; raise `SettingsError` where it fails."""
        with told_as(SettingsError, self._who, "failed on a picture"):
            found = tuple(self._detector(image))
            if not all(isinstance(face, Face) for face in found):
                raise TypeError("it must give mien.Face")
            return tuple(sorted(found, key=lambda face: -face.score))
