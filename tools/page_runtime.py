"""Copy what the page's own engine needs of onnxruntime-web into the package.

    make page-runtime

It is fetched by npm, at the version and hash of package-lock.json. A wheel that is built afterwards
holds it (`artifacts` in pyproject.toml). Its licence is the one of onnxruntime itself, which npm's
package lacks: it is taken from that of Python.
"""

import gzip
import shutil
import sys
from pathlib import Path

import onnxruntime

from mien.files.writes import new_folder
from mien.web.page.runtime import FILES, FOLDER, LICENCES

NPM = Path(__file__).parents[1] / "node_modules" / "onnxruntime-web" / "dist"


def main() -> None:
    """Copy the files; end with a line that says what is missing, where something is."""
    licences = Path(onnxruntime.__file__).parent
    found = [*(NPM / name for name in FILES), *(licences / name for name in LICENCES)]
    missing = [path for path in found if not path.is_file()]
    if missing:
        sys.exit(f"{missing[0]}: missing; run `make page-runtime`, which fetches it by npm")
    with new_folder(FOLDER) as new:
        for path in found:
            shutil.copyfile(path, new / path.name)
    for path in (FOLDER / name for name in FILES):
        data = path.read_bytes()
        small = len(gzip.compress(data))
        sys.stdout.write(f"{path.name}: {len(data):,} bytes, {small:,} compressed\n")


if __name__ == "__main__":
    main()
