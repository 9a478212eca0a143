"""The site as files: what is in it, and what it does not replace."""

import dataclasses
import json
import re
from pathlib import Path

import msgspec
import pytest

from mien.cli import main
from mien.errors import SettingsError
from mien.models.bundle import CARD, load_bundle, load_detector_bundle
from mien.registry import DEFAULT_BUNDLE, DETECTOR_BUNDLE, find_bundle
from mien.web.page import runtime
from mien.web.page.page_files import MADE, STATIC
from mien.web.page.runtime import FILES, LICENCES
from mien.web.site.export import KEPT, export_site, site_files


@pytest.fixture(autouse=True, scope="module")
def stand_in(tmp_path_factory):
    """A small runtime in the place of onnxruntime-web, which a checkout may lack."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in (*FILES, *LICENCES):
        (folder / name).write_text(f"stands for {name}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime, "FOLDER", folder)
        patch.setattr("mien.web.site.export.STATIC", Static(folder))
        yield folder


class Static:
    """The package's files, of which those of the runtime are the stand-ins."""

    def __init__(self, folder):
        self._folder = folder

    def __truediv__(self, name):
        if name.startswith(runtime.NAME):
            return self._folder / name.rsplit("/", 1)[1]
        return STATIC / name


@pytest.fixture(scope="module")
def bundles():
    return (load_bundle(DEFAULT_BUNDLE),), load_detector_bundle(DETECTOR_BUNDLE)


@pytest.fixture(scope="module")
def site(bundles):
    return site_files(*bundles)


def kept_of(site):
    """What the service worker is told."""
    return json.loads(re.match(r"self\.SITE = (.*);\n", site["sw.js"].decode())[1])


def test_the_site_holds_all_that_it_names(site):
    assert {"index.html", "sw.js", "manifest.webmanifest", "headers.json", "_headers"} <= set(site)
    page = site["index.html"].decode()
    linked = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert len(linked) > 20
    assert set(linked) <= set(site)
    manifest = json.loads(site["manifest.webmanifest"])
    assert {icon["src"] for icon in manifest["icons"]} <= set(site)
    kept = kept_of(site)
    assert set(kept["files"]) == {
        name for name in site if name.startswith("static/") or name == "manifest.webmanifest"
    }
    assert kept["later"] == []


def test_other_models_are_kept_only_when_they_are_chosen(bundles):
    other = load_bundle(find_bundle(Path("fer8")))
    site = site_files([*bundles[0], other], bundles[1])
    kept = kept_of(site)
    (later,) = kept["later"]
    assert later in kept["files"]
    assert site[later] == other.graph
    assert site["licences/model-1.md"] == (other.path / CARD).read_bytes()
    (facts,) = (data for name, data in site.items() if name.startswith("static/models/facts."))
    assert f'new URL("./{later.rsplit("/", 1)[1]}", import.meta.url)' in facts.decode()


def test_addresses_are_relative_and_lead_to_no_other_host(site):
    for name, data in site.items():
        if name.endswith((".js", ".html", ".css", ".webmanifest")):
            text = data.decode().replace("http://www.w3.org/", "")
            assert not re.search(r"https?://|[\"'(]/static/|[\"'(]//", text), name


def test_the_page_says_what_may_run(site):
    page = site["index.html"].decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert "default-src 'none'" in policy
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "connect-src 'self';" in policy
    assert not re.search(r"<script>|<style>| style=| on\w+=", page)
    headers = json.loads(site["headers.json"])["headers"]
    assert headers["/*"]["Cache-Control"] == "no-cache"
    assert "frame-ancestors 'none'" in headers["/*"]["Content-Security-Policy"]
    assert headers["/static/*"] == {"Cache-Control": KEPT}


def test_the_card_for_others_is_in_the_site_with_its_own_policy(site):
    (name,) = (name for name in site if name.startswith("static/notice."))
    assert f'href="{name}"' in site["index.html"].decode()
    assert name in kept_of(site)["files"]
    card = site[name].decode()
    assert "A computer reads faces here" in card
    own = json.loads(site["headers.json"])["headers"][f"/{name}"]["Content-Security-Policy"]
    assert re.search(r'Content-Security-Policy" content="([^"]+)"', card)[1] in own
    assert f"/{name}\n  ! Content-Security-Policy\n" in site["_headers"].decode()


def test_a_version_is_all_that_is_in_it(site, bundles, monkeypatch):
    def version(files) -> str:
        return json.loads(files["headers.json"])["version"]

    assert version(site_files(*bundles)) == version(site)
    monkeypatch.setitem(MADE, "style/colours.css", lambda: b"/* others */")
    assert version(site_files(*bundles)) != version(site)


def test_licences_are_there(site):
    names = {"mien.txt", "onnxruntime.txt", "onnxruntime-notices.txt", "pictures.md"}
    assert {f"licences/{name}" for name in names} <= set(site)
    assert b"MIT" in site["licences/mien.txt"]
    assert site["licences/model.md"] == (DEFAULT_BUNDLE / CARD).read_bytes()
    assert site["licences/detector.md"] == (DETECTOR_BUNDLE / CARD).read_bytes()


def test_the_name_of_a_model_leads_nowhere(bundles):
    (bundle,), detector = bundles
    named = msgspec.structs.replace(
        bundle.info, name='../"<b>', labels=("a</script>", "b", "c", "d")
    )
    site = site_files([dataclasses.replace(bundle, info=named)], detector)
    assert not [name for name in site if ".." in name]
    assert b"<b>" not in site["index.html"]


def test_a_site_is_written_and_replaced_only_when_asked(tmp_path, capsys):
    folder = tmp_path / "a folder" / "site"
    assert main(["export-site", str(folder)]) == 0
    assert f"python -m http.server -d '{folder}'" in " ".join(capsys.readouterr().out.split())
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main(["export-site", str(folder)]) == 1
    assert "add --overwrite" in capsys.readouterr().err
    (folder / "index.html").write_text("old")
    assert main(["export-site", str(folder), "--overwrite", "--model", "fer4"]) == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["mine.txt", "a/deep/one", "headers.json"])
def test_what_mien_did_not_write_is_never_replaced(tmp_path, bundles, name):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("{}")
    with pytest.raises(SettingsError, match="name another"):
        export_site(tmp_path, *bundles, overwrite=True)
    assert (tmp_path / name).read_text() == "{}"


def test_another_file_in_a_site_is_named(tmp_path, bundles):
    export_site(tmp_path / "site", *bundles)
    (tmp_path / "site" / "CNAME").write_text("example.org")
    with pytest.raises(SettingsError, match="CNAME: mien did not write it"):
        export_site(tmp_path / "site", *bundles, overwrite=True)
    assert (tmp_path / "site" / "CNAME").is_file()


def test_a_file_is_no_folder(tmp_path, bundles):
    (tmp_path / "site").write_text("")
    with pytest.raises(SettingsError, match="is a file"):
        export_site(tmp_path / "site", *bundles)


def test_a_missing_runtime_is_named_with_what_to_run(tmp_path, bundles, monkeypatch):
    monkeypatch.setattr(runtime, "FOLDER", tmp_path / "nowhere")
    with pytest.raises(SettingsError, match="make page-runtime"):
        export_site(tmp_path / "site", *bundles)
    assert not (tmp_path / "site").exists()


def test_a_site_is_written_whole_or_not_at_all(tmp_path, bundles, monkeypatch):
    written = []

    def fail(path, data):
        written.append(path)
        if len(written) == 9:
            raise OSError(28, "No space left on device")
        with path.open("wb") as file:
            file.write(data)

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(SettingsError, match=r"site: the site cannot be written: No space"):
        export_site(tmp_path / "site", *bundles)
    assert len(written) == 9
    assert list(tmp_path.iterdir()) == []
