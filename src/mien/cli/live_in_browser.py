"""`mien live --in-browser`: the page reads faces by itself, and this machine only hands it out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mien.cli.extras import install
from mien.errors import MissingExtraError, SettingsError
from mien.models.bundle import load_bundle, load_detector_bundle
from mien.registry import DEFAULT_DETECTOR, DETECTOR_BUNDLE, find_bundle
from mien.sources.naming import Sample, meant
from mien.web.page import runtime
from mien.web.protocol import Mode
from mien.web.site.engine import engine_files

if TYPE_CHECKING:
    from mien.cli.live import LiveOptions
    from mien.cli.models import ModelOptions


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
    if options.detector != DEFAULT_DETECTOR:
        raise SettingsError(
            f"--in-browser finds faces with the detector {DEFAULT_DETECTOR}; "
            f"leave out --detector {options.detector}"
        )
    runtime.check()


def files(options: "ModelOptions", source: str | None = None) -> Mapping[str, bytes]:
    """Return what the page needs of the models that were asked for; install what is missing.

    Nothing is fetched unless whoever sits at the terminal says so.

    Raises:
        MienError: As `find_bundle` and `load_bundle`; or packages are missing.
    """
    bundle = load_bundle(find_bundle(options.model))
    detector = load_detector_bundle(options.detector_model or DETECTOR_BUNDLE)
    mode: Mode = "camera" if source is None else "sample"
    try:
        return engine_files(bundle, detector, mode=mode)
    except MissingExtraError:
        if not install("site", "A page that reads faces by itself"):
            raise
        return engine_files(bundle, detector, mode=mode)
