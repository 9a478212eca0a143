"""The application of `mien serve`: its paths, behind the gate."""

from collections.abc import Awaitable, Callable, Iterable
from typing import cast

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from mien.models.info import ModelInfo
from mien.web.api_server import docs_page, openapi
from mien.web.api_server.answers import Health, ModelAnswer
from mien.web.api_server.body import MAX_HELD, Room, take_pictures
from mien.web.api_server.desk import Desk, Reads
from mien.web.api_server.gate import HEALTH, Gate
from mien.web.api_server.refusal import JSON, MEANINGS, RefusalError, to_response
from mien.web.api_server.settings import ApiSettings
from mien.web.protocol import encode, facts_of

NO, YES = frozenset({"false", "0"}), frozenset({"true", "1", ""})
NEVER_KEPT = {"Cache-Control": "no-store"}


def create_api(
    reader: Reads,
    info: ModelInfo,
    settings: ApiSettings,
    *,
    hosts: Iterable[str] | None,
    token: str | None = None,
) -> Starlette:
    """Make the application.

    Args:
        reader: Reads pictures, in several threads at a time.
        info: The model's description.
        settings: What may be asked.
        hosts: Values of the Host header that are this server; None where that is not known.
        token: What clients have to show; None lets all in that reach the server.

    Raises:
        SettingsError: As many jobs as were asked for cannot be.
    """
    document = openapi.document(token=token is not None)
    html = docs_page.page(document)
    gate = Middleware(
        Gate, hosts=hosts, token=token, rate=settings.rate, policy=docs_page.policy(html)
    )
    answers = _Answers(reader, info, settings)
    return Starlette(
        routes=[
            Route("/read", answers.read, methods=["POST"]),
            Route("/model", answers.model),
            Route(HEALTH, _health),
            Route(
                "/openapi.json", _always(Response(msgspec.json.encode(document), media_type=JSON))
            ),
            Route("/docs", _always(HTMLResponse(html))),
            Route("/", _always(RedirectResponse("/docs"))),
        ],
        middleware=[gate],
        exception_handlers={
            RefusalError: _refused,
            HTTPException: _refused,
            ClientDisconnect: _left,
            Exception: _failed,
        },
    )


class _Answers:
    """What is answered by what reads."""

    def __init__(self, reader: Reads, info: ModelInfo, settings: ApiSettings) -> None:
        self._desk = Desk(reader, jobs=settings.at_a_time, max_pixels=settings.max_pixels)
        self._max_bytes = settings.max_bytes
        self._room = Room(max(MAX_HELD, 2 * settings.max_bytes))
        facts = msgspec.structs.asdict(facts_of(info))
        self._model = msgspec.json.encode(ModelAnswer(**facts, labels=tuple(info.labels)))

    async def read(self, request: Request) -> Response:
        """Read the pictures that a request brings."""
        explain = _explain(request)
        with self._room.one_more() as hold:
            pictures, several = await take_pictures(request, self._max_bytes, hold)
            facts = await self._desk.read(request, pictures, explain=explain)
        if several:
            named = zip(pictures, facts, strict=True)
            content = {"pictures": [{"name": part.name, **one} for part, one in named]}
        else:
            (content,) = facts
        return Response(encode(content), media_type=JSON, headers=NEVER_KEPT)

    async def model(self, _: Request) -> Response:
        """Tell which model reads."""
        return Response(self._model, media_type=JSON)


def _explain(request: Request) -> bool:
    """Return what is asked for beside the readings.

    Raises:
        RefusalError: Something is asked for that is not there.
    """
    asked = dict(request.query_params)
    word = asked.pop("explain", "false").lower()
    if asked:
        raise RefusalError(
            400, f"?{next(iter(asked))[:100]}= is not known here; there is ?explain=true"
        )
    if word not in NO | YES:
        raise RefusalError(400, f"?explain={word[:100]}: write true or false")
    return word in YES


async def _health(_: Request) -> Response:
    return Response(msgspec.json.encode(Health()), media_type=JSON)


def _always(response: Response) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        return response

    return answer


async def _refused(request: Request, error: Exception) -> Response:
    """Tell why; of what Starlette refuses by itself, a path or a method, in our own words."""
    if isinstance(error, HTTPException):
        told = MEANINGS.get(error.status_code, error.detail)
        error = RefusalError(error.status_code, told, error.headers)
    return to_response(cast(RefusalError, error), request)


async def _failed(request: Request, _: Exception) -> Response:
    """Say that it failed; why, the server logs."""
    return to_response(RefusalError(500, MEANINGS[500]), request)


async def _left(_: Request, __: Exception) -> Response:
    """Return what nobody gets: the client has gone."""
    return Response(status_code=400)
