"""The one way to run a graph: onnxruntime on the CPU."""

import onnxruntime as ort

from mien.errors import BundleError, one_line

PROVIDER = "CPUExecutionProvider"
ALL_CORES = 0


def make_session(graph: bytes, name: str, threads: int = 1) -> ort.InferenceSession:
    """Make a session, which threads may share.

    Args:
        graph: The bytes of an ONNX model.
        name: What to call it in errors.
        threads: Threads for one call; 1 leaves the other cores to others, ALL_CORES takes all.

    Raises:
        BundleError: onnxruntime cannot run the graph.
    """
    try:
        # Without `enable_fallback=0`, a graph that fails is tried once more, and printed of.
        return ort.InferenceSession(
            graph, _options(threads), providers=[PROVIDER], enable_fallback=0
        )
    except Exception as error:  # onnxruntime raises many types without a common base
        reason = one_line(error)
        raise BundleError(
            f"{name}: not a graph that this onnxruntime runs ({reason}); get the model again"
        ) from error


def giving_back() -> ort.RunOptions:
    """Return options of a run after which the session keeps no memory for the next one."""
    options = ort.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def _options(threads: int) -> ort.SessionOptions:
    """Options for small networks: no spinning, which burns a core between frames."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
