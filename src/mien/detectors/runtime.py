"""Starts onnxruntime on a detector's graph."""

import onnxruntime as ort

from mien.classifier import PROVIDER, session_options
from mien.errors import BundleError, one_line


def giving_back() -> ort.RunOptions:
    """Return options of a run after which the session keeps no memory for the next one."""
    options = ort.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def make_session(graph: bytes, name: str, threads: int) -> ort.InferenceSession:
    """Make a session on the CPU.

    Args:
        graph: The bytes of an ONNX model.
        name: What to call it in errors.
        threads: Threads for one call.

    Raises:
        BundleError: onnxruntime cannot run the graph.
    """
    try:
        return ort.InferenceSession(
            graph, session_options(threads), providers=[PROVIDER], enable_fallback=0
        )
    except Exception as error:  # onnxruntime raises many types without a common base
        reason = one_line(error)
        raise BundleError(f"{name}: not a graph that this onnxruntime runs ({reason})") from error
