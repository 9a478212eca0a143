"""Streams on the loopback: nothing of a test is announced to a network."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mien.errors import MienError
from mien.types import Analysis, Box, Face, Frame, Prediction, Quality, Reading

LABELS = ("angry", "sad", "happy", "neutral")
NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def lsl(tmp_path_factory) -> Iterator:
    """Pylsl, told by a file to stay on this machine, before it is asked for anything."""
    path: Path = tmp_path_factory.mktemp("lsl") / "lsl_api.cfg"
    path.write_text(
        "[multicast]\nResolveScope = machine\n[lab]\nKnownPeers = {127.0.0.1}\n[log]\nlevel = -3\n"
    )
    before = os.environ.get("LSLAPICFG")
    os.environ["LSLAPICFG"] = str(path)
    try:
        from mien.sinks.lsl.library import configure, load

        try:
            found = load("a test")
        except MienError as error:
            pytest.skip(str(error))
        assert configure(found, None) == str(path)
        yield found
    finally:
        os.environ.pop("LSLAPICFG")
        if before is not None:
            os.environ["LSLAPICFG"] = before


@pytest.fixture
def name() -> str:
    """A name that no stream of another test, in whichever process, has."""
    return f"test {os.getpid()} {next(NUMBERS)}"


@pytest.fixture
def read() -> Callable[..., Analysis]:
    """Make what was read of some faces, by the numbers of their tracks and their looks."""

    def make(
        time: float, looks: dict[int, str | None], captured: float | None = None, source="camera 0"
    ) -> Analysis:
        prediction = Prediction(LABELS, (0.1, 0.2, 0.6, 0.1), 0.25)
        readings = tuple(
            Reading(track, Face(Box(1, 2, 30, 40), 0.9), prediction, prediction, look,
                    Quality(30, 10, 90, issues=() if look else ("dark",)),
                    None if look else "dark")
            for track, look in looks.items()
        )  # fmt: skip
        return Analysis(round(time * 10), time, source, (64, 48), readings, captured=captured)

    return make


@pytest.fixture
def frame() -> Frame:
    """A frame, of which streams take nothing."""
    import numpy as np

    return Frame(np.zeros((4, 4, 3), np.uint8), 0, 0.0, "camera 0")
