"""The page on the network: real servers, by https and for this machine, and a real browser."""

import contextlib
import dataclasses
import hashlib
import signal
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

pytest.importorskip("cryptography", reason="needs the extra lan")

from mien.models.bundle import load_bundle, load_detector_bundle
from mien.registry import DEFAULT_BUNDLE, DETECTOR_BUNDLE
from mien.web.app import create_app
from mien.web.guard.connections import FOR_NETWORK, Bounds
from mien.web.guard.limits import OpenPages
from mien.web.guard.security import local_hosts
from mien.web.lan.addresses import Network
from mien.web.lan.gate import COOKIE
from mien.web.lan.serve import Lan, make_lan
from mien.web.server import Server, bind, bind_all
from mien.web.session.services import Services
from mien.web.site.engine import engine_files

pytestmark = pytest.mark.timeout(120)
WIDTH = "document.documentElement.scrollWidth"


@dataclasses.dataclass(frozen=True)
class Both:
    """Two servers that run, and how to reach them."""

    page: str
    lan: Lan
    server: Server
    thread: threading.Thread
    told: list

    @property
    def address(self) -> str:
        return self.lan.addresses[0].rstrip("/")

    def tls(self) -> ssl.SSLContext:
        """Trust the certificate that the server shows, and no other."""
        host, port = self.address.removeprefix("https://").split(":")
        return ssl.create_default_context(cadata=ssl.get_server_certificate((host, int(port))))

    @contextlib.contextmanager
    def client(self) -> Iterator[httpx.Client]:
        with httpx.Client(verify=self.tls(), base_url=self.address) as client:
            yield client

    def enter(self, client: httpx.Client) -> httpx.Response:
        data, origin = {"code": self.lan.entry.code}, {"Origin": self.address}
        return client.post("/enter", data=data, headers=origin)

    def connect(self, token: str, **options):
        """Connect as the page does."""
        address, cookie = self.address.replace("https", "wss"), {"Cookie": f"{COOKIE}={token}"}
        options = {"origin": self.address, "additional_headers": cookie, **options}
        context = self.tls()
        # This client reads in a thread of its own. Before Python 3.13 nothing keeps that one, busy
        # with a ticket of TLS 1.3, from losing what the other sends: one time in a few hundred.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return connect(f"{address}/ws", ssl=context, **options)


@pytest.fixture
def serve_both(run_server):
    """Run both servers while a `with` block lasts; 127.0.0.1 stands for the network's address."""

    @contextlib.contextmanager
    def serving(
        services: Services,
        bounds: Bounds = FOR_NETWORK,
        *,
        besides: Mapping[str, bytes] | None = None,
    ) -> Iterator[Both]:
        network, told, started = Network(("127.0.0.1",)), [], threading.Event()
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(bind("127.0.0.1", 0))
            listeners = [*map(stack.enter_context, bind_all(network.addresses, 0))]
            port = listener.getsockname()[1]
            lan = make_lan(besides or services, network, listeners, told.append, bounds)
            app = create_app(services, hosts=local_hosts(port))
            server = Server(app, beside=lan.server, on_started=started.set)
            thread = stack.enter_context(run_server(server, listener, started))
            yield Both(f"http://127.0.0.1:{port}", lan, server, thread, told)

    return serving


@pytest.fixture
def both(serve_both, services):
    with serve_both(services) as both:
        yield both


def flood(page) -> None:
    for _ in range(10_000):
        page.send('{"type": "next"}')
    while True:
        page.recv(timeout=30)


def refused(address: str) -> bool:
    host, port = address.split("//")[1].split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) != 0


def test_a_device_enters_and_reads_a_face(both, picture_message):
    with both.client() as client:
        page = client.get("/", follow_redirects=True)
        assert page.url.path == "/enter"
        assert both.enter(client).headers["location"] == "/"
        assert "<title>mien</title>" in client.get("/").text
        token = client.cookies[COOKIE]
    with both.connect(token) as page:
        assert '"hello"' in page.recv()
        page.send(picture_message(1.0))
        assert '"label":"happy"' in page.recv(timeout=30)
    assert [new.device for new in both.told] == ["127.0.0.1"]


def test_the_page_of_this_machine_is_as_ever(both):
    assert "<title>mien</title>" in httpx.get(both.page).text
    with connect(both.page.replace("http", "ws") + "/ws", origin=both.page) as page:
        assert '"hello"' in page.recv()
    # There it is only reached by its own name and port.
    elsewhere = {"Host": both.address.removeprefix("https://")}
    assert httpx.get(both.page, headers=elsewhere).status_code == 421


def test_the_network_is_served_by_tls_only(both):
    with pytest.raises(httpx.TransportError):
        httpx.get(both.address.replace("https", "http"))
    with pytest.raises(httpx.ConnectError, match="self-signed"):
        httpx.get(both.address)


def test_the_fingerprint_is_that_of_the_certificate_shown(both):
    host, port = both.address.removeprefix("https://").split(":")
    context = ssl._create_unverified_context()
    with socket.create_connection((host, int(port))) as raw, context.wrap_socket(raw) as secured:
        shown = secured.getpeercert(binary_form=True)
    assert hashlib.sha256(shown).hexdigest().upper() == both.lan.fingerprint.replace(":", "")


@pytest.mark.parametrize("token", ["", "guess"])
def test_no_websocket_without_the_code(both, token):
    with pytest.raises(InvalidStatus) as caught, both.connect(token):
        pass
    assert caught.value.response.status_code == 403


def test_no_websocket_of_another_page(both):
    with both.client() as client:
        both.enter(client)
        token = client.cookies[COOKIE]
    with (
        pytest.raises(InvalidStatus) as caught,
        both.connect(token, origin="https://evil.example"),
    ):
        pass
    assert caught.value.response.status_code == 403


def test_a_device_that_floods_is_closed_and_the_others_stay(both, picture_message):
    with both.client() as client:
        both.enter(client)
        token = client.cookies[COOKIE]
    with both.connect(token) as good, both.connect(token) as bad:
        with pytest.raises(ConnectionClosed) as caught:
            flood(bad)
        assert (caught.value.rcvd.code, caught.value.rcvd.reason[:17]) == (
            1008,
            "too many messages",
        )
        good.send(picture_message(1.0))
        assert '"hello"' in good.recv()
        assert '"analysis"' in good.recv(timeout=30)


def test_pages_of_machine_and_network_are_counted_together(serve_both, services):
    services = dataclasses.replace(services, pages=OpenPages(most=1))
    with serve_both(services) as both, both.client() as client:
        both.enter(client)
        with connect(both.page.replace("http", "ws") + "/ws", origin=both.page) as page:
            page.recv()
            with (
                both.connect(client.cookies[COOKIE]) as other,
                pytest.raises(ConnectionClosed) as caught,
            ):
                other.recv(timeout=30)
    assert caught.value.rcvd.code == 1013


def test_both_end_together_while_pages_are_open(both, source):
    with both.client() as client:
        both.enter(client)
        token = client.cookies[COOKIE]
    with (
        both.connect(token) as far,
        connect(both.page.replace("http", "ws") + "/ws", origin=both.page) as near,
    ):
        for page in (far, near):
            page.recv()
            page.send('{"type": "watch", "source": "sample"}')
            assert isinstance(page.recv(timeout=30), bytes)
        both.server.should_exit = True
        both.thread.join(5)
        assert not both.thread.is_alive()
    assert refused(both.page)
    assert refused(both.address)
    assert source.closed.wait(30)


def test_a_device_that_is_asleep_is_not_waited_for(both):
    # That no error is logged for it is checked where the servers end.
    host, port = both.address.removeprefix("https://").split(":")
    with (
        socket.create_connection((host, int(port))) as raw,
        both.tls().wrap_socket(raw, server_hostname=host) as phone,
    ):
        phone.sendall(f"GET /enter HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        assert phone.recv(12) == b"HTTP/1.1 200"
        # From here on it reads nothing, so it does not see that the server says goodbye.
        both.server.should_exit = True
        both.thread.join(10)
        assert not both.thread.is_alive()


@pytest.mark.parametrize("secured", [False, True])
def test_silence_before_and_after_tls_is_ended_without_a_word(
    serve_both, services, caplog, secured
):
    bounds = Bounds(request=0.1, check=0.01) if secured else Bounds(handshake=0.1)
    with serve_both(services, bounds) as both, contextlib.ExitStack() as stack:
        host, port = both.address.removeprefix("https://").split(":")
        silent = stack.enter_context(socket.create_connection((host, int(port)), timeout=30))
        if secured:
            context = ssl._create_unverified_context()
            silent = stack.enter_context(context.wrap_socket(silent))
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            assert silent.recv(1) == b""
    assert not caplog.records


def test_a_crowd_on_the_network_keeps_nobody_out(serve_both, services):
    with (
        serve_both(services, Bounds(most=6, most_of_one=3, request=60)) as both,
        contextlib.ExitStack() as crowd,
    ):
        host, port = both.address.removeprefix("https://").split(":")
        for _ in range(20):
            crowd.enter_context(socket.create_connection((host, int(port)), timeout=30))
        with both.client() as client:
            assert client.get("/enter").status_code == 200
        assert "<title>mien</title>" in httpx.get(both.page).text


def test_where_one_breaks_down_the_other_does_not_go_on(both):
    both.lan.server.should_exit = True
    both.thread.join(10)
    assert not both.thread.is_alive()
    assert refused(both.page)


def test_signals_are_left_to_the_page_of_this_machine(services):
    with contextlib.ExitStack() as stack:
        listeners = [*map(stack.enter_context, bind_all(["127.0.0.1"], 0))]
        lan = make_lan(services, Network(("127.0.0.1",)), listeners, print)
        before = signal.getsignal(signal.SIGINT)
        with lan.server.capture_signals():
            assert signal.getsignal(signal.SIGINT) is before


@pytest.fixture
def open_lan_page(both, browser, watch_pages):
    """Open the page as a phone would that goes on after the warning of the certificate."""
    # A wrong code is a page with an error status, which Chromium notes in the console.
    with watch_pages(browser, allowed="status of 403") as open_one:
        yield lambda **options: open_one(both.address, ignore_https_errors=True, **options)


def test_a_phone_enters_the_code_and_shows_a_face(both, open_lan_page, expect):
    page = open_lan_page(viewport={"width": 360, "height": 740}, locale="en-GB")
    expect(page.get_by_role("heading", level=2)).to_have_text("Enter the code")
    expect(page.get_by_label("Code")).to_be_focused()
    assert page.evaluate(WIDTH) <= 360
    page.keyboard.type("0000 0001")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("That is not the code.")
    assert page.evaluate(WIDTH) <= 360
    page.get_by_label("Code").fill(both.lan.entry.code)
    page.get_by_role("button", name="Enter").click()
    expect(page.locator("#connection")).to_have_text("Ready")
    assert "Pictures go to the machine that runs mien" in page.inner_text("main")
    assert "this machine" not in page.inner_text("body")
    page.get_by_role("button", name="Start camera").click()
    expect(page.locator("#faces .person").first).to_have_text("Person 1")
    expect(page.locator("#source")).to_have_text("Your camera")


def test_the_code_page_needs_no_javascript(both, open_lan_page, expect):
    page = open_lan_page(java_script_enabled=False, locale="de-DE")
    expect(page.get_by_role("heading", level=2)).to_have_text("Code eingeben")
    page.get_by_label("Code").fill(both.lan.entry.code.replace(" ", ""))
    page.get_by_role("button", name="Eingeben").click()
    expect(page.locator("#not-begun")).to_be_attached()  # the page takes it away
    assert page.url == both.address + "/"


def test_a_half_code_is_not_sent(both, open_lan_page, expect):
    page = open_lan_page(locale="en-GB")
    page.get_by_label("Code").fill("1234 567")
    page.get_by_role("button", name="Enter").click()
    expect(page.locator("#code:invalid")).to_be_focused()
    expect(page.locator("#problem")).to_have_count(0)


@pytest.mark.heavy
@pytest.mark.parametrize("language", ["en", "de"])
def test_axe_finds_nothing_on_the_code_page(open_lan_page, expect, violations, language):
    grounds = {"light": "rgb(244, 242, 236)", "dark": "rgb(18, 25, 26)"}
    page = open_lan_page(locale=language, viewport={"width": 360, "height": 740})
    for wrong in (False, True):
        if wrong:
            page.locator("#code").fill("0000 0001")
            page.locator("#code").press("Enter")
            expect(page.locator("#problem")).to_be_visible()
        for scheme, ground in grounds.items():
            page.emulate_media(color_scheme=scheme)
            expect(page.locator("body")).to_have_css("background-color", ground)
            assert violations(page) == [], (scheme, wrong)


@pytest.mark.heavy
def test_a_phone_reads_by_itself_and_is_not_let_in_without_the_code(
    serve_both, services, browser, watch_pages, expect, page_runtime
):
    """As an iPhone has to, whose browser refuses a WebSocket behind such a certificate."""
    bundles = [load_bundle(DEFAULT_BUNDLE)], load_detector_bundle(DETECTOR_BUNDLE)
    besides = engine_files(*bundles)
    with serve_both(services, besides=besides) as both:
        with both.client() as client:
            for name in ("engine/worker.js", *besides):
                assert client.get(f"/static/{name}").status_code == 403
        with watch_pages(browser) as open_one:
            page = open_one(both.address, ignore_https_errors=True, locale="en-GB")
            page.get_by_label("Code").fill(both.lan.entry.code)
            page.get_by_role("button", name="Enter").click()
            expect(page.locator("#connection")).to_have_text("Ready")
            assert "Nothing leaves this device" in page.inner_text("#foot-here")
            page.get_by_role("button", name="Show the sample").click()
            expect(page.locator("#faces li .look").first).to_have_text("looks happy")


def test_the_page_of_this_machine_says_that_nothing_leaves_it(both, browser, watch_pages, expect):
    with watch_pages(browser) as open_one:
        page = open_one(both.page)
        expect(page.locator("#connection")).to_have_text("Ready")
        assert "Nothing leaves this machine" in page.inner_text("main")
        assert "Runs on this machine only." in page.inner_text("footer")


def test_the_page_says_when_too_many_are_open(serve_both, services, browser, watch_pages, expect):
    services = dataclasses.replace(services, pages=OpenPages(most=1))
    with serve_both(services) as both, watch_pages(browser) as open_one:
        first = open_one(both.page)
        expect(first.locator("#connection")).to_have_text("Ready")
        second = open_one(both.page)
        expect(second.locator("#message")).to_have_text(
            "Too many pages of mien are open. Close one; this page then goes on by itself."
        )
        first.close()
        expect(second.locator("#connection")).to_have_text("Ready")


def test_a_phone_that_loses_the_machine_is_told_to_come_anew(
    serve_both, services, browser, watch_pages, expect
):
    with watch_pages(browser, allowed="WebSocket connection to") as open_one:
        with serve_both(services) as both:
            page = open_one(both.address, ignore_https_errors=True, locale="en-GB")
            page.get_by_label("Code").fill(both.lan.entry.code)
            page.keyboard.press("Enter")
            expect(page.locator("#connection")).to_have_text("Ready")
            page.wait_for_load_state("networkidle")  # nothing is on its way when the server ends
        expect(page.locator("#message")).to_contain_text("load this page anew")
