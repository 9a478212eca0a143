"""onnxruntime with devices that are not here: sessions of the CPU that say that they run there."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import onnxruntime as ort
import pytest

from mien.models import devices, onnx
from mien.models.devices import CPU_PROVIDER

REAL = ort.InferenceSession


class FakeSession:
    """A session of the CPU that says that it runs on the first provider that is asked for.

    Attributes:
        made: The options and providers of every session.
        fails: What making one on a device raises; None: it is made.
        breaks: What a run on a device raises; None: it runs.
        silent: Whether onnxruntime goes on without the provider, as without its libraries.
        answer: What a run on a device makes of the true answer.
    """

    made: list[tuple[ort.SessionOptions, Any]]
    fails: Exception | None = None
    breaks: Exception | None = None
    silent = False
    answer: Callable[[Any], Any] = staticmethod(lambda value: value)

    def __init__(
        self, graph: bytes, options: ort.SessionOptions, providers: Any, **more: Any
    ) -> None:
        self.made.append((options, providers))
        names = [one if isinstance(one, str) else one[0] for one in providers]
        self.device = names[0] != CPU_PROVIDER
        if self.device and self.fails is not None:
            raise self.fails
        self._real = REAL(graph, providers=[CPU_PROVIDER])
        self.providers = [CPU_PROVIDER] if self.silent else names

    def get_providers(self) -> list[str]:
        return self.providers

    def get_inputs(self) -> Any:
        return self._real.get_inputs()

    def get_outputs(self) -> Any:
        return self._real.get_outputs()

    def get_provider_graph_assignment_info(self) -> list[Any]:
        part = lambda name, count: SimpleNamespace(ep_name=name, get_nodes=lambda: [0] * count)  # noqa: E731
        return [part(self.providers[0], 3), part(CPU_PROVIDER, 4)]

    def run(self, names: Sequence[str], given: Any, options: Any = None) -> Any:
        if self.device and self.breaks is not None:
            raise self.breaks
        answers = self._real.run(names, given, options)
        return [self.answer(one) for one in answers] if self.device else answers


def has(monkeypatch: pytest.MonkeyPatch, *providers: str) -> None:
    monkeypatch.setattr(devices.ort, "get_available_providers", lambda: [*providers, CPU_PROVIDER])


def with_fake(monkeypatch: pytest.MonkeyPatch, *providers: str) -> type[FakeSession]:
    """Put sessions in the place of onnxruntime's, which has these providers."""

    class Fake(FakeSession):
        made: list[tuple[ort.SessionOptions, Any]] = []  # noqa: RUF012 - one for each test

    monkeypatch.setattr(onnx.ort, "InferenceSession", Fake)
    has(monkeypatch, "AzureExecutionProvider", *providers)
    monkeypatch.setattr(onnx, "preload", lambda _: None)
    return Fake
