"""The one way to run a graph: onnxruntime, on the CPU or on a device that was asked for."""

import contextlib
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from mien.errors import BundleError, one_line
from mien.models.devices import CPU_PROVIDER, Device, preload

LOG = logging.getLogger(__name__)
ALL_CORES = 0
# What onnxruntime says of its own: only errors; nothing.
ERRORS, NOTHING, USUAL = 3, 4, 2


class Session(Protocol):
    """What runs a graph; threads may share it."""

    def get_inputs(self) -> Sequence[Any]:
        """Return what it takes: each with name, type and shape."""
        ...

    def get_outputs(self) -> Sequence[Any]:
        """Return what it gives: each with name, type and shape."""
        ...

    def run(
        self,
        output_names: Sequence[str] | None,
        input_feed: Mapping[str, npt.NDArray[Any]],
        run_options: ort.RunOptions | None = None,
    ) -> Sequence[Any]:
        """Return the outputs of these names, or all, as arrays."""
        ...


def make_session(
    graph: bytes, name: str, threads: int = 1, device: Device | None = None
) -> Session:
    """Make a session, which threads may share.

    Args:
        graph: The bytes of an ONNX model.
        name: What to call it in errors.
        threads: Threads for one call; 1 leaves the other cores to others, ALL_CORES takes all.
        device: Where it runs, and the CPU for what that cannot; the CPU alone where None. Where the
            device fails, now or in a later call, the CPU does all, and the device is given up.

    Raises:
        BundleError: onnxruntime cannot run the graph.
    """
    if device is None or device.lost:
        return _on_cpu(graph, name, threads)
    try:
        session = _on_device(graph, threads, device)
    except Exception as error:  # onnxruntime raises many types without a common base
        instead = _on_cpu(graph, name, threads)  # raises where it is the graph that cannot be run
        device.give_up(f"cannot be used ({one_line(error)})")
        return instead
    return _WithDevice(session, device, partial(_on_cpu, graph, name, threads))


def giving_back() -> ort.RunOptions:
    """Return options of a run after which the session keeps no memory for the next one.

    The CPU's memory, which every session has. That of another device is not named: a session that
    has none by such a name refuses the run, and what is large is shown in tiles all the same.
    """
    options = ort.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


class _WithDevice:
    """A session on a device, and one on the CPU once the device has failed."""

    def __init__(
        self, session: ort.InferenceSession, device: Device, on_cpu: "partial[Session]"
    ) -> None:
        self._session, self._device, self._make = session, device, on_cpu
        self._instead: Session | None = None
        self._making = threading.Lock()
        self._turn = threading.Lock() if device.kind.alone else contextlib.nullcontext()

    def get_inputs(self) -> Sequence[Any]:
        return list(self._session.get_inputs())

    def get_outputs(self) -> Sequence[Any]:
        return list(self._session.get_outputs())

    def run(
        self,
        output_names: Sequence[str] | None,
        input_feed: Mapping[str, npt.NDArray[Any]],
        run_options: ort.RunOptions | None = None,
    ) -> Sequence[Any]:
        call = (output_names, input_feed, run_options)
        if self._device.lost:
            return self._on_cpu().run(*call)
        try:
            with self._turn:
                answer = self._session.run(*call)
            if all(map(_is_finite, answer)):
                return list(answer)
            reason = "gives values that are not finite"
        except Exception as error:  # onnxruntime raises many types without a common base
            reason = f"fails ({one_line(error)})"
        # Raises what it raises on the CPU, where it is the graph or the input that is wrong.
        answer = self._on_cpu().run(*call)
        if all(map(_is_finite, answer)):
            self._device.give_up(reason)
        return answer

    def _on_cpu(self) -> Session:
        with self._making:
            self._instead = self._instead or self._make()
            return self._instead


def _on_cpu(graph: bytes, name: str, threads: int) -> Session:
    try:
        session: Session = _session(graph, _options(threads), [CPU_PROVIDER])
    except Exception as error:  # onnxruntime raises many types without a common base
        reason = one_line(error)
        raise BundleError(
            f"{name}: not a graph that this onnxruntime runs ({reason}); get the model again"
        ) from error
    return session


def _on_device(graph: bytes, threads: int, device: Device) -> ort.InferenceSession:
    """Make a session there, or raise whatever says why there can be none."""
    with _quiet():
        preload(device.kind)
        options = _options(threads)
        device.set_up(options, threads)
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        session = _session(graph, options, device.providers(threads))
    # Where a provider's libraries are missing, onnxruntime goes on without it.
    if device.kind.provider not in session.get_providers():
        raise RuntimeError(
            f"onnxruntime does not get {device.kind.provider} to work: no such device, or its "
            "driver or libraries are missing; --log-level debug shows what it says"
        )
    device.count(*_nodes(session, device.kind.provider))
    return session


def _nodes(session: ort.InferenceSession, provider: str) -> tuple[int, int]:
    """Return how many nodes a provider runs, and of how many; 0 where onnxruntime does not tell."""
    told: Sequence[Any] = getattr(session, "get_provider_graph_assignment_info", tuple)()
    counts = [(part.ep_name == provider, len(part.get_nodes())) for part in told]
    return sum(count for its, count in counts if its), sum(count for _, count in counts)


def _session(
    graph: bytes, options: ort.SessionOptions, providers: Sequence[Any] | None
) -> ort.InferenceSession:
    # Without `enable_fallback=0`, a graph that fails is tried once more, and printed of.
    return ort.InferenceSession(graph, options, providers=providers, enable_fallback=0)


def _is_finite(values: Any) -> bool:
    return bool(np.isfinite(values).all())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep onnxruntime from printing lines of what is then said in one, but for who debugs."""
    if LOG.isEnabledFor(logging.DEBUG):
        yield
        return
    ort.set_default_logger_severity(NOTHING)
    try:
        yield
    finally:
        ort.set_default_logger_severity(USUAL)


def _options(threads: int) -> ort.SessionOptions:
    """Options for small networks: no spinning, which burns a core between frames."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
