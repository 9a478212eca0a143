"""The measures of training at scale run, in sizes that say nothing about speed."""

import json
from pathlib import Path

import pytest
from tests.benchmarks.results import Importer, check

pytestmark = pytest.mark.heavy


def test_streaming_is_timed_against_the_bare_pass(bench: Importer) -> None:
    settings = pytest.importorskip("mien.training.expression.settings")
    machine = settings.TrainMachine(device="cpu", threads=1)
    result = bench("streaming").measure(machine=machine, sizes=(48,), steps=2, repeats=1, batch=4)
    check(result, rows=3)
    assert result.rows[0]["ratio"] == 1


def test_memory_of_streaming_is_measured(bench: Importer) -> None:
    if not bench("memory").is_measurable():
        pytest.skip("needs /proc/self/status")
    result = bench("streaming").measure_memory(counts=(300, 600), size=32)
    check(result, rows=2)
    for row in result.rows:
        assert row["peak"] > row["workers"] > 10


def test_what_a_gpu_gives_is_printed_on_a_processor_too(
    bench: Importer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "scale.md"
    page.write_text("before\n<!-- gpu -->\nold\n<!-- /gpu -->\nafter\n")
    arguments = ["--quick", "--sizes", "48", "--device", "cpu", "--no-compile"]
    assert bench("gpu").main([*arguments, "--write", str(page)]) == 0
    text = page.read_text()
    assert text.startswith("before\n<!-- gpu -->\n| size |")
    assert text.endswith("<!-- /gpu -->\nafter\n")
    assert "old" not in text
    assert text.count("| 48 | residual |") == 5
    assert "0.0000% of the pixels" in capsys.readouterr().out


def test_networks_are_learnt_timed_and_drawn(
    bench: Importer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    definition = bench("experiments.higher_definition")
    bench("pictures").write_dataset(tmp_path / "set", 64, 32)
    results, plot = tmp_path / "knee.json", tmp_path / "knee.png"
    networks = ["residual-small:16:gray", "residual-deep:32:rgb"]
    learn = ["learn", str(tmp_path / "set"), "--out", str(results), "--networks", *networks]
    assert definition.main([*learn, "--epochs", "1", "--seconds", "5", "--device", "cpu"]) == 0
    assert definition.main(["time", str(results)]) == 0
    assert definition.main(["draw", str(results), str(plot)]) == 0
    rows = json.loads(results.read_text())["rows"]
    assert [row["network"] for row in rows] == networks
    assert all(row["milliseconds"] > 0 and 0 <= row["balanced"] <= 1 for row in rows)
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert definition.main([*learn[:4], "--networks", "residual:big:rgb"]) == 1
    assert "write one like residual:112:rgb" in capsys.readouterr().err


def test_the_knee_is_what_no_other_network_beats(bench: Importer) -> None:
    rows = [
        {"network": "a", "balanced": 0.7, "milliseconds": 1.0},
        {"network": "b", "balanced": 0.8, "milliseconds": 2.0},
        {"network": "c", "balanced": 0.75, "milliseconds": 3.0},
        {"network": "d", "epochs": 0.0},
    ]
    marked = bench("experiments.knee").with_knee(rows)
    assert [row["knee"] for row in marked] == ["yes", "yes", "", ""]
