"""The caches of libraries: in a folder that goes with the command.

matplotlib keeps a list of fonts in ~/.cache and makes a folder in ~/.config; PyTorch makes one
beside other temporary files that stays, under a name that anybody could have taken first. Nobody
asked for any of that.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

# The folder of each is read from the environment, when it is first needed.
CACHES = ("MPLCONFIGDIR", "TORCHINDUCTOR_CACHE_DIR")


@contextlib.contextmanager
def caches_kept_apart() -> Iterator[None]:
    """Have libraries keep their caches in a temporary folder, but for those that are set."""
    unset = [name for name in CACHES if not os.environ.get(name)]
    with contextlib.ExitStack() as stack:
        # Where there is no room for temporary files, they do as they always do.
        with contextlib.suppress(OSError):
            folder = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="mien-caches-", ignore_cleanup_errors=True)
            )
            os.environ.update({name: str(Path(folder, name.lower())) for name in unset})
        try:
            yield
        finally:
            for name in unset:
                os.environ.pop(name, None)
