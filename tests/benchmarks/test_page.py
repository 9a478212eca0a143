"""The page, and networks beside it, are measured in a real browser; no figure is judged."""

import contextlib
import gzip
import http.client
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.benchmarks.results import Importer

from mien.errors import SettingsError
from mien.models.bundle import load_bundle
from mien.models.onnx import make_session
from mien.registry import find_bundle
from mien.web.page import runtime

WEB = Path(__file__).parents[2] / "node_modules" / "onnxruntime-web" / "dist"


@pytest.fixture
def in_browser(bench: Importer) -> None:
    """A browser, and what it computes with."""
    try:
        bench("browser").find_browser()
        runtime.check()
    except SettingsError as error:
        pytest.skip(str(error))


def test_slowed_is_the_browsers_own_engine_alone(bench: Importer) -> None:
    page = bench("page")
    names = [case.name for case in page.cases(("browser", "server"), (1, 4), 4)]
    slowed = [name for name in names if "times slower" in name]
    assert slowed == ["browser, 1 face, 4 times slower", "browser, 4 faces, 4 times slower"]
    assert len(names) == 6
    assert len(page.cases(("browser", "server"), (1,), 1)) == 2
    assert len(page.cases(("server",), (1,), 4)) == 1


def test_figures_are_of_results_that_were_drawn(bench: Importer) -> None:
    page = bench("page")
    shown = [
        {"at": 100.0 * n, "taken": 100.0 * n - 20, "timings": {"detect": 0.01}, "faces": 1}
        | {"width": 640}
        for n in range(20)
    ]
    found = page._figures(page.Case("browser", 1), shown, 2.0, 0.4, 0.0)
    rows = {row["case"].rpartition(": ")[2]: row for row in found}
    assert rows["results"]["value"] == 10
    assert rows["results"]["met"] == "no"
    assert rows["grab to overlay, p95"]["value"] == pytest.approx(20)
    assert rows["of that, analysis, p95"]["value"] == pytest.approx(10)
    assert rows["processor time per result"]["value"] == pytest.approx(20)
    assert page._stages(page.Case("browser", 1), shown).endswith("detect 10.0.")


def test_a_host_compresses_and_counts(bench: Importer) -> None:
    hosting = bench("hosting")
    files = {"index.html": b"page", "static/a.js": b"x" * 1000}
    headers = {"/": {"Cache-Control": "no-cache"}, "/static/": {"Cache-Control": "immutable"}}
    with hosting.hosting(files.get, headers) as host, contextlib.ExitStack() as stack:
        line = http.client.HTTPConnection(host.address.split("/")[2])
        stack.callback(line.close)

        def ask(path: str) -> tuple[int, Any, bytes]:
            line.request("GET", path)
            answer = line.getresponse()
            return answer.status, answer.headers, answer.read()

        status, told, body = ask("/static/a.js")
        assert (status, gzip.decompress(body)) == (200, b"x" * 1000)
        assert told["Cache-Control"] == "immutable"
        assert told["Content-Type"] == "text/javascript"
        assert host.sent == len(body) < 100
        assert gzip.decompress(ask("/")[2]) == b"page"
        assert ask("/nothing")[0] == 404


def test_kinds_of_a_network_give_the_same(bench: Importer) -> None:
    pytest.importorskip("onnx", reason="needs onnx")
    kinds, bundle = bench("experiments.kinds"), load_bundle(find_bundle(None))
    spec = bundle.info.input
    shape = (4, spec.size, spec.size, spec.channels)
    faces = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    def read(graph: bytes) -> Any:
        return make_session(graph, "the graph").run(["probabilities"], {"faces": faces})[0]

    widened = kinds.without_rounding(bundle.graph)
    floats, halves = kinds.with_floats(widened), kinds.with_floats(widened, half=True)
    assert len(widened) < 0.6 * len(halves) < 0.4 * len(floats)
    np.testing.assert_allclose(read(floats), read(widened), atol=1e-4)
    np.testing.assert_allclose(read(halves), read(widened), atol=0.02)


@pytest.mark.heavy
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("in_browser")
def test_the_page_is_measured_in_a_browser(
    bench: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = bench("page")
    monkeypatch.setattr(bench("openings"), "STAY_MS", 500)
    result = page.measure(("browser",), (1,), 2, page.QUICK)
    rows = {row["case"]: row["value"] for row in result.rows}
    for case in ("browser, 1 face", "browser, 1 face, 2 times slower"):
        assert rows[f"{case}: results"] > 0
        assert 0 < rows[f"{case}: grab to overlay, p50"] <= rows[f"{case}: grab to overlay, p95"]
    assert 0 < rows["site: over the line"] < rows["browser: over the line"]
    assert rows["browser, 1 face, 2 times slower: a fixed loop in the worker"] > 1


@pytest.mark.heavy
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("in_browser")
def test_networks_are_timed_in_a_browser(bench: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    if not WEB.is_dir():
        pytest.skip("needs onnxruntime-web: make page-runtime")
    kinds = bench("experiments.kinds")
    monkeypatch.setattr(kinds, "WARM", 1)
    monkeypatch.setattr(kinds, "SHOWN", {"a region": (64, 64)})
    rows = kinds.measure(WEB, rounds=2).rows
    assert len(rows) == 8
    assert all(row["wasm 1"] > 0 and row["wasm 2"] > 0 for row in rows)
