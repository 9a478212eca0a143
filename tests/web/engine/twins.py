"""How the engine in the browser is held to Python: its twins must answer alike.

When a test runs, Python writes what it was asked and what it answered (the vectors), so that they
change with it; `node` answers once for each module of tests, and so does a worker in Chromium.
"""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.web.hosts import Host

from mien.types import Box, Face

# Lets a twin answer, the file of that name beside this one: what differs, a line each, and nothing
# where all is alike. Arrays of numpy and faces may be anywhere in the vectors.
Answer = Callable[[str, Any], str]
HERE = Path(__file__).parent
ROOT = HERE.parents[2]
# Has a worker import a twin and answer; returns what differs.
ASK = """
([module, vectors]) => new Promise((resolve, reject) => {
  const worker = new Worker("/tests/web/engine/worker.mjs", { type: "module" });
  worker.onmessage = ({ data }) => (worker.terminate(), resolve(data.join("\\n")));
  worker.onerror = ({ message }) => reject(new Error(message || "the worker could not be loaded"));
  worker.postMessage([module, vectors]);
})
"""
# Where pictures are turned, the twins are those of the newer OpenCV.
of_opencv_5 = pytest.mark.skipif(
    int(cv2.__version__.split(".")[0]) < 5,
    reason="needs OpenCV 5: older ones turn pictures by 32nds of a pixel",
)


def answer_in_node(folder: Path, module: str, vectors: Any) -> str:
    """Let a twin answer in node; the vectors are written into a folder."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node 18 or later, to run the engine of the browser")
    path = folder / f"{module}.json"
    path.write_text(json.dumps(vectors, default=_plain), encoding="utf-8")
    command = [node, str(HERE / f"{module}.mjs"), str(path)]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    failed = f"{result.stderr}node ended with {result.returncode}" if result.returncode else ""
    return result.stdout + failed


def answer_in_browser(browser: Any, folder: Path, module: str, vectors: Any) -> str:
    """Let a twin answer in a worker of a browser, as the page's engine is one."""
    for name in ("src", "tests"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "vectors.json").write_text(json.dumps(vectors, default=_plain), encoding="utf-8")
    host = Host(folder)
    address = host.begin().removesuffix("a/folder/")
    try:
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(address)
            return str(page.evaluate(ASK, [module, "/vectors.json"]))
    finally:
        host.end()


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"array": value.dtype.name, "shape": value.shape, "data": data}
    if isinstance(value, Face):
        points = None if value.landmarks is None else value.landmarks.tolist()
        return {"box": value.box.to_tuple(), "score": value.score, "landmarks": points}
    return value.item()


def picture(image: np.ndarray) -> dict[str, Any]:
    """Return a BGR picture as the twins take it."""
    rgba = cv2.cvtColor(image, cv2.COLOR_BGR2RGBA)
    return {"width": image.shape[1], "height": image.shape[0], "data": rgba}


def noise(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Return a picture in which no pixel has to do with the next: the hardest to resize alike."""
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def scenery(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Return soft blobs of light and colour with sharp ovals, as pictures of people have."""
    coarse = rng.integers(0, 256, (max(2, height // 40), max(2, width // 40), 3), dtype=np.uint8)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(12):
        middle = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        axes = (int(rng.integers(3, width // 4 + 4)), int(rng.integers(3, height // 4 + 4)))
        colour = tuple(map(int, rng.integers(0, 256, 3)))
        angle = float(rng.uniform(0, 180))
        cv2.ellipse(
            image, middle, axes, angle, 0, 360, colour, int(rng.choice([-1, 2])), cv2.LINE_AA
        )
    grain = rng.normal(0, 3, image.shape)
    return np.clip(image + grain, 0, 255).astype(np.uint8)


def face_at(
    rng: np.random.Generator, x: float, y: float, side: float, *, landmarks: bool = True
) -> Face:
    """Return a face of about that size around a place, its landmarks where faces have them."""
    width, height = side * rng.uniform(0.75, 1.0), side * rng.uniform(0.95, 1.25)
    box = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    if not landmarks:
        return Face(box, float(rng.uniform(0.5, 1)))
    usual = np.array([[-0.19, -0.11], [0.19, -0.11], [0, 0.08], [-0.16, 0.26], [0.16, 0.26]])
    angle = rng.uniform(-0.5, 0.5)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (usual + rng.normal(0, 0.02, usual.shape)) @ turn.T * side + (x, y)
    return Face(box, float(rng.uniform(0.5, 1)), points.astype(np.float32))


def faces_anywhere(
    rng: np.random.Generator, size: tuple[int, int], sides: Sequence[float]
) -> list[Face]:
    """Return a face of each size, in a picture or over its edges; a few without landmarks."""
    width, height = size
    return [
        face_at(
            rng,
            rng.uniform(-0.2, 1.2) * width,
            rng.uniform(-0.2, 1.2) * height,
            side,
            landmarks=rng.random() > 0.1,
        )
        for side in sides
    ]
