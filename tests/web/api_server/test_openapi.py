import re

import pytest

from mien import __version__
from mien.web.api_server import docs_page
from mien.web.api_server.openapi import document
from mien.web.api_server.refusal import MEANINGS


def references(value):
    if isinstance(value, dict):
        yield from ([value["$ref"]] if "$ref" in value else [])
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from references(one)


@pytest.mark.parametrize("token", [True, False])
def test_it_is_whole(token):
    told = document(token=token)
    assert told["info"]["version"] == __version__
    schemas = told["components"]["schemas"]
    found = set(references(told))
    assert found
    assert {one.rpartition("/")[2] for one in found} <= set(schemas)
    assert all(one.startswith("#/components/schemas/") for one in found)
    assert ("securitySchemes" in told["components"]) == token
    locked = {
        path for path, way in told["paths"].items() for one in way.values() if "security" in one
    }
    assert locked == ({"/read", "/model"} if token else set())


def test_its_answers_are_the_readings():
    face = document(token=False)["components"]["schemas"]["FaceFacts"]
    assert {"box", "label", "probabilities", "quality", "reason", "parts"} <= set(
        face["properties"]
    )
    assert "parts" not in face["required"]


def test_every_refusal_of_a_picture_is_told():
    told = document(token=True)["paths"]["/read"]["post"]["responses"]
    assert set(map(int, told)) == {200, *MEANINGS} - {404, 405}


def test_each_path_is_there(client):
    for path, ways in document(token=False)["paths"].items():
        for method in ways:
            assert client.request(method, path).status_code not in (404, 405)


@pytest.mark.parametrize("token", [True, False])
def test_the_page_tells_the_same_and_loads_nothing(token):
    told = document(token=token)
    html = docs_page.page(told)
    for path in told["paths"]:
        assert path in html
    for name in told["components"]["schemas"]:
        assert f'id="{name}"' in html
    assert "$" not in html
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", html)
    assert "@import" not in html
    assert ("<label hidden>" in html) != token


def test_only_its_own_style_and_script_may_be():
    html = docs_page.page(document(token=False))
    policy = docs_page.policy(html)
    for kind in ("script", "style"):
        assert re.search(rf"{kind}-src 'sha256-[\w+/=]{{44}}'", policy)
        assert len(re.findall(f"<{kind}", html)) == 1
    assert "unsafe" not in policy
    assert "style=" not in html
    assert docs_page.policy(html.replace("</script>", "evil()</script>")) != policy


def test_a_picture_is_read_on_the_page(serve, browser, watch_pages, expect, violations, face_file):
    with serve() as port, watch_pages(browser) as open_one:
        page = open_one(f"http://127.0.0.1:{port}/docs")
        assert violations(page) == []
        page.locator("#picture").set_input_files(str(face_file))
        page.get_by_role("button", name="Read").click()
        expect(page.locator("#answer")).to_contain_text('"label": "happy"')
