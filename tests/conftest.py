"""Fixtures that many tests use."""

import functools
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Each process of the tests has a core of its own, and so has each command that one starts.
os.environ["OMP_NUM_THREADS"] = "1"

import cv2
import numpy as np
import pytest
from hypothesis import settings
from tests.exports import SharedExports, export_quickly

from mien.datasets.records import LabelledFace, Rejection
from mien.models.bundle import write_bundle
from mien.models.info import FORMAT, DataTerms, InputInfo, ModelInfo, Terms
from mien.types import PixelArray, PlotKind
from mien.vision.images.reading import read_picture

if TYPE_CHECKING:
    from mien.datasets.dataset import Dataset

pytest_plugins = ["tests.collecting", "tests.extras", "tests.sharing_out"]
# Where a script starts the tests in the background, or `nohup` does, all that they start would
# ignore Ctrl-C, or the end of the terminal.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
# No test may fail because the machine is busy. `make test-heavy` looks for more counter-examples.
settings.register_profile("quick", deadline=None, max_examples=25)
settings.register_profile("thorough", deadline=None)
settings.load_profile("quick")


ROOT = Path(__file__).parent.parent
LABELS = ("angry", "sad", "happy", "neutral")
HALVES = ("down", "up")


def pytest_xdist_auto_num_workers() -> int:
    """Two processes more than there are cores: much of the time is waiting for what is started."""
    return (os.cpu_count() or 1) + 2


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real faces, clips and reference weights beside the checkout."""
    path = ROOT.parent / "shared"
    if not (path / "data").is_dir():
        pytest.skip("needs ../shared (real faces and clips), which is not here")
    return path


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Keep OpenCV to one thread, as OMP_NUM_THREADS does PyTorch: more only wait for each other."""
    cv2.setNumThreads(1)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all the processes of this run: what one makes there, under a lock, others use."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def quick_export() -> Iterator[None]:
    """Export without listing each time what can be exported."""
    torch = pytest.importorskip("torch", reason="needs the extra [train]")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.onnx, "export", functools.partial(export_quickly, torch.onnx.export))
        yield


@pytest.fixture(scope="module")
def one_export(quick_export: None, shared_folder: Path) -> Iterator[None]:
    """Export one of all the networks that differ in nothing but their weights."""
    torch = pytest.importorskip("torch", reason="needs the extra [train]")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.onnx, "export", SharedExports(torch.onnx.export, shared_folder))
        yield


@pytest.fixture(scope="module")
def tiny_network() -> Iterator[None]:
    """Make `residual` a network of two blocks: what a run does with any, it does with this one."""
    pytest.importorskip("torch", reason="needs the extra [train]")
    from mien.training.expression.network import ARCHITECTURES, ResidualNetwork

    with pytest.MonkeyPatch.context() as patch:
        tiny = functools.partial(ResidualNetwork, stages=((32, 1), (64, 1)))
        patch.setitem(ARCHITECTURES, "residual", tiny)
        yield


@pytest.fixture(scope="module")
def one_drawing() -> Iterator[None]:
    """Draw the curves of one run: to draw takes as long as a tiny network takes to learn."""
    from mien.training import curves

    render, drawn = curves.render, dict[str, bytes]()

    def render_once(figure: Any, kind: PlotKind) -> bytes:
        return drawn.get(kind) or drawn.setdefault(kind, render(figure, kind))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "render", render_once)
        yield


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 128 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", "size=128k", "mien-test", str(place)]
    try:
        subprocess.run(["mount", *options], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("needs to mount a small disk, which is not allowed here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=False, timeout=60)


@pytest.fixture(scope="session")
def portrait() -> PixelArray:
    """A real picture with one smiling face, BGR [320,320,3], read-only."""
    image = read_picture(ROOT / "src" / "mien" / "assets" / "collins.jpg")
    image.flags.writeable = False
    return image


@pytest.fixture
def make_bundle(tmp_path: Path) -> Callable[..., Path]:
    """Write a tiny bundle whose graph really runs: a linear map of the mean brightness."""

    def make(
        name: str = "tiny",
        *,
        labels: Sequence[str] = LABELS,
        size: int = 48,
        not_sure_below: float = 0.4,
        output_labels: int | None = None,
        features: bool = False,
        other: bool = False,
    ) -> Path:
        info = ModelInfo(
            format=FORMAT,
            name=name,
            version="0.0.1",
            labels=tuple(labels),
            input=InputInfo(size, 1, 1.0, "none"),
            sha256="0" * 64,
            temperature=1.0,
            not_sure_below=not_sure_below,
            other=other,
            terms=Terms("MIT", (DataTerms("none", "nobody's"),)),
            command="a test",
            seed=0,
        )
        graph = tiny_graph(size, output_labels or len(labels) + other, features=features)
        return write_bundle(tmp_path / name, info, graph, "# A test's bundle\n").path

    return make


def tiny_graph(size: int, classes: int, *, features: bool = False) -> bytes:
    """Build uint8 faces → probabilities: brighter faces make the later classes more probable.

    The one feature, where it is wanted, is how far the mean gray is from the middle, over 64.
    """
    onnx = pytest.importorskip("onnx", reason="needs the extra [train]")
    helper, proto = onnx.helper, onnx.TensorProto
    slope = np.linspace(-4, 4, classes, dtype=np.float32)[None]
    nodes = [
        helper.make_node("Cast", ["faces"], ["float"], to=proto.FLOAT),
        helper.make_node("ReduceMean", ["float", "axes"], ["mean"], keepdims=0),
        helper.make_node("Sub", ["mean", "middle"], ["centred"]),
        helper.make_node("Div", ["centred", "range"], ["unit"]),
        helper.make_node("Unsqueeze", ["unit", "last"], ["column"]),
        helper.make_node("MatMul", ["column", "slope"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
    ]
    columns = {"probabilities": classes}
    if features:
        nodes.append(helper.make_node("Identity", ["column"], ["features"]))
        columns["features"] = 1
    constants = {
        "axes": np.array([1, 2, 3], np.int64),
        "middle": np.array(127.5, np.float32),
        "range": np.array(64.0, np.float32),
        "last": np.array([1], np.int64),
        "slope": slope,
    }
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("faces", proto.UINT8, ["n", size, size, 1])],
        [
            helper.make_tensor_value_info(name, proto.FLOAT, ["n", count])
            for name, count in columns.items()
        ],
        [onnx.numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


@dataclass(frozen=True)
class HalfBright:
    """Faces of noise, their upper or lower half brighter."""

    count: int
    name: str = "half-bright"
    classes: tuple[str, ...] = HALVES
    refused: tuple[Rejection, ...] = ()
    splits_itself: bool = False

    def __len__(self) -> int:
        return self.count

    def settings(self) -> dict[str, str | int | float | bool | None]:
        return {"input": self.name}

    def notes(self) -> tuple[str, ...]:
        return ()

    def fingerprint(self, start: int, stop: int) -> str:
        return f"{start}-{stop}"

    def read(self, start: int, stop: int) -> Iterator[LabelledFace | Rejection]:
        for index in range(start, stop):
            rng, label = np.random.default_rng(index), index % 2
            pixels = rng.integers(0, 150, (24, 24, 1), dtype=np.uint8)
            half = slice(0, 12) if label else slice(12, 24)
            pixels[half] += 100
            soft = (0.1, 0.9) if label else (0.9, 0.1)
            yield LabelledFace(pixels, label, soft, f"{index}.png")


@dataclass(frozen=True)
class HalfBrightOrFlat(HalfBright):
    """And as many faces of which no half is brighter."""

    name: str = "half-bright-or-flat"
    classes: tuple[str, ...] = (*HALVES, "flat")

    def read(self, start: int, stop: int) -> Iterator[LabelledFace | Rejection]:
        for index, face in enumerate(super().read(start, stop), start):
            assert isinstance(face, LabelledFace)
            if index % 3:
                yield replace(face, soft=(*face.soft, 0.0))
                continue
            pixels = np.random.default_rng(index).integers(50, 200, (24, 24, 1), dtype=np.uint8)
            yield replace(face, pixels=pixels, label=2, soft=(0.05, 0.05, 0.9))


class Inverted(HalfBright):
    """Other faces, described alike."""

    def read(self, start: int, stop: int) -> Iterator[LabelledFace | Rejection]:
        for face in super().read(start, stop):
            assert isinstance(face, LabelledFace)
            yield replace(face, pixels=255 - face.pixels)


@pytest.fixture(scope="session")
def described_alike(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Dataset, Dataset]":
    """Two data sets of other faces, whose dataset.json is the same byte for byte."""
    place = tmp_path_factory.mktemp("data")
    return (
        prepared(HalfBright(40), place / "one" / "set"),
        prepared(Inverted(40), place / "other" / "set"),
    )


@pytest.fixture(scope="session")
def wider_dataset(tmp_path_factory: pytest.TempPathFactory) -> "Dataset":
    """A tiny data set of three classes, to read two of them."""
    return prepared(HalfBrightOrFlat(180), tmp_path_factory.mktemp("data") / "wider")


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> "Dataset":
    """A tiny data set that `prepare` really wrote: two classes, told apart by the bright half."""
    return prepared(HalfBright(120), tmp_path_factory.mktemp("data") / "halves")


def prepared(faces: HalfBright, out: Path) -> "Dataset":
    """Prepare a data set."""
    pytest.importorskip("pyarrow", reason="needs the extra [train]")
    from mien.datasets.preparation.prepare import prepare

    return prepare(faces, out)
