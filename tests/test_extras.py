"""With the core alone, tests that need no more are collected, and others say what they need."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.extras import brought, skip_without_extra

ROOT = Path(__file__).parent.parent
# Where no test needs more than the core and what runs the tests.
ROOMS = ("files", "models", "pipeline", "sinks", "sources", "tracking")
NEEDY = ("tests/datasets/test_dataset.py", "tests/training/test_device.py")


@pytest.mark.heavy
def test_the_core_alone_collects_what_needs_no_more() -> None:
    missing = [name for name, place in brought().items() if place != "the group test"]
    code = f"import sys; sys.modules.update(dict.fromkeys({missing}))\n"
    code += "import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    whole = [path for room in ROOMS for path in (ROOT / "tests" / room).rglob("test_*.py")]
    names = [path.relative_to(ROOT).as_posix() for path in whole]
    options = ["--collect-only", "-qq", "-rs", "-n", "0", "-p", "no:cacheprovider"]
    command = [sys.executable, "-c", code, *options, *(f"tests/{room}" for room in ROOMS), *NEEDY]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=60)
    told = done.stdout.decode()
    assert done.returncode == 0, told
    collected = {line.partition(": ")[0] for line in told.splitlines()}
    assert collected >= set(names)
    assert not collected.intersection(NEEDY)
    (skipped,) = (line for line in told.splitlines() if line.startswith("SKIPPED"))
    assert skipped.startswith("SKIPPED [2]")
    assert skipped.endswith(": needs the extra [train]")


def test_what_brings_a_package_is_known() -> None:
    found = brought()
    assert found["torch"] == found["pyarrow"] == "the extra [train]"
    assert found["dlib"] == "the extra [dlib]"
    assert found["h5py"] == "the extra [keras]"
    assert found["httpx"] == "the group dev"
    assert found["hypothesis"] == "the group test"
    assert "numpy" not in found


def test_what_no_extra_brings_is_missed_as_ever() -> None:
    skip_without_extra(ModuleNotFoundError("No module named 'nowhere'", name="nowhere"))
    skip_without_extra(ValueError("torch"))
    with pytest.raises(pytest.skip.Exception, match=r"needs the extra \[train\]"):
        skip_without_extra(ModuleNotFoundError("", name="torch.nn"))
