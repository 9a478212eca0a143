"""What the tools beside the package take from it is there: they are run rarely, not all by CI."""

import ast
import importlib
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMED = re.compile(r"mien(\.\w+)+")


def taken(folder: str) -> Iterator[tuple[str, str, str]]:
    """Yield the place, module and name of all that is imported from mien, or named in a text."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            place = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mien":
                yield from ((place, str(node.module), alias.name) for alias in node.names)
            elif isinstance(node, ast.Constant) and NAMED.fullmatch(str(node.value)):
                module, _, name = str(node.value).rpartition(".")
                yield place, module, name


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
