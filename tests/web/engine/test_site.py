"""The exported site in a browser, no mien running: what it reads, with a network and without."""

import base64
import contextlib
import itertools
import shutil
from pathlib import Path, PurePath

import cv2
import pytest
from tests.web.conftest import launched
from tests.web.hosts import Host

from mien.cli import main
from mien.models.occlusion import explain
from mien.registry import make_analyzer, make_classifier, make_detector
from mien.sources.sample import SampleSource
from mien.types import Frame
from mien.web.page import runtime
from mien.web.site.engine import classifier

PORTRAIT = Path(runtime.__file__).parents[2] / "assets" / "collins.jpg"
# What a browser keeps of sites, of which versions.
KEPT = "caches.keys()"
# Joins an engine of the test's own, and has it read a picture.
ENGINE = """async (path) => {
  const { LocalEngine } = await import(new URL(path, document.baseURI).href);
  await new Promise((hello) => { window.engine = new LocalEngine({ hello, models() {} }); });
}"""
READ = """async (png) => {
  const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  return window.engine.read(canvas, true);
}"""
DROP = """async (bytes) => {
  const dataTransfer = new DataTransfer();
  const data = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
  dataTransfer.items.add(new File([data], "collins.jpg", { type: "image/jpeg" }));
  const options = { dataTransfer, bubbles: true, cancelable: true };
  document.body.dispatchEvent(new DragEvent("drop", options));
}"""
GRAPH = {name: PurePath(classifier(name)).stem for name in ("fer4", "fer8")}  # of models
SECONDS = 90_000  # at most, in which a busy machine loads and reads


@contextlib.contextmanager
def visitor(browser, address: str):
    """Yield the context of somebody who has used nothing of the site, and a way to open it.

    In the end there must have been no error in a console and no request to another host.
    """
    errors: list[str] = []
    with browser.new_context(viewport={"width": 900, "height": 700}) as context:

        def open_page():
            page = context.new_page()
            page.set_default_timeout(SECONDS)
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", lambda line: line.type == "error" and errors.append(line.text))
            page.on("websocket", lambda socket: errors.append(socket.url))
            page.on("request", lambda asked: strange(asked.url))
            page.goto(address)
            page.locator("#connection[data-state=connected]").wait_for(state="attached")
            return page

        def strange(url: str) -> None:
            if not url.startswith((address, "blob:", "data:")):
                errors.append(url)

        yield context, open_page
    assert not errors, errors


def reads_picture(page) -> None:
    """Drop a picture on the page, which is then read."""
    page.evaluate(DROP, base64.b64encode(PORTRAIT.read_bytes()).decode())
    page.locator("#faces li .look", has_text="looks happy").wait_for()
    page.get_by_role("button", name="Close").first.click()


def reads_sample(page) -> None:
    """Show the sample: a face, then drawn ones with several looks."""
    page.get_by_role("button", name="Show the sample").click()
    page.locator("#faces li .look", has_text="looks happy").first.wait_for()
    page.locator("#faces li .look", has_text="looks sad").first.wait_for()
    page.locator("#stop").click()


def reads_camera(page) -> None:
    """Start the camera, which sees a face."""
    page.get_by_role("button", name="Start camera").click()
    page.locator("#faces li .look", has_text="looks happy").wait_for()
    page.locator("#stop").click()


def write_clip(path: Path) -> Path:
    """Write what the camera sees, over and over: the sample's one face, there and back."""
    there = [frame.image for frame in itertools.islice(SampleSource(), 0, 60, 4)]
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420\n")
        for image in there + there[-2:0:-1]:
            file.write(b"FRAME\n" + cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420).tobytes())
    return path


def until(page, script: str) -> None:
    """Wait until a promise of the page's is kept by something true."""
    for _ in range(SECONDS // 100):
        if page.evaluate(script):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never: {script}")


def keeps_all(page) -> None:
    """Wait until the page says that it works without a network."""
    page.locator("#version", has_text="Works without a network.").wait_for()


@pytest.mark.timeout(200)
def test_a_picture_is_read_with_no_server_behind(browser, host):
    with visitor(browser, host.begin()) as (_, open_page):
        page = open_page()
        assert page.locator("#foot-here").inner_text() == (
            "Runs in this browser. Nothing leaves this device."
        )
        reads_picture(page)


@pytest.mark.heavy
@pytest.mark.timeout(200)
def test_pictures_are_read_as_python_reads_them(browser, host, exported):
    """Pixels, networks, decisions and the parts that mattered, all in one."""
    detector, (classifier, info) = make_detector(), make_classifier()
    frames = [frame.image for frame in itertools.islice(SampleSource(), 0, 241, 120)]
    pictures = [*frames, frames[0][:, ::-1].copy(), cv2.imread(str(PORTRAIT)), frames[0] // 6]
    (module,) = (exported / "a" / "folder").glob("static/core/local.*.js")
    with visitor(browser, host.begin()) as (_, open_page):
        page = open_page()
        page.evaluate(ENGINE, f"./static/core/{module.name}")
        for image in pictures:
            png = base64.b64encode(cv2.imencode(".png", image)[1].tobytes()).decode()
            found = page.evaluate(READ, png)["faces"]
            analysis = make_analyzer(detector, classifier, info)(Frame(image, 0, 0.0, "picture"))
            wanted = analysis.to_dict()["faces"]
            assert len(found) == len(wanted) > 0
            for one, other, reading in zip(found, wanted, analysis.readings, strict=True):
                assert (one["label"], one["reason"]) == (other["label"], other["reason"])
                assert one["box"] == pytest.approx(other["box"], abs=0.1)
                assert one["probabilities"] == pytest.approx(other["probabilities"], abs=0.01)
                effects = {part["part"]: part["effect"] for part in one["parts"]}
                parts = explain(image, reading.face, classifier)
                assert effects == pytest.approx({p.part: p.effect for p in parts}, abs=0.02)


@pytest.mark.heavy
@pytest.mark.timeout(200)
def test_an_engine_that_cannot_be_loaded_says_so(browser, host):
    with browser.new_context() as context:
        page = context.new_page()
        page.route(f"**/{GRAPH['fer4']}.*", lambda route: route.abort())
        page.goto(host.begin())
        page.locator("#connection", has_text="Not loaded").wait_for(timeout=SECONDS)
        assert "could not be loaded" in page.get_by_role("alert").first.inner_text()
        for name in ("Start camera", "Show the sample", "Open a picture or video"):
            assert page.get_by_role("button", name=name).is_disabled()
        page.evaluate(DROP, base64.b64encode(PORTRAIT.read_bytes()).decode())
        page.wait_for_timeout(300)
        assert page.locator("#welcome").is_visible()
        page.get_by_role("button", name="Practice").click()
        page.locator(".answer").first.click()  # drawn faces need no engine


@pytest.mark.heavy
@pytest.mark.timeout(200)
def test_what_was_begun_ends_where_the_engine_cannot_be_loaded(browser, host):
    with browser.new_context() as context:
        page = context.new_page()
        held = []
        page.route(f"**/{GRAPH['fer4']}.*", lambda route: held.append(route))
        page.goto(host.begin())
        page.get_by_role("button", name="Show the sample").click()
        page.locator("#stop").wait_for()
        for _ in range(2):  # for the model that was chosen, and for the first
            page.wait_for_timeout(1000)
            while held:
                held.pop().abort()
        page.locator("#connection", has_text="Not loaded").wait_for(timeout=SECONDS)
        assert page.locator("#welcome").is_visible()
        assert "could not be loaded" in page.get_by_role("alert").first.inner_text()


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_all_is_read_and_once_more_without_a_network(playwright_api, host, tmp_path):
    address = host.begin()
    film = write_clip(tmp_path / "clip.y4m")
    with (
        launched(playwright_api, film=film) as browser,
        visitor(browser, address) as (
            context,
            open_page,
        ),
    ):
        page = open_page()
        for reads in (reads_picture, reads_camera, reads_sample):
            reads(page)
        keeps_all(page)
        page.close()
        host.end()
        context.set_offline(True)
        page = open_page()
        for reads in (reads_picture, reads_camera, reads_sample):
            reads(page)
        with context.expect_page() as opened:
            page.locator("footer").get_by_role("link", name="A notice to print").click()
        opened.value.locator("h1", has_text="A computer reads faces here").wait_for()


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_the_next_version_is_taken_whole_and_the_old_one_removed(browser, exported, tmp_path):
    """While the host has only a part of it, the old one stays."""
    root = shutil.copytree(exported, tmp_path / "host")
    site, host = root / "a" / "folder", Host(root)
    address = host.begin()
    try:
        with visitor(browser, address) as (_, open_page):
            page = open_page()
            keeps_all(page)
            (first,) = page.evaluate(KEPT)
            page.close()
            newer = tmp_path / "newer"
            assert main(["export-site", str(newer), "--model", "fer8", "-q"]) == 0
            shutil.copy(newer / "sw.js", site / "sw.js")
            page = open_page()  # asks for it, and finds that the page is still the old one
            page.wait_for_timeout(2000)
            assert page.evaluate(KEPT) == [first]
            page.close()
            shutil.rmtree(site)
            newer.rename(site)
            page = open_page()
            until(page, "navigator.serviceWorker.getRegistration().then((r) => !!r.waiting)")
            assert len(page.evaluate(KEPT)) == 2
            reads_picture(page)  # with the old one, of which the host has nothing more
            page.reload()
            page.locator("#about-model", has_text="fer8").wait_for(state="attached")
            (second,) = page.evaluate(KEPT)
            assert second != first
    finally:
        host.end()


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_another_model_is_fetched_when_it_is_chosen_and_read_with_offline(
    browser, tmp_path, page_runtime
):
    folder = tmp_path / "a" / "folder"
    assert main(["export-site", str(folder), "--model", "fer4", "--model", "fer8", "-q"]) == 0
    host = Host(tmp_path)
    address = host.begin()
    try:
        with visitor(browser, address) as (context, open_page):
            page = open_page()
            asked = []
            page.on("request", lambda request: asked.append(request.url))
            keeps_all(page)
            assert not any(GRAPH["fer8"] in url for url in asked)
            page.get_by_role("button", name="Show the sample").click()
            page.locator("#faces li .look", has_text="looks happy").first.wait_for()
            page.locator("#usual").click()
            page.locator("#faces progress").wait_for()
            choose(page, "fer8")
            page.locator("#about-model", has_text="fer8").wait_for(state="attached")
            page.locator("#usual-left", has_text="Another model reads now").wait_for()
            page.locator("#faces li .look", has_text="looks happy").first.wait_for()
            page.locator("#stop").click()
            until(page, f"caches.match('{named(folder, GRAPH['fer8'])}').then(Boolean)")
            page.close()
            host.end()
            context.set_offline(True)
            page = open_page()
            page.locator("#about-model", has_text="fer8").wait_for(state="attached")
            reads_picture(page)
            choose(page, "fer4")
            page.locator("#about-model", has_text="fer4").wait_for(state="attached")
            assert page.locator("#settings-looks label").count() == 4
            reads_picture(page)
    finally:
        host.end()


@pytest.mark.heavy
@pytest.mark.timeout(300)
def test_a_model_that_cannot_be_fetched_changes_nothing(browser, tmp_path, expect, page_runtime):
    folder = tmp_path / "a" / "folder"
    assert main(["export-site", str(folder), "--model", "fer4", "--model", "fer8", "-q"]) == 0
    (folder / named(folder, GRAPH["fer8"])).unlink()
    host = Host(tmp_path)
    try:
        with browser.new_context(service_workers="block") as context:
            page = context.new_page()
            page.goto(host.begin())
            page.get_by_role("button", name="Show the sample").click()
            page.locator("#faces li .look", has_text="looks happy").first.wait_for()
            choose(page, "fer8", close=False)
            expect(page.locator("#models-said")).to_have_text(
                "fer8 could not be fetched. The model before it reads on. "
                "Choose it again when there is a network."
            )
            expect(page.locator("#models input").first).to_be_checked()
            page.locator("#settings [data-close]").click()
            page.locator("#faces li .look", has_text="looks happy").first.wait_for()
    finally:
        host.end()


@pytest.mark.heavy
@pytest.mark.timeout(300)
def test_while_a_model_is_fetched_the_one_before_reads_and_the_last_choice_counts(
    browser, tmp_path, expect, page_runtime
):
    """A host that is slow, or does not answer, keeps nobody from going back."""
    folder = tmp_path / "a" / "folder"
    names = ("fer4", "fer8", "fer4-open")
    models = [word for name in names for word in ("--model", name)]
    assert main(["export-site", str(folder), *models, "-q"]) == 0
    host, held = Host(tmp_path), []
    try:
        with browser.new_context(service_workers="block") as context:
            page = context.new_page()
            page.route(f"**/{GRAPH['fer8']}.*", lambda route: held.append(route))
            page.goto(host.begin())
            page.get_by_role("button", name="Show the sample").click()
            happy = page.locator("#faces li .look", has_text="looks happy").first
            happy.wait_for()
            choose(page, "fer8", close=False)
            expect(page.locator("#models-said")).to_have_text("fer8 is being fetched…")
            page.evaluate("document.querySelector('#faces').replaceChildren()")
            happy.wait_for(state="attached")  # it is read on
            page.locator("#models label", has_text="fer4:").click()
            expect(page.locator("#models-said")).to_have_text("")
            expect(page.locator("#about-model")).to_contain_text("Model fer4,")
            page.locator("#models label", has_text="fer8:").click()
            page.locator("#models label", has_text="fer4-open:").click()
            expect(page.locator("#about-model")).to_contain_text("Model fer4-open,")
            for route in held:  # what nobody waits for any more fails
                with contextlib.suppress(Exception):
                    route.abort()
            page.wait_for_timeout(300)
            expect(page.locator("#models-said")).to_have_text("")
            expect(page.locator("#models input").nth(2)).to_be_checked()
    finally:
        host.end()


def choose(page, model: str, *, close: bool = True) -> None:
    """Choose a model in the settings."""
    page.locator("#open-settings").click()
    page.locator("#models label", has_text=f"{model}:").click()
    if close:
        page.locator("#settings [data-close]").click()


def named(folder: Path, what: str) -> str:
    """Return the name of a model's file."""
    (path,) = folder.glob(f"static/models/{what}.*")
    return path.relative_to(folder).as_posix()
