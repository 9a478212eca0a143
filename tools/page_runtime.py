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


def main() -> int:
    """Copy the files, or say what is missing."""
    licences = Path(onnxruntime.__file__).parent
    found = [*(NPM / name for name in FILES), *(licences / name for name in LICENCES)]
    missing = [path for path in found if not path.is_file()]
    if missing:
        print(f"{missing[0]}: missing; run `make page-runtime`, which fetches it by npm")
        return 1
    with new_folder(FOLDER) as new:
        for path in found:
            shutil.copyfile(path, new / path.name)
    for path in (FOLDER / name for name in FILES):
        data = path.read_bytes()
        print(f"{path.name}: {len(data):,} bytes, {len(gzip.compress(data)):,} compressed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
