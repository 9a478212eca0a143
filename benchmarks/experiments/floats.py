"""How far networks in 8 bits answer otherwise where a runtime computes them in floats.

    python -m benchmarks.experiments.floats

That is what onnxruntime does on CUDA, which has no convolutions in 8 bits. Here the CPU does it, by
the setting that mien gives to CUDA's sessions, so that only the arithmetic differs. docs/devices.md
has the figures; `mien doctor` says the same of each device that is there.
"""

from pathlib import Path

from mien.models import onnx
from mien.models.device_kinds import KINDS
from mien.pipeline.placing import compare
from mien.registry import SHIPPED, make_classifier, make_detector


def main() -> None:
    """Print a line for each of the shipped networks."""
    usual = [make_detector(), *(make_classifier(path)[0] for path in SHIPPED)]
    options = onnx._options

    def in_floats(threads: int) -> onnx.ort.SessionOptions:
        changed = options(threads)
        for key, value in KINDS["cuda"].session.items():
            changed.add_session_config_entry(key, value)
        return changed

    onnx._options = in_floats
    floats = [make_detector(), *(make_classifier(path)[0] for path in SHIPPED)]
    names = [Path("face"), *SHIPPED]
    for name, there, on_cpu in zip(names, floats, usual, strict=True):
        print(f"{name.name}: {compare(there, on_cpu)}")


if __name__ == "__main__":
    main()
