"""`mien serve`: pictures a second over http, against the same pictures read in this process."""

import http.client
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import mien
from benchmarks.browser import serving
from benchmarks.report import Column, Result
from benchmarks.timing import ratio, take_turns
from mien.errors import EngineError

NAME = "serve"
COLUMNS = (
    Column("case", "one picture of 320x320, one face"),
    Column("pictures_per_second", "pictures/s", ",.0f"),
    Column("ms", "ms", ".1f"),
    Column("spread", "spread", ".0%"),
    Column("ratio", "speed, in this process = 1", ".2f"),
)
PICTURE = Path(mien.__file__).parent / "assets" / "collins.jpg"
CLIENTS = 4
# More than any client here can ask for.
WORDS = ("--port", "0", "--rate", "100000")


def measure(*, repeats: int = 15, shortest: float | None = None) -> Result:
    """Time requests of one client, and of several at a time.

    Args:
        repeats: Samples of each.
        shortest: Seconds of a sample, as for `take_turns`.
    """
    data = PICTURE.read_bytes()
    reader = mien.load()
    with (
        serving(*WORDS, command=("serve",)) as server,
        _clients(server.address, data) as ask,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        tasks: dict[str, tuple[int, Callable[[], object]]] = {
            "`Reader.read` in this process": (1, lambda: reader.read(data)),
            "`mien serve`, one client": (1, ask[0]),
            f"`mien serve`, {CLIENTS} clients": (CLIENTS, lambda: _all(pool, ask)),
        }
        how = {} if shortest is None else {"shortest": shortest}
        samples = take_turns({name: task for name, (_, task) in tasks.items()}, repeats, **how)
    reference = next(iter(samples.values()))
    rows = [
        {
            "case": name,
            "pictures_per_second": count / samples[name].seconds,
            "ms": samples[name].seconds / count * 1000,
            "spread": samples[name].spread,
            "ratio": count / ratio(samples[name], reference),
        }
        for name, (count, _) in tasks.items()
    ]
    return Result(NAME, "pictures over http, connections kept open", COLUMNS, tuple(rows))


def _all(pool: ThreadPoolExecutor, ask: list[Callable[[], None]]) -> None:
    for asked in [pool.submit(one) for one in ask]:
        asked.result()


@contextmanager
def _clients(address: str, data: bytes) -> Iterator[list[Callable[[], None]]]:
    """Return what sends the picture and takes the answer, each on a connection of its own."""
    place = urlsplit(address)
    connections = [
        http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        for _ in range(CLIENTS)
    ]

    def asking(connection: http.client.HTTPConnection) -> Callable[[], None]:
        def ask() -> None:
            connection.request("POST", "/read", data, {"Content-Type": "image/jpeg"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise EngineError(f"mien serve answered {answer.status}: {body.decode()}")

        return ask

    try:
        yield [asking(connection) for connection in connections]
    finally:
        for connection in connections:
            connection.close()
