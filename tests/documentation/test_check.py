"""A site with a broken link, or that loads from another host, does not pass."""

import pytest
from docs.site.check import faults

GOOD = '<h2 id="a">A</h2><a href="#a">here</a><a href="other.html#b">there</a>'


@pytest.fixture
def site(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "index.html").write_text(GOOD)
    (tmp_path / "other.html").write_text('<p id="b"><img src="deep/a%20b.png"></p>')
    (tmp_path / "deep" / "a b.png").touch()
    (tmp_path / "style.css").write_text("p { background: url('deep/a b.png') }")
    return tmp_path


def test_a_good_site_passes(site):
    assert list(faults(site)) == []


@pytest.mark.parametrize(
    ("markup", "fault"),
    [
        ('<a href="lost.html">', "lost.html is not there"),
        ('<a href="other.html#c">', "other.html#c has no such anchor"),
        ('<a href="#c">', "#c has no such anchor"),
        ('<a href="deep">', "deep is not there"),
        ('<img src="lost.png">', "lost.png is not there"),
        ('<img src="https://a.example/b.png">', "loads https://a.example/b.png"),
        ('<script src="//a.example/b.js"></script>', "loads //a.example/b.js"),
        ('<link rel="preconnect" href="https://a.example">', "loads https://a.example "),
        ('<img srcset="deep/x.png 1x, http://a.example/y.png 2x">', "http://a.example/y.png"),
        ('<p style="background: url(https://a.example/b.png)">', "https://a.example/b.png"),
    ],
)
def test_a_fault_is_told_with_its_page(site, markup, fault):
    (site / "index.html").write_text(GOOD + markup)
    told = list(faults(site))
    assert told
    assert all(one.startswith("index.html: ") for one in told)
    assert any(fault in one for one in told)


def test_a_style_that_loads_from_elsewhere_is_told(site):
    (site / "style.css").write_text('@import "https://a.example/b.css";')
    assert list(faults(site)) == ["style.css: loads https://a.example/b.css from another host"]


def test_links_to_other_hosts_load_nothing(site):
    more = '<a href="https://a.example"></a><link rel="canonical" href="https://a.example/">'
    (site / "index.html").write_text(GOOD + more)
    assert list(faults(site)) == []
