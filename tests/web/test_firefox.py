"""The exported site in Firefox, which has neither Chromium's nor WebKit's engine."""

import pytest
from tests.web.bidi import firefox

pytestmark = [pytest.mark.timeout(240), pytest.mark.heavy]


def test_the_site_reads_by_itself_with_a_network_and_without(tmp_path, host):
    address = host.begin()
    with firefox(tmp_path) as page:
        page.get(address)
        page.see("#connection", "Ready")
        for _ in range(2):
            page.press("#start-sample")
            page.see("#faces li .look", "looks happy")
            page.see("#faces li .look", "looks sad")
            page.press("#stop")
            page.see("#version", "Works without a network.")
            host.end()
            page.get(address)
            page.see("#connection", "Ready")


def test_a_camera_is_read(tmp_path, host):
    """Its picture has no face, and that is said."""
    with firefox(tmp_path) as page:
        page.get(host.begin())
        page.see("#connection", "Ready")
        page.press("#start-camera")
        page.see("#nobody", "No face")
