"""Which process of the tests runs which file.

A file's tests run in one process, in which what its fixtures made (a browser, a trained network)
serves all of them. PyTorch's compiler and exporter, and Keras, take ten seconds to get ready in a
process, so the first process takes the files that want them before it takes others, and the others
take the browser's: what is dear begins early, and what is cheap fills the end.
"""

import pytest
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

# By the beginnings of their names, the files that want PyTorch to train or export, and a browser.
TRAINING = (
    "tests/training/",
    "tests/keras/",
    "tests/cli/test_train",
    "tests/cli/test_import_keras",
    "tests/cli/test_export_keras",
)
BROWSER = ("tests/web/",)


class SharingOut(LoadFileScheduling):
    """Whole files, of which each process takes those of its own kind first."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        own, others = (TRAINING, BROWSER) if node is self.nodes[0] else (BROWSER, TRAINING)

        def rank(name: str) -> int:
            return 2 if name.startswith(others) else 1 - name.startswith(own)

        # The first of the best: files of many tests come before those of few.
        self.workqueue.move_to_end(min(self.workqueue, key=rank), last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> SharingOut | None:
    """Share the tests out, unless another way was asked for (`--dist load`)."""
    return SharingOut(config, log) if config.option.dist == "loadfile" else None
