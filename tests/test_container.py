"""What the container's files promise, read from them: Docker is not needed."""

import json
import re
from pathlib import Path

import pytest

from mien.cli import _parse
from mien.cli.serve import DEFAULT_PORT, SHORTEST_TOKEN, VARIABLE

ROOT = Path(__file__).parent.parent


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile's last stage, with what they say."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and line[0] != "#"]
    found = [(word, rest) for word, rest in lines]
    last = max(index for index, (word, _) in enumerate(found) if word == "FROM")
    return found[last:]


def only(word: str) -> str:
    (rest,) = [rest for name, rest in instructions() if name == word]
    return rest


def test_it_is_not_root_and_starts_as_nobody_in_particular() -> None:
    user, group = only("USER").split(":")
    assert int(user) > 0
    assert int(group) > 0
    words = [name for name, _ in instructions()]
    assert words.index("USER") > words.index("RUN")


def test_its_command_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    program, *words = json.loads(only("ENTRYPOINT"))
    assert program == "mien"
    args = _parse(words)
    assert args.run.__module__ == "mien.cli.serve"
    assert args.host == "0.0.0.0"
    assert only("EXPOSE") == str(DEFAULT_PORT)


def test_its_health_is_asked_by_python_that_compiles() -> None:
    check = only("HEALTHCHECK")
    program, option, code = json.loads(check.partition("CMD ")[2])
    assert (program, option) == ("python", "-c")
    compile(code, "check", "exec")
    assert f"127.0.0.1:{DEFAULT_PORT}/health" in code


def test_nothing_is_installed_beside_the_wheel() -> None:
    runs = [rest for name, rest in instructions() if name == "RUN"]
    assert len(runs) == 1
    assert "apt" not in runs[0]
    assert runs[0].endswith("/wheels/constraints.txt /wheels/*.whl")


def test_compose_lets_in_this_machine_only_and_asks_for_a_token() -> None:
    yaml = pytest.importorskip("yaml", reason="needs PyYAML")
    (service,) = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"].values()
    assert service["ports"] == [f"127.0.0.1:{DEFAULT_PORT}:{DEFAULT_PORT}"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    value = service["environment"][VARIABLE]
    assert re.fullmatch(r"\$\{MIEN_TOKEN:\?.*\}", value)  # no default, and no start without one
    assert str(SHORTEST_TOKEN) in value


def test_only_what_the_wheel_needs_is_copied() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    kept = {line[1:] for line in lines if line.startswith("!")}
    read = {"src", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "TERMS.md"}
    assert read | {"constraints.txt"} <= kept
    assert all((ROOT / name).exists() for name in kept)
