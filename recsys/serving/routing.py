"""What the routes under /api share: the bundle in use, the models of errors, the type of a body."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, cast

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException

from recsys.errors import OverloadError, RecsysError, RunError, UnknownError, UsageError
from recsys.serving import models
from recsys.serving.backend import LoadedBundle
from recsys.serving.reload import Holder
from recsys.serving.workers import Workers

_JSON: Final = re.compile(r"application/(json|[\w.+-]+\+json)\s*(;|$)", re.IGNORECASE)
_COMPARED: Final = 200  # characters of a name that was mistyped; comparing takes time by their square
_MEANINGS: Final = {
    400: "the body cannot be read",
    401: "an API key is needed",
    404: "no such climber, climb or region",
    405: "another method is needed; Allow names it",
    408: "the body took too long",
    413: "the body is too large",
    415: "the body has another type, or is packed in another way, than the service reads",
    422: "the request is not what it should be",
    429: "too many requests; Retry-After says when to come back",
    431: "the request's head is too large",
    500: "a defect in the service, or a broken bundle",
    503: "the service is busy or stopping",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's responses for the statuses, each with the body of every error."""
    return {status: {"model": models.Failure, "description": _MEANINGS[status]} for status in statuses}


def as_json(responses: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """The same for a route whose own answer is no JSON: FastAPI takes a model to be of that answer's type."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
    return {
        status: {"description": each["description"], "content": content} for status, each in responses.items()
    }


OPEN: Final = errors(405, 431, 500, 503)
"""Errors of every route."""
GUARDED: Final = {**errors(401, 429), **OPEN}
"""Errors of a route that keys and rates guard."""
ASKED: Final = {**errors(400, 404, 408, 413, 415, 422), **GUARDED}
"""Errors of a route that is asked something."""


class _IdConvertor(Convertor[str]):
    """An id in an address, whatever it holds: slashes, and line breaks, at which Starlette's `path` ends."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """As it is."""
        return value

    def to_string(self, value: str) -> str:
        """As it is."""
        return value


register_url_convertor("id", _IdConvertor())


class JsonRoute(APIRoute):
    """A route of known parameters, whose body, where it has one, must say that it is JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind a look at the address and the type."""
        handler, bodiless = super().get_route_handler(), self.body_field is None
        names = [field.alias for field in self.dependant.query_params]

        async def typed(request: Request) -> Response:
            _check_query([name for name, _ in request.query_params.multi_items()], names)
            if not bodiless and not _JSON.match(request.headers.get("content-type", "")):
                text = "the body must be JSON: post it with Content-Type: application/json"
                raise HTTPException(415, text, {"Accept": "application/json"})
            return await handler(request)

        return typed


def _check_query(given: Sequence[str], names: Sequence[str]) -> None:
    """Refuse a parameter that there is not, and one that is given twice: one of two would be ignored."""
    for name in given:
        if name not in names:
            close = difflib.get_close_matches(name[:_COMPARED], names, n=1, cutoff=0.5) or names
            known = ", ".join(f"`{each}`" for each in close)
            remedy = (
                f"{'the nearest' if close is not names else 'there are'}: {known}" if names else "it has none"
            )
            raise UsageError(f"{name[:40]!r} is no parameter of this address; {remedy}")
    twice = next((name for name in given if given.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"`{twice}` is given twice; give it once")


def backend(request: Request) -> LoadedBundle:
    """The bundle in use."""
    return cast(Holder, request.app.state.holder).current


async def worked_out(request: Request, plan: Callable[[Any], dict[str, Any]], ask: Any) -> JSONResponse:
    """The answer of a plan, two at a time at the most: each takes many calls of the model."""
    return JSONResponse(await cast(Workers, request.app.state.planners).run(plan, ask))


def status_of(error: RecsysError) -> int:
    """The status that tells a client what kind of error it is."""
    if isinstance(error, OverloadError):
        return 503
    if isinstance(error, RunError):
        return 500
    return 404 if isinstance(error, UnknownError) else 422


def invalid(problems: Sequence[Any], what: str = "body") -> str:
    """What is wrong with a body, or with one request of it, and where, in a line."""
    shown = [_reason(each, what) for each in problems[:3]]
    more = len(problems) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def _reason(error: Any, what: str) -> str:
    if error["type"] == "json_invalid":  # its place is the character at which reading ended
        return f"the body is no JSON at character {error['loc'][-1]}: {error['ctx']['error']}"
    where = ".".join(str(part)[:40] for part in error["loc"] if part not in ("body", "query", "path"))
    if not where and error["type"].endswith(("attributes_type", "dict_type", "model_type")):
        return f"the {what} must be a JSON object"
    if not where and error["type"] == "missing":
        return f"the {what} is empty; post a JSON object"
    if error["type"] == "extra_forbidden":
        return f"{where}: is no field of this request; /openapi.json names them"
    text = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "string_type" and type(error["input"]) in (int, float):
        text += "; write a number in quotes"  # of an id an integer is taken, a fraction not
    return f"{where}: {text}" if where else text
