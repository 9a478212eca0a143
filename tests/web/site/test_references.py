"""Names by content: who names what, and that a change reaches every name above it."""

import re

import pytest

from mien.web.site.references import name_by_content

PAGE = '<link href="/static/a.css"><script type="module" src="/static/main.js"></script>'
FILES = {
    "a.css": "p {}",
    "main.js": 'import { b } from "./core/b.js";\nimport("./late.js");\n',
    "late.js": 'import "./main.js";',
    "core/b.js": (
        '/** @typedef {import("../made/types.js").T} T */\n'
        'export const b = new URL("../code/c.mjs", import.meta.url);\n'
    ),
    "made/types.d.ts": "export type T = string;",
    "code/c.mjs": "export default 1;",
    "never.js": "",
}


def named(files=FILES, **more):
    def read(name: str) -> bytes | None:
        return files[name].encode() if name in files else None

    return name_by_content(PAGE, read, **more)


def test_all_that_is_reached_is_there_under_a_name_of_its_own():
    site = named()
    assert sorted(site.names) == ["a.css", "code/c.mjs", "core/b.js", "late.js", "main.js"]
    for name, given in site.names.items():
        stem, suffix = name.rsplit(".", 1)
        assert re.fullmatch(re.escape(stem) + r"\.[0-9a-f]{10}\.\w+", given)
        assert given.endswith(".js" if suffix in ("js", "mjs") else suffix)
    assert f'src="static/{site.names["main.js"]}"' in site.page
    assert "/static/a.css" not in site.page


def test_every_reference_leads_to_a_file_of_the_site():
    site = named()
    main = site.files[site.names["main.js"]].decode()
    assert f'from "./{site.names["core/b.js"]}"' in main
    assert f'import("./{site.names["late.js"]}")' in main
    inner = site.files[site.names["core/b.js"]].decode()
    assert f'new URL("../{site.names["code/c.mjs"]}", import.meta.url)' in inner
    assert '"../made/types.js"' in inner  # a type of a comment, of which there is no file


@pytest.mark.parametrize(
    ("changed", "renamed"),
    [
        ("code/c.mjs", {"code/c.mjs", "core/b.js", "main.js", "late.js"}),
        ("late.js", {"main.js", "late.js"}),  # each names the other
        ("a.css", {"a.css"}),
    ],
)
def test_what_names_a_changed_file_is_renamed_with_it(changed, renamed):
    before, after = named(), named({**FILES, changed: FILES[changed] + " "})
    assert {name for name in FILES if before.names.get(name) != after.names.get(name)} == renamed


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"gone\.js"):
        named({**FILES, "late.js": 'import "./gone.js";'})


def test_what_the_page_does_not_reach_can_be_added():
    assert "never.js" in named(besides=("never.js",)).names
