"""onnxruntime-web, which runs the networks in a browser: where the package has it, if it has it.

`make page-runtime` puts it there (tools/page_runtime.py); wheels hold it, a checkout at first does
not.
"""

from pathlib import Path

from mien.errors import SettingsError

NAME = "vendor/onnxruntime-web"
FOLDER = Path(__file__).parents[1] / "static" / NAME
# The build that computes on the processor, with its glue; and the code itself.
FILES = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")
LICENCES = ("LICENSE", "ThirdPartyNotices.txt")


def check() -> None:
    """See that all of it is there.

    Raises:
        SettingsError: A file is missing.
    """
    for name in (*FILES, *LICENCES):
        if not (FOLDER / name).is_file():
            raise SettingsError(
                f"{FOLDER / name}: missing, without which no browser can read faces by itself; "
                "in a checkout run `make page-runtime`, elsewhere install mien's wheel again"
            )
