"""`mien live --in-browser`: the page reads faces by itself, and this machine only hands it out."""

from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import SettingsError
from mien.models.bundle import Bundle, DetectorBundle, load_bundle, load_detector_bundle
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
    for name, given in (("lan", options.lan), ("stats", options.stats)):
        if given:
            raise SettingsError(f"--in-browser does without a server; leave out --{name}")
    if options.detector_model is not None or options.detector != DEFAULT_DETECTOR:
        raise SettingsError(
            f"--in-browser finds faces with mien's own detector, {DEFAULT_DETECTOR}; "
            "leave out --detector and --detector-model"
        )
    if options.threads != THREADS:
        raise SettingsError("--in-browser reads on one thread of the browser; leave out --threads")
    runtime.check()


def bundles(model: Path | None) -> tuple[Bundle, DetectorBundle]:
    """Load a model and the face detector.

    Raises:
        MienError: As `find_bundle` and `load_bundle`.
    """
    return load_bundle(find_bundle(model)), load_detector_bundle(DETECTOR_BUNDLE)
