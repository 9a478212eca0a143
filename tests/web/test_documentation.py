"""The documentation site, built, in a browser: for everybody, and from this host alone."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.web.hosts import Host

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.heavy
DOORS = ("index", "start", "study", "code")
OTHERS = ("api", "commands", "performance", "cards/fer4", "overview")
DARK = {"color_scheme": "dark"}
PHONE = {"viewport": {"width": 390, "height": 844}}
# What site.js has mended, or a page without anything to mend.
MENDED = ".md-typeset__scrollwrap[tabindex], article:not(:has(pre, table))"
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def address():
    """The address of the site, built anew."""
    pytest.importorskip("zensical", reason="needs the group docs")
    command = [sys.executable, "-m", "docs.site"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert told.returncode == 0, told.stdout + told.stderr
    host = Host(ROOT / "build" / "site")
    yield host.begin().removesuffix("a/folder/")
    host.end()


@pytest.fixture
def open_page(address, browser):
    """Open a page that must log no error and ask no other host."""
    contexts, faults = [], []

    def open_one(name: str, **options: object):
        contexts.append(browser.new_context(reduced_motion="reduce", **options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        page.on("request", lambda one: faults.append(one.url) if elsewhere(one.url) else None)
        page.goto(f"{address}{name}.html")
        return page

    def elsewhere(url: str) -> bool:
        return not url.startswith((address, "data:", "blob:"))

    yield open_one
    for context in contexts:
        context.close()
    assert not faults


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *((name, {}) for name in (*DOORS, *OTHERS)),
        *((name, DARK) for name in ("start", "api")),
        *((name, PHONE) for name in ("start", "commands", "columns")),
    ],
)
def test_axe_finds_nothing(open_page, violations, name, options):
    page = open_page(name, bypass_csp=True, **options)
    page.locator(f".md-code__nav[role=none], {MENDED}").first.wait_for(state="attached")
    assert violations(page) == []


def test_nothing_is_beyond_the_edge_of_a_phone(open_page, address):
    page = open_page("index", **PHONE)
    for path in sorted((ROOT / "build" / "site").rglob("*.html")):
        name = path.relative_to(ROOT / "build" / "site").as_posix()
        page.goto(address + name)
        assert page.evaluate(SIDEWAYS) <= 0, name


def test_search_finds_a_page(open_page, expect):
    page = open_page("index")
    page.keyboard.press("/")
    page.keyboard.type("Krippendorff")
    expect(page.locator("a[href*='study.html']").first).to_be_visible()


@pytest.mark.parametrize("door", DOORS[1:])
def test_each_door_is_one_press_from_the_first_page(open_page, expect, door):
    page = open_page("index")
    page.locator(f"article a[href='{door}.html']").first.click()
    page.wait_for_url(f"**/{door}.html")
    expect(page.locator("h1")).to_be_visible()


def test_the_policy_of_a_page_keeps_it_from_other_hosts(address, browser):
    page = browser.new_page()
    page.goto(f"{address}index.html")
    refused = page.evaluate(
        """() => new Promise(resolve => {
            document.addEventListener("securitypolicyviolation",
                event => resolve([event.effectiveDirective, event.blockedURI]));
            fetch("https://example.com/").catch(() => {});
        })"""
    )
    assert refused == ["connect-src", "https://example.com/"]
    page.close()
