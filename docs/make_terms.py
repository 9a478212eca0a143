"""Writes TERMS.md from what the shipped bundles say themselves: `python -m docs.make_terms`."""

from pathlib import Path

from mien.models.bundle import load_bundle, load_detector_bundle
from mien.models.info import BundleInfo
from mien.registry import DETECTOR_BUNDLE, MODELS

PAGE = Path(__file__).parents[1] / "TERMS.md"
HEAD = """# Terms

The code of mien is under the MIT licence ([LICENSE](LICENSE)). What comes with it has terms of its
own. In the package's metadata, `LicenseRef-mien-weights` stands for those of the weights.

Made by `python -m docs.make_terms` from each model's `model.json`; a test keeps it current.

| in the package | terms | learnt from |
| --- | --- | --- |
"""
OTHERS = """| the sample's pictures, the drawn faces | [CREDITS.md](src/mien/assets/CREDITS.md) | |
| the font DejaVu Sans | [LICENSE_DEJAVU](src/mien/assets/LICENSE_DEJAVU) | |
| onnxruntime-web, the page's own engine | MIT, and those of `ThirdPartyNotices.txt` beside it | |
"""


def page() -> str:
    """Return the whole page."""
    return HEAD + "".join(_row(info) for info in _shipped()) + OTHERS


def _shipped() -> list[BundleInfo]:
    folders = sorted(path.parent for path in MODELS.glob("*/model.json"))
    return [
        load_detector_bundle(path).info if path == DETECTOR_BUNDLE else load_bundle(path).info
        for path in folders
    ]


def _row(info: BundleInfo) -> str:
    cells = [f"the model `{info.name}` {info.version}", info.terms.weights, info.terms.sources()]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
