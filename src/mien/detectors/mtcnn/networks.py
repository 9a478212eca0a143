"""The three networks of MTCNN as ONNX graphs, around the weights in the `mtcnn` wheel.

Zhang et al., "Joint Face Detection and Alignment using Multi-task Cascaded Convolutional
Networks", 2016, https://arxiv.org/abs/1604.02878. The wheel's code wants TensorFlow and is never
imported; only its three weight files (MIT licence) are read.

The wheel's arrays follow Keras: kernels are [H,W,in,out], pictures [N,H,W,C] in RGB and scaled to
-1..1, and what the dense layers see has its width first. All of this is folded into the weights
here, so that the graphs take BGR bytes as they come from OpenCV.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from mien.detectors.mtcnn.joblib_arrays import read_arrays
from mien.detectors.weights import package_folder, read_known
from mien.errors import BundleError, MissingExtraError
from mien.types import FloatArray

PACKAGE = EXTRA = "mtcnn"
OPSET, IR_VERSION = 13, 8
FOLDER = "assets/weights"
# What the networks were trained on: (pixel - 127.5) / 128.
MEAN, RANGE = 127.5, 128.0


@dataclass(frozen=True, slots=True)
class Architecture:
    """What the weight file does not say about one of the networks.

    Attributes:
        file: Name of the weight file.
        sha256: Its hash.
        side: Side of the pictures it takes; with no dense layer larger ones will do, too.
        pools: For each convolution, the max pool behind it as (kernel, padding), or None.
        dense: (height, width) of what the dense layer sees; None where there is none.
        heads: Names of the outputs in the order of the file's arrays.
    """

    file: str
    sha256: str
    side: int
    pools: Sequence[tuple[int, str] | None]
    dense: tuple[int, int] | None
    heads: Sequence[str]

    def count(self) -> int:
        """Number of arrays in the file: three for a layer with its PReLU, two for a head."""
        return 3 * (len(self.pools) + (self.dense is not None)) + 2 * len(self.heads)


PROPOSAL = Architecture(
    "pnet.lz4",
    "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
    side=12,
    pools=((2, "SAME_UPPER"), None, None),
    dense=None,
    heads=("offsets", "scores"),
)
REFINEMENT = Architecture(
    "rnet.lz4",
    "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
    side=24,
    pools=((3, "SAME_UPPER"), (3, "VALID"), None),
    dense=(3, 3),
    heads=("offsets", "scores"),
)
OUTPUT = Architecture(
    "onet.lz4",
    "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
    side=48,
    pools=((3, "SAME_UPPER"), (3, "VALID"), (2, "SAME_UPPER"), None),
    dense=(3, 3),
    heads=("offsets", "landmarks", "scores"),
)


def load_graph(architecture: Architecture) -> bytes:
    """Read a network's weights out of the wheel and build its graph.

    Returns:
        An ONNX model: uint8 BGR pictures [N,H,W,3] → float32, one output per head in their order,
        [N,count] or, for the proposal network, [N,count,h,w]. Scores are softmax probabilities;
        the second is that of a face.

    Raises:
        MissingExtraError: The extra [mtcnn] is not installed.
        BundleError: The wheel's file is not the known one.
    """
    return build_graph(load_arrays(architecture), architecture)


def load_arrays(architecture: Architecture) -> list[FloatArray]:
    """Read a network's arrays, checking the file's hash before anything in it is decoded.

    Raises:
        MissingExtraError: The extra [mtcnn] is not installed.
        BundleError: The wheel's file is not the known one.
    """
    folder = package_folder(PACKAGE)
    try:
        import lz4.frame
    except ImportError as error:
        raise _missing() from error
    if folder is None:
        raise _missing()
    path = folder / Path(FOLDER) / architecture.file
    data, _ = read_known(path, {architecture.sha256: f"{architecture.file} of mtcnn 1.0.0"})
    arrays = read_arrays(lz4.frame.decompress(data), str(path))
    if len(arrays) != architecture.count():
        raise BundleError(f"{path}: holds {len(arrays)} arrays, not {architecture.count()}")
    return arrays


def _missing() -> MissingExtraError:
    return MissingExtraError("the detector mtcnn", EXTRA)


def build_graph(arrays: Sequence[FloatArray], architecture: Architecture) -> bytes:
    """Build the graph that `load_graph` describes around arrays in the order of the file.

    Raises:
        MissingExtraError: The extra [mtcnn] is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise _missing() from error
    network = _Network(arrays, onnx)
    network.add("Cast", to=onnx.TensorProto.FLOAT)
    network.add("Transpose", perm=(0, 3, 1, 2))
    for number, pool in enumerate(architecture.pools):
        network.convolution(first=number == 0)
        network.prelu((-1, 1, 1))
        if pool is not None:
            kernel, padding = pool
            network.add("MaxPool", kernel_shape=(kernel,) * 2, strides=(2, 2), auto_pad=padding)
    if architecture.dense is not None:
        network.add("Flatten", axis=1)
        network.dense(architecture.dense)
        network.prelu((-1,))
    for head in architecture.heads:
        network.head(head)
    return network.encode(
        Path(architecture.file).stem, None if architecture.dense is None else architecture.side
    )


class _Network:
    """Grows a graph layer by layer, taking the arrays in the order in which they are stored."""

    def __init__(self, arrays: Sequence[FloatArray], onnx: ModuleType) -> None:
        self._onnx = onnx
        self._nodes: list[Any] = []
        self._weights: list[Any] = []
        self._outputs: list[Any] = []
        self._arrays = iter(arrays)
        self._last = "pictures"

    def add(self, operator: str, weights: Sequence[str] = (), **attributes: object) -> None:
        """Append an operator that takes what the last one gave."""
        name = f"{operator.lower()}{len(self._nodes)}"
        inputs = [self._last, *weights]
        self._nodes.append(self._onnx.helper.make_node(operator, inputs, [name], **attributes))
        self._last = name

    def convolution(self, *, first: bool) -> None:
        """Append a convolution; the first one takes BGR bytes instead of scaled RGB."""
        kernel, bias = next(self._arrays), next(self._arrays)
        if first:
            kernel = kernel[:, :, ::-1] / RANGE
            bias = bias - MEAN * kernel.sum((0, 1, 2))
        self.add("Conv", self._constants(kernel.transpose(3, 2, 0, 1), bias))

    def prelu(self, shape: tuple[int, ...]) -> None:
        """Append a PReLU with one slope per channel."""
        self.add("PRelu", self._constants(next(self._arrays).reshape(shape)))

    def dense(self, area: tuple[int, int]) -> None:
        """Append a dense layer over [C,H,W]; the stored one is over [W,H,C]."""
        kernel, bias = next(self._arrays), next(self._arrays)
        height, width = area
        stored = kernel.reshape(width, height, -1, kernel.shape[1])
        rows = stored.transpose(2, 1, 0, 3).reshape(kernel.shape)
        self.add("Gemm", self._constants(rows, bias))

    def head(self, name: str) -> None:
        """Append an output: a 1x1 convolution or a dense layer on what the body gave."""
        body = self._last
        kernel, bias = next(self._arrays), next(self._arrays)
        if kernel.ndim == 4:
            self.add("Conv", self._constants(kernel.transpose(3, 2, 0, 1), bias))
        else:
            self.add("Gemm", self._constants(kernel, bias))
        if name == "scores":
            self.add("Softmax", axis=1)
        self._nodes[-1].output[0] = name
        shape = ["n", kernel.shape[-1], *(("h", "w") if kernel.ndim == 4 else ())]
        self._outputs.append(self._value(name, self._onnx.TensorProto.FLOAT, shape))
        self._last = body

    def encode(self, name: str, side: int | None) -> bytes:
        """Return the model; it takes pictures of any size where `side` is None."""
        sides = ["height", "width"] if side is None else [side, side]
        pictures = self._value("pictures", self._onnx.TensorProto.UINT8, ["n", *sides, 3])
        helper = self._onnx.helper
        graph = helper.make_graph(self._nodes, name, [pictures], self._outputs, self._weights)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
        return bytes(model.SerializeToString())

    def _value(self, name: str, element: int, shape: Sequence[int | str]) -> Any:
        return self._onnx.helper.make_tensor_value_info(name, element, shape)

    def _constants(self, *arrays: FloatArray) -> tuple[str, ...]:
        names = tuple(f"weight{len(self._weights) + number}" for number in range(len(arrays)))
        for name, array in zip(names, arrays, strict=True):
            self._weights.append(self._onnx.numpy_helper.from_array(array, name))
        return names
