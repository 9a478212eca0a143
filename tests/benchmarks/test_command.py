"""`make bench`: what it prints, writes and refuses, and how times are compared."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.benchmarks.results import Importer

ROOT = Path(__file__).parents[2]


def test_the_command_prints_and_writes(
    bench: Importer,
    make_bundle: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = tmp_path / "kept.json"
    arguments = ["--quick", "--only", "classifier", "--bundle", str(make_bundle())]
    assert bench("__main__").main([*arguments, "--json", str(kept), "--markdown"]) == 0
    printed = capsys.readouterr().out
    assert "ms per face" in printed
    assert "| 8 | " in printed
    found = json.loads(kept.read_text())
    assert found["environment"]["cores"] >= 1
    assert [row["batch"] for row in found["measures"]["classifier"]["rows"]] == [1, 8, 32]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--only", "classifier", "--bundle", "nowhere"], "nowhere: no such bundle"),
        (["--quick", "--bundle", "nowhere", "--write", "a.md"], "leave out --quick"),
        (["--only", "memory", "--only", "frame", "--write", "a.md"], "and all but one --only"),
        (["--bundle", "nowhere", "--write", "LICENSE"], "LICENSE: needs the lines <!-- bench -->"),
        (["--only", "archive", "--write", "LICENSE"], "needs the lines <!-- archive -->"),
        (["--bundle", "nowhere", "--write", "a.md"], "a.md: cannot be read"),
        (["--bundle", "nowhere", "--json", "nowhere/a.json"], "nowhere: no such folder"),
    ],
)
def test_what_cannot_be_measured_is_said(
    bench: Importer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    part: str,
) -> None:
    monkeypatch.chdir(ROOT)
    assert bench("__main__").main(arguments) == 1
    error = capsys.readouterr().err
    assert part in error
    assert error.count("\n") == 1


def test_only_what_is_between_the_marks_is_replaced(bench: Importer, tmp_path: Path) -> None:
    report = bench("report")
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n")
    report.replace_marked(page, "new")
    assert page.read_text() == "before\n<!-- bench -->\n\nnew\n\n<!-- /bench -->\nafter\n"
    page.write_text("no marks")
    with pytest.raises(ValueError, match=r"page\.md: needs the lines"):
        report.replace_marked(page, "new")
    assert page.read_text() == "no marks"


def test_the_documents_marks_are_there() -> None:
    for name, page in (
        ("bench", "performance"),
        ("archive", "performance"),
        ("streaming", "scale"),
    ):
        text = (ROOT / "docs" / f"{page}.md").read_text()
        assert text.index(f"<!-- {name} -->") < text.index(f"<!-- /{name} -->")


def test_a_ratio_is_that_of_pairs(bench: Importer) -> None:
    timing = bench("timing")
    slow = timing.Samples(wall=[2.0, 20.0, 3.0], cpu=[1.0, 1.0, 1.0])
    fast = timing.Samples(wall=[1.0, 10.0, 1.0], cpu=[2.0, 2.0, 2.0])
    assert timing.ratio(slow, fast) == 2
    assert timing.cpu_ratio(slow, fast) == 0.5
    assert slow.seconds == 3


def test_tasks_take_turns(bench: Importer) -> None:
    calls: list[str] = []
    tasks = {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}
    samples = bench("timing").take_turns(tasks, 2, shortest=0)
    assert calls == ["a", "b", "a", "b", "a", "b"]
    assert [len(taken.wall) for taken in samples.values()] == [2, 2]
