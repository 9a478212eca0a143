"""Reads expressions with a bundle's graph, by onnxruntime."""

from typing import NoReturn

import numpy as np

from mien.errors import BundleError, one_line
from mien.models.bundle import GRAPH, Bundle
from mien.models.devices import Device
from mien.models.onnx import make_session
from mien.types import SUM_TOLERANCE, FloatArray, InputSpec, PixelArray, ProbabilityArray

# Names of a graph's outputs; older graphs have only the first, under any name.
PROBABILITIES, FEATURES = "probabilities", "features"


class OnnxClassifier:
    """A `Classifier` that runs a bundle's graph. Holds no state, so threads may share it."""

    def __init__(self, bundle: Bundle, *, threads: int = 1, device: Device | None = None) -> None:
        """Make a session and check that the graph is what the bundle says.

        Args:
            bundle: A loaded bundle.
            threads: Threads for one call; 1 leaves the other cores to the detector and camera.
            device: Where the graph runs; the CPU where None.

        Raises:
            BundleError: The graph cannot be run, or differs from the bundle's description.
        """
        self._bundle = bundle
        self._spec = bundle.info.spec()
        self._labels = tuple(bundle.info.labels)
        self._columns = len(self._labels) + bundle.info.other
        self._session = make_session(bundle.graph, str(bundle.path / GRAPH), threads, device)
        try:
            self._input, self._output = self._check_graph()
            self._dimensions = self._check_features()
        except UnicodeDecodeError:
            self._refuse("has names that are no UTF-8; it was damaged")

    @property
    def bundle(self) -> Bundle:
        """What it was made of."""
        return self._bundle

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the columns."""
        return self._labels

    @property
    def other(self) -> bool:
        """Whether one more column says how probable it is that a face shows none of them."""
        return self._bundle.info.other

    @property
    def spec(self) -> InputSpec:
        """How faces must be cropped."""
        return self._spec

    @property
    def has_features(self) -> bool:
        """Whether the graph gives the pooled features, too."""
        return self._dimensions is not None

    def __call__(self, faces: PixelArray) -> ProbabilityArray:
        """Read all faces in one call; see `mien.protocols.Classifier`.

        Args:
            faces: uint8 [N,size,size,channels]; N may be 0.

        Returns:
            Calibrated probabilities, float32 [N,K], or [N,K+1] where `other` is true.

        Raises:
            BundleError: The graph fails, or gives something that is no probability.
        """
        result = self._run(self._output, faces, self._columns)
        return self._checked(result, len(faces)) if len(faces) else result

    def features(self, faces: PixelArray) -> FloatArray:
        """Return what the network's last linear layer sees, for who learns from it.

        Args:
            faces: uint8 [N,size,size,channels]; N may be 0.

        Returns:
            Pooled features, float32 [N,D].

        Raises:
            BundleError: The graph has none, fails, or gives values that are not finite.
        """
        if self._dimensions is None:
            self._refuse(
                f"gives no {FEATURES}; take a bundle that this version of `mien train` wrote"
            )
        result = self._run(FEATURES, faces, self._dimensions)
        if result.shape != (len(faces), self._dimensions) or not np.isfinite(result).all():
            self._refuse(f"gives {FEATURES} that are not finite; it was exported wrongly")
        return result

    def _run(self, output: str, faces: PixelArray, columns: int) -> FloatArray:
        expected = (self._spec.size, self._spec.size, self._spec.channels)
        if faces.dtype != np.uint8 or faces.shape[1:] != expected:
            raise ValueError(f"faces must be uint8 [N,{expected}], got {faces.dtype} {faces.shape}")
        if not len(faces):
            return np.empty((0, columns), dtype=np.float32)
        try:
            (result,) = self._session.run([output], {self._input: faces})
        except Exception as error:  # onnxruntime raises many types without a common base
            reason = one_line(error)
            raise BundleError(
                f"{self._bundle.path / GRAPH}: the graph fails ({reason}); get the bundle again"
            ) from error
        return np.asarray(result, dtype=np.float32)

    def _checked(self, result: ProbabilityArray, count: int) -> ProbabilityArray:
        """Keep what is no probability from becoming a reading; NaN fails every comparison."""
        good = (
            result.shape == (count, self._columns)
            and result.min() >= -SUM_TOLERANCE
            and (np.abs(result.sum(axis=1) - 1) <= SUM_TOLERANCE).all()
        )
        if not good:
            self._refuse("gives values that are no probabilities; it was exported wrongly")
        return result

    def _check_graph(self) -> tuple[str, str]:
        """Return the names of the input and of the probabilities."""
        inputs = self._session.get_inputs()
        outputs = {output.name: output for output in self._session.get_outputs()}
        spec = self._spec
        if len(inputs) != 1:
            self._refuse(f"has {len(inputs)} inputs, not one")
        if len(outputs) != 1 and outputs.keys() != {PROBABILITIES, FEATURES}:
            self._refuse(
                f"gives {', '.join(outputs)}, but a bundle's graph gives {PROBABILITIES} and, "
                f"where it can, {FEATURES}"
            )
        given = inputs[0]
        result = outputs.get(PROBABILITIES) or next(iter(outputs.values()))
        wanted = [spec.size, spec.size, spec.channels]
        if given.type != "tensor(uint8)" or list(given.shape[1:]) != wanted:
            self._refuse(
                f"takes {given.type} {given.shape}, but model.json says uint8 [N,{wanted}]"
            )
        if result.type != "tensor(float)" or list(result.shape[1:]) != [self._columns]:
            labels = f"{len(self._labels)} labels{' and something else' if self.other else ''}"
            self._refuse(f"gives {result.type} {result.shape}, but model.json has {labels}")
        return str(given.name), str(result.name)

    def _check_features(self) -> int | None:
        """Return how many features the graph gives for a face; None where it gives none."""
        others = [one for one in self._session.get_outputs() if one.name != self._output]
        if not others:
            return None
        (output,) = others
        columns = output.shape[1] if len(output.shape) == 2 else None
        if output.type != "tensor(float)" or not isinstance(columns, int):
            self._refuse(f"gives {FEATURES} as {output.type} {output.shape}, not as floats [N,D]")
        return columns

    def _refuse(self, reason: str) -> NoReturn:
        raise BundleError(f"{self._bundle.path / GRAPH}: the graph {reason}")
