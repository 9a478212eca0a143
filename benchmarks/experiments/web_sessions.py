"""Networks in a browser: onnxruntime-web computes them in turns, on so many threads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.browser import browsing
from benchmarks.hosting import ISOLATED, hosting
from mien.errors import SettingsError

PROVIDERS = {"wasm": "ort.wasm.min.mjs", "webgpu": "ort.webgpu.min.mjs"}
PAGE = b"<!doctype html><title>networks</title>"
HAS_GPU = "async () => Boolean(await navigator.gpu?.requestAdapter())"
# Times every graph in turn, by the median and the least; the first rounds make the code quick.
RUN = """
async ([graphs, { module, provider, threads, rounds, warm }]) => {
  const ort = await import(`/ort/${module}`);
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = "/ort/";
  const sessions = [];
  for (const { name, input, shape, outputs, extra } of graphs) {
    const data = await (await fetch(`/${name}`)).arrayBuffer();
    const options = { executionProviders: [provider], extra };
    const session = await ort.InferenceSession.create(new Uint8Array(data), options);
    const count = shape.reduce((product, side) => product * side, 1);
    const pixels = new Uint8Array(count).map((_, i) => (i * 7919) % 251);
    sessions.push({ session, input, shape, pixels, outputs, times: [] });
  }
  for (let round = -warm; round < rounds; round += 1) {
    for (const { session, input, shape, pixels, outputs, times } of sessions) {
      const begun = performance.now();
      const tensor = new ort.Tensor("uint8", pixels, shape);
      const answers = await session.run({ [input]: tensor }, outputs);
      for (const name of outputs) await answers[name].getData();
      if (round >= 0) times.push(performance.now() - begun);
    }
  }
  return sessions.map(({ times }) => {
    times.sort((a, b) => a - b);
    return [times[times.length >> 1], times[0]];
  });
}
"""


@dataclass(frozen=True, slots=True)
class Graph:
    """A network, and what it is shown.

    Attributes:
        data: Its bytes.
        input: The name of what it takes: bytes.
        shape: Of that.
        outputs: The names of what is asked of it.
        extra: Settings of its session, an object of objects.
    """

    data: bytes
    input: str
    shape: tuple[int, ...]
    outputs: tuple[str, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)


def time_graphs(
    graphs: Sequence[Graph],
    web: Path,
    *,
    threads: int = 1,
    provider: str = "wasm",
    rounds: int = 15,
    warm: int = 1,
) -> list[tuple[float, float]] | None:
    """Return milliseconds of each graph, median and least; None where the browser cannot do it.

    Args:
        graphs: They take turns.
        web: Folder `dist` of onnxruntime-web.
        threads: Of the processor.
        provider: "wasm", or "webgpu".
        rounds: How often each is run.
        warm: How often before.

    Raises:
        SettingsError: There is no browser, or onnxruntime-web is not in the folder.
    """
    module = PROVIDERS[provider]
    if not (web / module).is_file():
        raise SettingsError(f"{web / module}: missing; run `npm ci`, and name its dist folder")
    files = {f"graph{number}.onnx": graph.data for number, graph in enumerate(graphs)}

    def read(name: str) -> bytes | None:
        path = web / name.removeprefix("ort/")
        if name.startswith("ort/") and path.is_file():
            return path.read_bytes()
        return PAGE if name == "index.html" else files.get(name)

    asked = [
        {
            "name": name,
            "input": graph.input,
            "shape": graph.shape,
            "outputs": graph.outputs,
            "extra": graph.extra,
        }
        for name, graph in zip(files, graphs, strict=True)
    ]
    settings = {
        "module": module,
        "provider": provider,
        "threads": threads,
        "rounds": rounds,
        "warm": warm,
    }
    with hosting(read, {"/": ISOLATED}) as host, browsing() as browser:
        page = browser.new_page()
        page.goto(host.address)
        if provider == "webgpu" and not page.evaluate(HAS_GPU):
            return None
        return [(float(a), float(b)) for a, b in page.evaluate(RUN, [asked, settings])]
