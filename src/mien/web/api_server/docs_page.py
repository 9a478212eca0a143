"""The page for people who write clients: made of the OpenAPI document; it loads nothing."""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from mien import __version__
from mien.vision.palette import declarations
from mien.web.guard.security import UNFRAMED, policy_of

_INLINE = re.compile(r"<(style|script)[^>]*>(.*?)</\1>", re.DOTALL)


def page(document: Mapping[str, Any]) -> str:
    """Return the page as HTML.

    Args:
        document: What `openapi.document` made.
    """
    return _template().substitute(
        light=declarations("light"),
        dark=declarations("dark"),
        version=escape(__version__),
        about=escape(document["info"]["description"]),
        token="" if "securitySchemes" in document["components"] else "hidden",
        paths="\n".join(_path(path, ways) for path, ways in document["paths"].items()),
        schemas="\n".join(
            _schema(name, one) for name, one in document["components"]["schemas"].items()
        ),
    )


def policy(html: str) -> str:
    """Return the policy under which only the page's own style and script work."""
    allowed = {f"{kind}-src": f"'sha256-{_digest(text)}'" for kind, text in _INLINE.findall(html)}
    return policy_of({**allowed, "img-src": "data:", "media-src": "'none'", **UNFRAMED})


@cache
def _template() -> Template:
    return Template(files("mien.web.api_server").joinpath("docs.html").read_text("utf-8"))


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _path(path: str, ways: Mapping[str, Any]) -> str:
    ((method, told),) = ways.items()
    text = escape(told.get("description", ""))
    parameters = "".join(
        f"<tr><td><code>?{escape(one['name'])}=true</code></td>"
        f"<td>{escape(one['description'])}</td></tr>"
        for one in told.get("parameters", ())
    )
    answers = "".join(
        f"<tr><td>{status}</td><td>{escape(one['description'])}</td></tr>"
        for status, one in told["responses"].items()
    )
    return (
        f"<section><h2><code>{method.upper()} {escape(path)}</code></h2>"
        f"<p>{escape(told['summary'])}. {text}</p>"
        f"<table>{parameters}{answers}</table></section>"
    )


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    told = " ".join(schema.get("description", "").split())
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code></td><td>{escape(_kind(kind))}</td></tr>"
        for field, kind in schema.get("properties", {}).items()
    )
    return (
        f'<section id="{escape(name)}"><h3><code>{escape(name)}</code></h3><p>{escape(told)}</p>'
        f"<table>{rows}</table></section>"
    )


def _kind(schema: Mapping[str, Any]) -> str:
    """Return a JSON schema, of the kinds that msgspec makes of structs, in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " or ".join("null" if one is None else f'"{one}"' for one in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(map(_kind, schema["anyOf"]))
    if "prefixItems" in schema:
        return f"[{', '.join(map(_kind, schema['prefixItems']))}]"
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    if schema.get("type") == "object" and "additionalProperties" in schema:
        return f"label → {_kind(schema['additionalProperties'])}"
    return str(schema.get("type", "anything"))
