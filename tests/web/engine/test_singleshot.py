"""The engine in the browser shows the detector's network the same, and finds the same faces."""

from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from tests.web.engine.twins import noise, picture, scenery

from mien.detectors import single_shot
from mien.detectors.single_shot import SingleShotDetector
from mien.models.bundle import AnyBundle
from mien.registry import make_detector
from mien.sources.sample import SampleSource

# Many cases of one part; `test_analyzer` has some of all parts together.
pytestmark = pytest.mark.heavy

LIMITS = {"large": 40_000, "tile": 160, "overlap": 48}


class Seeing:
    """A network that finds faces where there is light: its answers depend on what it is shown."""

    def __init__(self, channels):
        self.channels = channels

    def get_inputs(self):
        shape = [1, "h", "w", self.channels]
        return [
            msgspec.defstruct("Given", ["name", "type", "shape"])("picture", "tensor(uint8)", shape)
        ]

    def get_outputs(self):
        made = msgspec.defstruct("Result", ["name"])
        return [made(name) for name in single_shot.OUTPUTS]

    def run(self, _names, given, _options=None):
        _, height, width, _ = given["picture"].shape
        y, x = (grid.ravel() for grid in np.mgrid[4:height:8, 4:width:8])
        light = given["picture"][0, y, x].astype(np.float32)
        scores = light.mean(axis=1) / 256
        sides = 8 + light[:, :1] * 0.3
        middles = np.stack([x, y], axis=1) + (light[:, -1:] - 128) / 16
        boxes = np.concatenate([middles - sides / 2, middles + sides / 2], axis=1)
        points = np.linspace(-0.3, 0.3, 10).reshape(1, 5, 2) * sides[:, :, None] + middles[:, None]
        return [scores.astype(np.float32), boxes.astype(np.float32), points.astype(np.float32)]


class Recording:
    """Keeps what a network is shown, and what it answers."""

    def __init__(self, session):
        self.session = session
        self.calls = []

    def run(self, names, given, options=None):
        scores, boxes, landmarks = self.session.run(names, given, options)
        shown = given["picture"]
        parts = {"scores": scores, "boxes": boxes, "landmarks": landmarks}
        self.calls.append({"given": shown, "shape": shown.shape, **parts})
        return scores, boxes, landmarks


def case(name, detector, image, **options):
    recording = detector._session = Recording(detector._session)
    faces = detector(image)
    detector._session = recording.session
    info = msgspec.to_builtins(detector._info)
    return {
        "name": name,
        "picture": picture(image),
        "info": info,
        "options": options,
        "calls": recording.calls,
        "faces": faces,
    }


@pytest.fixture
def fake(monkeypatch):
    known = make_detector()._info

    def make(channels, multiple, min_face):
        monkeypatch.setattr(single_shot, "make_session", lambda *_: Seeing(channels))
        info = msgspec.structs.replace(known, channels=channels, multiple=multiple, min_score=0.6)
        return SingleShotDetector(AnyBundle(Path("fake"), info, b""), min_face=min_face)

    return make


def of_the_fake(fake, rng):
    for make, channels, multiple, min_face, size in [
        (scenery, 1, 32, 32, (321, 243)),
        (noise, 1, 32, 24, (230, 64)),
        (noise, 3, 16, 32, (240, 177)),
        (noise, 1, 1, 10, (31, 17)),
        (scenery, 3, 32, 96, (500, 401)),
        (noise, 1, 32, 32, (1, 1)),
        (noise, 1, 32, 41.5, (97, 640)),
    ]:
        name = f"{size}, {channels} channels, from {min_face}"
        yield case(name, fake(channels, multiple, min_face), make(rng, *size), minFace=min_face)


def of_tiles(fake, rng, monkeypatch):
    for name, value in LIMITS.items():
        monkeypatch.setattr(single_shot, name.upper(), value)
    for channels, size in [(1, (400, 300)), (3, (161, 420)), (1, (300, 150))]:
        image = scenery(rng, *size)
        yield case(f"tiles {size}", fake(channels, 32, 24), image, minFace=24, limits=LIMITS)


def of_the_shipped(rng):
    detector = make_detector()
    frames = list(SampleSource())
    for number in (0, len(frames) - 40):
        yield case(f"sample {number}", detector, frames[number].image)
    frame = frames[-40].image
    yield case("sample, smaller", detector, cv2.resize(frame, None, fx=0.7, fy=0.7))
    dark = np.asarray(frame[:, 150:500] * 0.3 + rng.normal(0, 6, frame[:, 150:500].shape))
    yield case("sample, dark", detector, dark.clip(0, 255).astype(np.uint8))


def test_the_detector_shows_and_finds_the_same_as_in_python(fake, monkeypatch, answer):
    rng = np.random.default_rng(48)
    vectors = [*of_the_shipped(rng), *of_the_fake(fake, rng), *of_tiles(fake, rng, monkeypatch)]
    counts = {one["name"]: (len(one["calls"]), len(one["faces"])) for one in vectors}
    assert [counts[f"sample {number}"] for number in (0, 200)] == [(2, 1), (2, 2)]
    assert counts["tiles (400, 300)"][0] > 8
    assert all(
        faces > 0 for name, (_, faces) in counts.items() if name[0] in "(t" and "(1, 1)" not in name
    )
    assert answer("singleshot", vectors) == ""
