"""What is said of missing packages works with the Python that runs, however mien got there."""

import json
import os
import sys
from pathlib import Path

import pytest

from mien import installing
from mien.errors import MissingExtraError, MissingPackageError
from mien.installing import CPU_INDEX, Installation, Kind

WHEEL = "file:///tmp/mien-0.1.0-py3-none-any.whl"


@pytest.fixture(autouse=True)
def requires(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["torch>=2.11; extra == 'train'", "segno>=1.6; extra == 'lan'"]
    monkeypatch.setattr(installing.metadata, "requires", lambda _: lines)


@pytest.mark.parametrize(
    ("kind", "extra", "package"),
    [
        ("pip", "python -m pip install 'mien[lan]'", "python -m pip install pandas"),
        (
            "uv",
            f"uv pip install --python python 'mien[lan] @ {WHEEL}'",
            "uv pip install --python python pandas",
        ),
        (
            "uv tool",
            f"uv tool install 'mien[lan] @ {WHEEL}'",
            f"uv tool install --with pandas 'mien @ {WHEEL}'",
        ),
        (
            "uvx",
            f"uvx --from 'mien[lan] @ {WHEEL}' mien …",
            f"uvx --with pandas --from 'mien @ {WHEEL}' mien …",
        ),
        ("pipx", f"pipx install --force 'mien[lan] @ {WHEEL}'", "pipx inject mien pandas"),
        (
            "pipx run",
            f"pipx run --spec 'mien[lan] @ {WHEEL}' mien …",
            f"pipx run --with pandas --spec 'mien @ {WHEEL}' mien …",
        ),
    ],
)
def test_each_way_of_installing_has_its_command(kind: Kind, extra: str, package: str) -> None:
    place = Installation(kind, "python", origin=WHEEL)
    assert place.add_extra("lan") == extra
    assert place.add_package("pandas") == package


def test_from_an_index_it_is_a_name() -> None:
    assert Installation("uvx", "python").add_extra("lan") == "uvx --from 'mien[lan]' mien …"


def test_a_checkout_stays_one() -> None:
    place = Installation("pip", "python", checkout=".")
    assert place.add_extra("lan") == "python -m pip install -e '.[lan]'"


def test_windows_has_quotes_of_its_own() -> None:
    place = Installation("pip", r"C:\Program Files\Python\python.exe", windows=True)
    told = r'"C:\Program Files\Python\python.exe" -m pip install "mien[lan]"'
    assert place.add_extra("lan") == told
    assert Installation("pip", r".venv\Scripts\python.exe", windows=True).add_package("pandas") == (
        r".venv\Scripts\python.exe -m pip install pandas"
    )


def test_without_a_gpu_it_is_the_small_pytorch() -> None:
    place = Installation("pip", "python", cpu_torch=True)
    assert f"--extra-index-url {CPU_INDEX} " in place.add_extra("train")
    assert "CPUs" in place.remark("train")
    assert CPU_INDEX not in place.add_extra("lan")
    assert place.remark("lan") == ""
    assert "--torch-backend cpu" in Installation("uvx", "x", cpu_torch=True).add_extra("train")
    told = Installation("pipx", "x", cpu_torch=True).add_extra("train")
    assert f"--pip-args='--extra-index-url {CPU_INDEX}'" in told
    assert CPU_INDEX not in Installation("pip", "python").add_extra("train")


@pytest.mark.parametrize(
    ("folder", "file", "text", "kind"),
    [
        ("tools/mien", "uv-receipt.toml", "", "uv tool"),
        ("pipx/venvs/mien", "pipx_metadata.json", "{}", "pipx"),
        ("cache/pipx/1234567890abcde", "pipx_metadata.json", "{}", "pipx run"),
        ("cache/uv/archive-v0/x7", "pyvenv.cfg", "home = /usr/bin\nuv = 0.13.8\n", "uvx"),
        ("work/.venv", "pyvenv.cfg", "home = /usr/bin\nuv = 0.13.8\n", "uv"),
        ("work/.venv", "pyvenv.cfg", "home = /usr/bin\n", "pip"),
    ],
)
def test_environments_are_known_by_what_made_them(
    folder: str, file: str, text: str, kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installing, "_has", lambda name: kind == "pip")
    prefix = tmp_path / folder
    prefix.mkdir(parents=True)
    (prefix / file).write_text(text)
    assert installing._kind(prefix) == kind


def test_the_python_that_runs_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = tmp_path / "venv" / "bin" / "python"
    running.parent.mkdir(parents=True)
    running.write_text("")
    monkeypatch.setattr(sys, "executable", str(running))
    monkeypatch.setattr(installing.shutil, "which", lambda name: str(running))
    assert installing._python() == "python"
    # Another environment's, though both are links to one interpreter.
    monkeypatch.setattr(installing.shutil, "which", lambda name: os.fspath(tmp_path / name))
    assert installing._python() == str(running)
    monkeypatch.chdir(tmp_path)
    assert installing._python() == str(Path("venv", "bin", "python"))


@pytest.mark.parametrize(
    ("told", "origin"),
    [
        (None, None),
        ("{", None),
        ("[]", None),
        (json.dumps({"url": WHEEL}), WHEEL),
        (json.dumps({"url": "https://x/y", "vcs_info": {"vcs": "git"}}), "git+https://x/y"),
    ],
)
def test_where_it_came_from_is_read(
    told: str | None, origin: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stub:
        def read_text(self, name: str) -> str | None:
            return told

    monkeypatch.setattr(installing.metadata, "distribution", lambda _: Stub())
    assert installing._origin() == origin


def test_errors_say_it_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Installation("uvx", "python", cpu_torch=True)
    monkeypatch.setattr(installing, "here", lambda: place)
    told = str(MissingExtraError("mien train", "train"))
    assert told == (
        "mien train needs packages that are not installed: uvx --torch-backend cpu --from "
        "'mien[train]' mien … (with PyTorch's build for CPUs, as no GPU was found)"
    )
    told = str(MissingPackageError("to_frame", "pandas"))
    assert told == "to_frame needs pandas: uvx --with pandas --from mien mien …"
