"""What the tools beside the package take from it is there: they are run rarely, not all by CI."""

import ast
import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def taken(folder: str) -> Iterator[tuple[str, str, str]]:
    """Yield the place, module and name of each import of mien's, also inside of functions."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mien":
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                yield from ((place, str(node.module), alias.name) for alias in node.names)


@pytest.mark.parametrize("folder", ["benchmarks", "docs", "fuzz", "tools", "torture"])
def test_what_is_imported_is_there(folder: str) -> None:
    for package in ("torch", "onnx", "pyarrow", "safetensors", "matplotlib", "keras", "h5py"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs {package}")
    missing = []
    for place, module, name in taken(folder):
        there = hasattr(importlib.import_module(module), name)
        if not there and importlib.util.find_spec(f"{module}.{name}") is None:
            missing.append(f"{place}: {module}.{name}")
    assert missing == []
