"""The examples of docs/serve.md do what they say, against a real server with the shipped model."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from tests.web.servers import running

import mien
from mien.cli import _parse
from mien.models.bundle import load_bundle
from mien.registry import DEFAULT_BUNDLE
from mien.types import PixelArray
from mien.web.api_server.app import create_api
from mien.web.api_server.multipart import MOST_PARTS
from mien.web.api_server.refusal import MEANINGS
from mien.web.api_server.settings import ApiSettings
from mien.web.guard.security import local_hosts
from mien.web.server import Server, bind

TEXT = (Path(__file__).parent.parent / "docs" / "serve.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8100"
EXAMPLES = re.findall(r"```(\w+)\n(.*?)```", TEXT, flags=re.DOTALL)
# What runs a language, and the name of its file.
RUNNERS = {
    "bash": (["bash"], "example.sh", "curl"),
    "python": ([sys.executable], "example.py", sys.executable),
    "javascript": (["node"], "example.mjs", "node"),
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        info = load_bundle(DEFAULT_BUNDLE).info
        app = create_api(mien.load(), info, ApiSettings(), hosts=local_hosts(port))
        started = threading.Event()
        with running(Server(app, on_started=started.set), listener, started):
            yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(("language", "code"), EXAMPLES)
def test_example(
    language: str, code: str, address: str, tmp_path: Path, portrait: PixelArray
) -> None:
    command, name, needed = RUNNERS[language]
    if shutil.which(needed) is None:
        pytest.skip(f"needs {needed}, which is not installed")
    assert ADDRESS in code
    (tmp_path / name).write_text(code.replace(ADDRESS, address), encoding="utf-8")
    cv2.imwrite(str(tmp_path / "face.jpg"), portrait)
    result = subprocess.run(
        [*command, name], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "happy" in result.stdout


def test_examples_of_each_language_are_there() -> None:
    assert {language for language, _ in EXAMPLES} == set(RUNNERS)


def test_figures_are_those_of_the_settings() -> None:
    args = _parse(["serve"])
    assert args.run
    settings = ApiSettings()
    assert f"more than {settings.max_megabytes:g} MB" in TEXT
    assert f"{settings.max_megapixels:g} megapixels" in TEXT
    assert f"more than {settings.rate:g} requests a second" in TEXT
    assert f"Up to {MOST_PARTS} pictures" in TEXT
    told = {int(status) for status in re.findall(r"\b4\d\d\b|\b503\b", TEXT)}
    assert told == set(MEANINGS) - {404, 405, 500}
