"""`mien live --in-browser`: the page reads faces by itself, and this machine only hands it out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import SettingsError
from mien.models.bundle import Bundle, DetectorBundle, load_bundle, load_detector_bundle
from mien.models.devices import CPU
from mien.registry import DEFAULT_DETECTOR, DETECTOR_BUNDLE, THREADS, find_bundle
from mien.sources.naming import Sample, meant
from mien.web.page import runtime

if TYPE_CHECKING:
    from mien.cli.live import LiveOptions


def check(options: "LiveOptions", source: str | None) -> None:
    """See whether a browser can do what was asked for.

    Raises:
        SettingsError: It cannot, or onnxruntime-web is missing.
    """
    if source is not None and not isinstance(meant(source), Sample):
        raise SettingsError(
            f"--in-browser reads what the browser sees: its camera or the sample; not {source}"
        )
    if options.stats:
        raise SettingsError("--in-browser reads nothing on this machine; leave out --stats")
    if options.detector_model is not None or options.detector != DEFAULT_DETECTOR:
        raise SettingsError(
            f"--in-browser finds faces with mien's own detector, {DEFAULT_DETECTOR}; "
            "leave out --detector and --detector-model"
        )
    if options.threads != THREADS:
        raise SettingsError("--in-browser reads on one thread of the browser; leave out --threads")
    if options.device != CPU:
        raise SettingsError("--in-browser reads with what the browser has; leave out --device")
    runtime.check()


def bundles(models: Sequence[Path]) -> tuple[tuple[Bundle, ...], DetectorBundle]:
    """Load the models that a page offers, or the one that mien uses; and the face detector.

    Raises:
        MienError: As `find_bundle` and `load_bundle`; or two models have one name.
    """
    found = tuple(load_bundle(find_bundle(model)) for model in models or (None,))
    names = [bundle.info.name for bundle in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SettingsError(
            f"--model: two are called {twice}, between which nobody could choose; leave one out, "
            'or give it another "name" in its model.json'
        )
    return found, load_detector_bundle(DETECTOR_BUNDLE)
