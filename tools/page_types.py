"""Write the types that the page is checked by, from what they are types of.

    make page-types

`messages.d.ts` comes from the structs of `mien.web.protocol`, `elements.d.ts` from the ids of
index.html, `table.d.ts` and `languages.d.ts` from the table of looks and the words, of which the
server makes modules.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from html.parser import HTMLParser
from typing import Any, get_args

import msgspec

from mien.vision.looks import Table
from mien.web import protocol
from mien.web.page.page_files import STATIC
from mien.web.page.words import FIRST, languages

NOTE = "// Written by `make page-types`: see tools/page_types.py.\n\n"
SVG = ("svg", "filter")  # the tags of drawings that have an id
UNIONS: dict[str, tuple[Any, ...]] = {
    "ServerMessage": get_args(protocol.ServerMessage | protocol.AnalysisMessage),
    "ClientMessage": get_args(protocol.ClientMessage),
    "PictureHeader": (protocol.Grab, protocol.Still),
}


def messages() -> str:
    """Return the messages of the WebSocket, as interfaces."""
    kinds = [kind for union in UNIONS.values() for kind in union]
    unions = [
        f"export type {name} = {' | '.join(kind.__name__ for kind in union)};\n"
        for name, union in UNIONS.items()
    ]
    return NOTE + "\n".join([*_interfaces(kinds), *unions])


def elements() -> str:
    """Return which element each id of index.html means, and which views there are."""
    found = _Ids()
    found.feed((STATIC / "index.html").read_text(encoding="utf-8"))
    lines = [
        f'  "{name}": {"SVG" if tag in SVG else "HTML"}ElementTagNameMap["{tag}"];'
        for name, tag in sorted(found.tags.items())
    ]
    views = " | ".join(json.dumps(view) for view in sorted(found.views))
    return NOTE + "\n".join(
        ["export interface Elements {", *lines, "}", "", f"export type View = {views};", ""]
    )


def table() -> str:
    """Return the table of looks, as the server makes a module of it."""
    return NOTE + "\n".join([*_interfaces([Table]), "export const table: Table;\n"])


def words() -> str:
    """Return the words of a language, as the server makes a module of all."""
    return (
        f"{NOTE}/** A text, or the forms of one that depends on a number. */\n"
        "export type Text = string | { other: string; [category: string]: string };\n\n"
        f"export interface Words {_words(languages()[FIRST], '  ')[:-1]}"
        "  /** For labels; English has its words in the table of looks. */\n"
        "  looks?: Record<string, string>;\n"
        "  /** For what the server says; its own words are English. */\n"
        "  server?: Record<string, string>;\n}\n\n"
        "export const languages: Record<string, Words>;\n"
    )


FILES: Mapping[str, Callable[[], str]] = {
    "generated/messages.d.ts": messages,
    "generated/elements.d.ts": elements,
    "generated/table.d.ts": table,
    "generated/languages.d.ts": words,
}


def main() -> None:
    """Write all files."""
    for name, make in FILES.items():
        (STATIC / name).write_text(make(), encoding="utf-8")


class _Ids(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, str] = {}
        self.views: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name, view = map(dict(attrs).get, ("id", "data-view"))
        if name is not None:
            self.tags[name] = tag
        if view is not None:
            self.views.add(view)


def _interfaces(kinds: Iterable[Any]) -> list[str]:
    _, components = msgspec.json.schema_components(kinds, ref_template="{name}")
    return [_interface(name, schema) for name, schema in components.items()]


def _interface(name: str, schema: Mapping[str, Any]) -> str:
    needed = schema.get("required", ())
    fields = [
        f"  {field}{'' if field in needed or 'default' in kind else '?'}: {_type(kind)};\n"
        for field, kind in schema["properties"].items()
    ]
    summary = schema["description"].splitlines()[0]
    return f"/** {summary} */\nexport interface {name} {{\n{''.join(fields)}}}\n"


def _type(schema: Mapping[str, Any]) -> str:
    """Return a JSON schema, of the kinds that msgspec makes of structs, as a type."""
    if "$ref" in schema:
        return str(schema["$ref"])
    if "enum" in schema:
        return " | ".join(map(json.dumps, schema["enum"]))
    if "anyOf" in schema:
        return " | ".join(map(_type, schema["anyOf"]))
    kind = schema["type"]
    if kind == "array":
        if "prefixItems" in schema:
            return f"[{', '.join(map(_type, schema['prefixItems']))}]"
        item = _type(schema["items"])
        return f"({item})[]" if " " in item else f"{item}[]"
    if kind == "object":
        return f"Record<string, {_type(schema['additionalProperties'])}>"
    return {"integer": "number"}.get(kind, kind)


def _words(place: Mapping[str, Any], indent: str) -> str:
    lines = []
    for name, value in place.items():
        key = name if re.fullmatch(r"\w+", name) else f'"{name}"'
        lines.append(f"{indent}{key}: {_word_type(name, value, indent)};\n")
    return "{\n" + "".join(lines) + indent[2:] + "}"


def _word_type(name: str, value: Any, indent: str) -> str:
    if isinstance(value, str):
        return "Text" if "{count}" in value else "string"
    if name == "reasons":
        return "Record<string, string>"
    return "Text" if "other" in value and "one" in value else _words(value, indent + "  ")


if __name__ == "__main__":
    main()
