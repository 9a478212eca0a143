"""Firefox as its users have it, driven by WebDriver BiDi: https://w3c.github.io/webdriver-bidi."""

import contextlib
import itertools
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

NAMES = ("firefox", "firefox-esr")
# Nothing is asked of its makers, and a camera that shows a pattern is given without asking.
PREFERENCES = {
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "media.navigator.permission.disabled": True,
    "media.navigator.streams.fake": True,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}
SECONDS = 60


class Firefox:
    """One tab."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._numbers = socket, itertools.count(1)
        self._ask("session.new", capabilities={})
        self._tab = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def get(self, address: str) -> None:
        """Open a page."""
        self._ask("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def evaluate(self, script: str) -> Any:
        """Return what an expression gives: a text, a number, a truth."""
        found = self._ask(
            "script.evaluate", expression=script, target={"context": self._tab}, awaitPromise=True
        )
        assert found["type"] == "success", found
        return found["result"].get("value")

    def until(self, script: str) -> None:
        """Wait until an expression is true."""
        for _ in range(SECONDS * 10):
            if self.evaluate(f"Boolean({script})"):
                return
            time.sleep(0.1)
        raise AssertionError(f"never: {script}")

    def see(self, selector: str, text: str = "") -> None:
        """Wait until what a selector names can be seen, and its text holds this."""
        given = f"[...document.querySelectorAll({json.dumps(selector)})]"
        seen = f"one.getClientRects().length && one.textContent.includes({json.dumps(text)})"
        self.until(f"{given}.some((one) => {seen})")

    def press(self, selector: str) -> None:
        """Press a button once it can be seen."""
        self.see(selector)
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def _ask(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv(timeout=SECONDS))
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]


@contextlib.contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """Run a Firefox that has nothing stored, in an empty folder; skips where there is none."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"needs a browser: none of {', '.join(NAMES)} is installed")
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});"
        for name, value in PREFERENCES.items()
    ]
    (folder / "user.js").write_text("\n".join(lines))
    command = [path, "--headless", "--no-remote", "--profile", str(folder)]
    log = folder / "said.txt"
    with log.open("w") as file:
        process = subprocess.Popen(
            [*command, "--remote-debugging-port", "0"], stdout=file, stderr=subprocess.STDOUT
        )
    try:
        with connect(f"{_address(process, log)}/session", max_size=None) as socket:
            yield Firefox(socket)
    finally:
        process.terminate()
        process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(SECONDS * 10):
        if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", log.read_text()):
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"Firefox cannot be driven: {log.read_text()}")
