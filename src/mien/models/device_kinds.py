"""What onnxruntime has to know of each kind of device: a new one is a row of `KINDS`."""

import importlib.util
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import onnxruntime as ort

# What all of onnxruntime's builds are imported as: of two in one environment, one hides the other.
RUNTIME = "onnxruntime"
Options = dict[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of device, as onnxruntime knows it.

    Attributes:
        provider: Its name there.
        package: What brings it, as pip takes it.
        systems: Where it can be, by `sys.platform`.
        options: Makes the provider's options of which device is meant and the number of threads.
        which: Pattern of what may stand after the colon; nothing where "".
        plugin: The module of a package that brings it beside whatever onnxruntime there is.
        session: Entries of the session's configuration.
        alone: Whether a session takes one call at a time, and plans no memory.
    """

    provider: str
    package: str
    systems: tuple[str, ...]
    options: Callable[[str, int], Options]
    which: str = ""
    plugin: str = ""
    session: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False

    @property
    def built_in(self) -> bool:
        """Whether the onnxruntime that is imported here has it."""
        return self.provider in ort.get_available_providers()

    @property
    def is_there(self) -> bool:
        """Whether it can be tried: the hardware may be missing all the same."""
        return self.built_in or bool(self.plugin and importlib.util.find_spec(self.plugin))


def _cuda(which: str, _: int) -> Options:
    return {
        "device_id": which or "0",
        # Products of 32 bits, as the CPU's; by default those of 19.
        "use_tf32": "0",
        # By default every new size of picture, and number of faces, is first measured for seconds.
        "cudnn_conv_algo_search": "HEURISTIC",
        # By default the memory doubles whenever it is too small.
        "arena_extend_strategy": "kSameAsRequested",
    }


def _dml(which: str, _: int) -> Options:
    return {"device_id": which or "0"}


def _openvino(which: str, threads: int) -> Options:
    target = which.upper() or "CPU"
    # By itself it computes in 16 bits on GPUs, and on processors that can.
    wanted = {} if target == "NPU" else {"INFERENCE_PRECISION_HINT": "f32"}
    if target == "CPU" and threads:
        wanted["INFERENCE_NUM_THREADS"] = str(threads)
    return {"device_type": target, "load_config": json.dumps({target: wanted})}


def _coreml(_: str, __: int) -> Options:
    # A program keeps the types of the graph; the older format computes in 16 bits.
    return {"ModelFormat": "MLProgram", "MLComputeUnits": "ALL"}


# In the order in which "auto" tries them.
KINDS: dict[str, Kind] = {
    "cuda": Kind(
        "CUDAExecutionProvider",
        "onnxruntime-gpu[cuda,cudnn]",
        ("linux", "win32"),
        _cuda,
        which=r"\d{1,3}",
        # It has no convolutions in 8 bits: weights become floats once, not in every call.
        session={"session.disable_quant_qdq": "1"},
    ),
    "dml": Kind(
        "DmlExecutionProvider",
        "onnxruntime-directml",
        ("win32",),
        _dml,
        which=r"\d{1,3}",
        alone=True,
    ),
    "openvino": Kind(
        "OpenVINOExecutionProvider",
        "mien[openvino]",
        ("linux", "win32"),
        _openvino,
        which=r"cpu|gpu|npu",
        plugin="onnxruntime_ep_openvino",
    ),
    "coreml": Kind("CoreMLExecutionProvider", RUNTIME, ("darwin",), _coreml),
}
