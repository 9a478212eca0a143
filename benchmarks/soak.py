"""The live page for hours of stream time, among guests that behave badly: does anything grow?

    make soak                          # two minutes
    make soak ARGS="--seconds 3600"

A server as `mien live --lan` starts it, in a process of its own. Streams send pictures as fast as
they are read, with time stamps that run ahead of the clock. Meanwhile pages come, watch the sample
and leave without goodbye, some take nothing, and a crowd opens connections and says nothing, before
and after TLS. Memory, descriptors and threads are looked at three times, with all guests gone:
after a first third, which loads what is loaded on first use, after the second, and at the end. What
leaks grows in both of the last two thirds; what an allocator takes once and keeps grows in one. So
the growth is the smaller of the two. Linux only.
"""

import argparse
import contextlib
import itertools
import json
import random
import re
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin
from websockets.uri import parse_uri

from benchmarks import faces
from benchmarks.report import (
    Column,
    Environment,
    Result,
    print_result,
    replace_marked,
    to_markdown,
)
from mien.errors import SettingsError

NAME = "soak"
COLUMNS = (
    Column("case", "what"),
    Column("begin", "after a third", ",.0f"),
    Column("middle", "after two", ",.0f"),
    Column("end", "at the end", ",.0f"),
    Column("growth", "grew each time by", "+,.0f"),
    Column("most", "may grow by", ",.0f"),
)
# The network's page as well, with 127.0.0.1 for the network's address.
SERVER = """
import sys
from mien.cli import live_lan, main
from mien.web.lan.addresses import Network
live_lan.find_network = lambda: Network(("127.0.0.1",))
sys.exit(main(["live", "--no-browser", "--lan", "--port", "0", "--lan-port", "0"]))
"""
MEGABYTES, DESCRIPTORS, THREADS = 15.0, 1, 2
LOOKS = 3
STREAMS = 3
# Seconds between two pictures of a stream: a camera, a slow one, pauses in which people go.
STEPS = (1 / 30, 0.2, 10.0, 60.0)
CROWD = 150
QUIET_SECONDS = 6.0


@dataclass
class Server:
    """The process under test, and where it is."""

    process: subprocess.Popen[str]
    page: str
    lan: tuple[str, int]
    log: Path

    def look(self) -> dict[str, float]:
        """Return what the process holds just now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = dict(re.findall(r"^(VmRSS|Threads):\s+(\d+)", status, re.MULTILINE))
        descriptors = len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))
        return {
            "resident memory, MB": int(found["VmRSS"]) / 1024,
            "file descriptors": descriptors,
            "threads": int(found["Threads"]),
        }


@dataclass
class Guests:
    """All that use the server, each in a thread, until `over` is set."""

    server: Server
    seed: int
    over: threading.Event = field(default_factory=threading.Event)
    counts: Counter[str] = field(default_factory=Counter)
    hours: float = 0.0

    def stay(self, seconds: float) -> None:
        """Come all, and leave after so many seconds; an error of one is an error."""
        self.over.clear()
        ways = [*[self._stream] * STREAMS, self._come_and_go, self._take_nothing, self._crowd]
        with ThreadPoolExecutor(len(ways)) as threads:
            chances = [random.Random(self.seed + number) for number in range(len(ways))]
            guests = [*map(threads.submit, ways, chances)]
            wait(guests, seconds, FIRST_EXCEPTION)
            self.over.set()
        for guest in guests:
            guest.result()

    def _stream(self, chance: random.Random) -> None:
        """A camera: a face, two, or none, at times that run ahead of the clock."""
        pictures = [_jpeg(count, seed) for count in (1, 2, 4) for seed in range(3)]
        pictures.append(bytes(cv2.imencode(".jpg", np.full((480, 640, 3), 128, np.uint8))[1]))
        now = 0.0
        with _joined(self.server.page) as page:
            # Once at least: on a machine that is busy, a short soak would read nothing.
            while not self.over.is_set() or not now:
                picture, step = chance.choice(pictures), chance.choice(STEPS)
                for _ in range(20):
                    now += step
                    page.send(_with_header({"type": "grab", "time": now}, picture))
                    if '"analysis"' not in str(page.recv(timeout=60))[:30]:
                        raise SettingsError("a picture of a stream was not answered")
                    self.counts["pictures read"] += 1
        self.hours += now / 3600

    def _come_and_go(self, chance: random.Random) -> None:
        """Pages that watch the sample for a moment; half of them leave without goodbye."""
        while not self.over.is_set():
            with contextlib.suppress(ConnectionClosed), _joined(self.server.page) as page:
                page.send('{"type": "watch", "source": "sample"}')
                for _ in range(chance.randrange(5)):
                    page.recv(timeout=60)
                    page.send('{"type": "next"}')
                if chance.random() < 0.5:
                    page.socket.close()
            self.counts["pages that came and went"] += 1

    def _take_nothing(self, chance: random.Random) -> None:
        """Pages that read nothing of what they ask for, and ping; the server ends them in time."""
        host, port = self.server.page.removeprefix("http://").split(":")
        while not self.over.is_set():
            with socket.socket() as deaf, contextlib.suppress(OSError):
                deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                deaf.connect((host, int(port)))
                deaf.sendall(_upgrade(self.server.page))
                deaf.sendall(_text(b'{"type": "watch", "source": "sample"}'))
                self.counts["pages that took nothing"] += 1
                for _ in range(chance.randrange(200)):
                    deaf.sendall(
                        _text(b'{"type": "next"}')
                        + Frame(Opcode.PING, b"ping").serialize(mask=True)
                    )
                    if self.over.wait(0.1):
                        return

    def _crowd(self, chance: random.Random) -> None:
        """Connections to both ports that say nothing, or half a request, before or after TLS."""
        host, port = self.server.page.removeprefix("http://").split(":")
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        with contextlib.ExitStack() as stack:
            for number in itertools.count():
                if self.over.wait(0.01):
                    return
                if number % CROWD == CROWD - 1:
                    stack.close()
                to = chance.choice([(host, int(port)), self.server.lan])
                with contextlib.suppress(OSError):
                    one = stack.enter_context(socket.create_connection(to, timeout=10))
                    self.counts["connections that said nothing"] += 1
                    if to == self.server.lan and chance.random() < 0.3:
                        one = stack.enter_context(trusting.wrap_socket(one))
                    if chance.random() < 0.3:
                        one.sendall(b"GET / HTTP/1.1\r\nHost:")


def measure(seconds: float, *, seed: int = 0) -> Result:
    """Let guests in for so many seconds of the clock, a third of them before each look.

    Raises:
        SettingsError: This is not Linux, or the server did not start or answer.
    """
    if not Path("/proc/self/status").is_file():
        raise SettingsError("the soak reads /proc, which only Linux has")
    with serving() as server:
        guests = Guests(server, seed)
        looks = []
        for _ in range(LOOKS):
            guests.stay(seconds / LOOKS)
            looks.append(_quiet(server))
        lines = len(server.log.read_text().splitlines())
    bounds = (MEGABYTES, DESCRIPTORS, THREADS)
    rows = [
        judged(case, [look[case] for look in looks], most)
        for case, most in zip(looks[0], bounds, strict=True)
    ]
    counted = ", ".join(f"{count:,} {what}" for what, count in sorted(guests.counts.items()))
    findings = (
        f"{guests.hours:.1f} hours of stream time in {seconds:.0f} s; {counted}; "
        f"{lines} lines logged.",
        f"Grew too much: {', '.join(grown(rows))}." if grown(rows) else "Nothing grew.",
    )
    return Result(NAME, "a live page among bad guests", COLUMNS, tuple(rows), findings)


def judged(case: str, values: list[float], most: float) -> dict[str, str | float]:
    """Make a row of the table from what was seen at the three looks."""
    begin, middle, end = values
    growth = min(middle - begin, end - middle)
    return {
        "case": case,
        "begin": begin,
        "middle": middle,
        "end": end,
        "growth": growth,
        "most": most,
    }


def grown(rows: list[dict[str, str | float]]) -> list[str]:
    """Name what grew by more than it may."""
    return [str(row["case"]) for row in rows if float(row["growth"]) > float(row["most"])]


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """Run the server while the block lasts.

    Raises:
        SettingsError: It did not start.
    """
    with tempfile.TemporaryDirectory(prefix="mien-soak-") as folder:
        log = Path(folder) / "log"
        with log.open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, "-u", "-c", SERVER],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        try:
            page, network = (_address(process, log, scheme) for scheme in ("http", "https"))
            yield Server(process, f"http://{page[0]}:{page[1]}", network, log)
        finally:
            process.terminate()
            process.communicate(timeout=30)


def main() -> int:
    """Print the table; 1 where something grew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=90.0, help="of the clock (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table in a document")
    args = parser.parse_args()
    environment = Environment.look()
    result = measure(args.seconds, seed=args.seed)
    print_result(result, Console())
    if args.write is not None:
        command = f"python -m benchmarks.soak --seconds {args.seconds:g} --seed {args.seed}"
        replace_marked(args.write, to_markdown([result], environment, command), name="soak")
    return 1 if grown(list(result.rows)) else 0


def _quiet(server: Server) -> dict[str, float]:
    """Look at the server once it has noticed that everybody has left."""
    time.sleep(QUIET_SECONDS)
    return server.look()


def _address(process: subprocess.Popen[str], log: Path, scheme: str) -> tuple[str, int]:
    """Wait until the server says where it is."""
    for line in process.stdout or ():
        if found := re.search(rf"mien is at {scheme}://([\d.]+):(\d+)/", line):
            return found[1], int(found[2])
    raise SettingsError(f"the server did not start: {' '.join(log.read_text().split())}")


@contextlib.contextmanager
def _joined(address: str) -> Iterator[ClientConnection]:
    """Join as a page does, and again where there is no room just now."""
    with contextlib.ExitStack() as stack:
        while True:
            with contextlib.suppress(ConnectionClosed, InvalidHandshake, OSError):
                to = connect(address.replace("http", "ws") + "/ws", origin=address)
                page = stack.enter_context(to)
                page.recv(timeout=60)
                break
            time.sleep(0.2)
        yield page


def _upgrade(address: str) -> bytes:
    page = ClientProtocol(parse_uri(f"ws{address.removeprefix('http')}/ws"), origin=Origin(address))
    return page.connect().serialize()


def _text(data: bytes) -> bytes:
    return Frame(Opcode.TEXT, data).serialize(mask=True)


def _with_header(header: dict[str, object], picture: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack(">I", len(text)) + text + picture


def _jpeg(count: int, seed: int) -> bytes:
    return bytes(cv2.imencode(".jpg", faces.scene(640, 480, count, seed=seed))[1])


if __name__ == "__main__":
    sys.exit(main())
