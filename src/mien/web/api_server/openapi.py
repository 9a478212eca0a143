"""What the server takes and answers, as OpenAPI 3.1: made of the structs that are answered."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mien import __version__
from mien.web.api_server import multipart
from mien.web.api_server.answers import (
    Health,
    ModelAnswer,
    PictureFacts,
    PicturesFacts,
    Trouble,
)
from mien.web.api_server.body import ANYTHING
from mien.web.api_server.refusal import JSON, MEANINGS

KINDS = (PictureFacts, PicturesFacts, ModelAnswer, Health, Trouble)
REF = "#/components/schemas/{name}"
ABOUT = (
    "Pictures in, readings of the faces in them out. A look is not a feeling: mien says how a face "
    "looks to most people, not what anyone feels, and it errs. No picture and no reading is stored "
    "or logged. It must not be used to judge, select, grade or watch people."
)
EXPLAIN = {
    "name": "explain",
    "in": "query",
    "required": False,
    "schema": {"type": "boolean", "default": False},
    "description": "Tell also, as `parts` of each face, how much its reading rests on brows, eyes "
    "and mouth.",
}
_SPOKEN = (400, 401, 403, 408, 413, 415, 421, 429, 500, 503)
_ASKED = (401, 403, 421, 429, 500)
_PICTURE = {"type": "string", "format": "binary"}
_SEVERAL = {
    "type": "object",
    "properties": {
        "picture": {"type": "array", "items": _PICTURE, "maxItems": multipart.MOST_PARTS}
    },
}


def document(*, token: bool) -> dict[str, Any]:
    """Return the document.

    Args:
        token: Whether clients have to show one.
    """
    _, schemas = msgspec.json.schema_components(KINDS, ref_template=REF)
    components: dict[str, Any] = {"schemas": schemas}
    if token:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "mien", "version": __version__, "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": _paths(token=token),
        "components": components,
    }


def _paths(*, token: bool) -> dict[str, Any]:
    locked: dict[str, Any] = {"security": [{"token": []}]} if token else {}
    return {
        "/read": {
            "post": {
                "operationId": "read",
                "summary": "Read the faces of a picture, or of several",
                "description": "One picture as the body itself, whatever its format, is answered "
                "with what is read from it; several in multipart/form-data, under any names, are "
                "answered as a list. Where one of several cannot be read, none is.",
                "parameters": [EXPLAIN],
                "requestBody": {"required": True, "content": _bodies()},
                "responses": {
                    "200": _either(PictureFacts, PicturesFacts),
                    **_refusals(_SPOKEN),
                },
                **locked,
            }
        },
        "/model": {
            "get": {
                "operationId": "model",
                "summary": "Tell which model reads, its labels and its terms",
                "responses": {"200": _either(ModelAnswer), **_refusals(_ASKED)},
                **locked,
            }
        },
        "/health": {
            "get": {
                "operationId": "health",
                "summary": "Tell that the server answers; needs no token",
                "responses": {"200": _either(Health), **_refusals((421,))},
            }
        },
    }


def _bodies() -> dict[str, Any]:
    return {
        "image/*": {"schema": _PICTURE},
        ANYTHING: {"schema": _PICTURE},
        multipart.TYPE: {"schema": _SEVERAL},
    }


def _either(*kinds: type[msgspec.Struct]) -> dict[str, Any]:
    named: list[Mapping[str, str]] = [{"$ref": REF.format(name=kind.__name__)} for kind in kinds]
    schema = named[0] if len(named) == 1 else {"oneOf": named}
    told = " Or: ".join(" ".join((kind.__doc__ or "").split()) for kind in kinds)
    return {"description": told, "content": {JSON: {"schema": schema}}}


def _refusals(statuses: Sequence[int]) -> dict[str, Any]:
    schema = {"$ref": REF.format(name=Trouble.__name__)}
    return {
        str(status): {"description": MEANINGS[status], "content": {JSON: {"schema": schema}}}
        for status in statuses
    }
