"""The main walk in WebKit, the engine of Safari: WebKitGTK, on a screen that nobody sees."""

import os
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.heavy,
    # Of selenium itself: it still calls what it no longer recommends.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:selenium"),
]
SECONDS = 60
BROWSERS = tuple(Path("/usr/lib").glob("*/webkit2gtk-4*/MiniBrowser"))
# Whether what a selector names can be seen, and its text holds this.
SEEN = """
const [selector, text] = arguments;
return [...document.querySelectorAll(selector)].some((one) =>
  one.getClientRects().length && one.textContent.includes(text));
"""


@pytest.fixture(scope="module")
def screen():
    """A screen in memory; yields its name."""
    if shutil.which("Xvfb") is None:
        pytest.skip("needs Xvfb")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1400x1000x24"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        yield f":{server.stdout.readline().decode().strip()}"
        server.terminate()


@pytest.fixture
def driver(screen):
    """WebKit as its users have it, driven by selenium."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
    program, browser = shutil.which("WebKitWebDriver"), next(iter(BROWSERS), None)
    if program is None or browser is None:
        pytest.skip("needs webkit2gtk-driver")
    options = webdriver.WebKitGTKOptions()
    options.binary_location = str(browser)
    options.add_argument("--automation")
    # A container lets no program make a sandbox.
    unboxed = {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
    env = {**os.environ, "DISPLAY": screen, **unboxed}
    service = webdriver.WebKitGTKService(program, env=env)
    driver = webdriver.WebKitGTK(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture
def see(driver):
    """Wait until something can be seen."""
    from selenium.webdriver.support.ui import WebDriverWait

    def wait(selector: str, text: str = "") -> None:
        WebDriverWait(driver, SECONDS).until(
            lambda one: one.execute_script(SEEN, selector, text), f"{selector} {text}"
        )

    return wait


def test_the_main_walk(driver, see, address, tmp_path):
    def press(selector: str) -> None:
        see(selector)
        driver.find_element("css selector", selector).click()

    picture = tmp_path / "dark.png"
    cv2.imwrite(str(picture), np.full((180, 320, 3), 60, np.uint8))
    driver.get(address)
    see("#connection", "Ready")
    press("#start-sample")
    see("#faces .look", "looks happy")
    press("#pause")
    see("#cover-word", "Paused")
    press("#pause")
    see("#faces .look", "looks happy")
    press("#open-settings")
    press("#settings [data-choice=language] label:last-of-type")
    see("#settings-title", "Einstellungen")
    press("#settings [data-close]")
    see("#faces .look", "sieht fröhlich aus")
    press("#stop")
    see("#choose-file")
    driver.find_element("css selector", "#file").send_keys(str(picture))
    see("#faces .look", "sieht traurig aus")
    press("#stop")
    press("#start-practice")
    press(".answer")
    see("#practice-said", "Deine Antwort")
    see("#practice-next")


def test_the_site_reads_by_itself_with_a_network_and_without(driver, see, host):
    address = host.begin()
    driver.get(address)
    see("#connection", "Ready")
    for _ in range(2):
        driver.find_element("id", "start-sample").click()
        see("#faces li .look", "looks happy")
        see("#faces li .look", "looks sad")
        driver.find_element("id", "stop").click()
        see("#version", "Works without a network.")
        host.end()
        driver.get(address)
        see("#connection", "Ready")
