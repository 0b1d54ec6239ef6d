"""The service as one ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
from collections.abc import AsyncIterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from recsys.errors import RecsysError, UnknownSourceError
from recsys.serving import api, lookups, openapi, plans, system
from recsys.serving.backend import Opener
from recsys.serving.batching import Batcher
from recsys.serving.bodies import Body
from recsys.serving.domain_words import DomainWords
from recsys.serving.limits import Buckets
from recsys.serving.metrics import Metrics
from recsys.serving.middleware import Gate, Observe, failure
from recsys.serving.page_files import PageFiles
from recsys.serving.policy import Policy
from recsys.serving.reload import Holder
from recsys.serving.routing import invalid, status_of
from recsys.serving.workers import Workers

mimetypes.add_type("application/manifest+json", ".webmanifest")
_MODULES: Final = (api, plans, lookups, system)
_PATHS: Final = [
    (route.path_regex, frozenset(route.methods or ()))
    for module in _MODULES
    for route in module.router.routes
    if isinstance(route, APIRoute)
]
_FILES_WAITING: Final = 64  # that are to be read: each is held in memory as long
_UNREADABLE: Final = "the body cannot be parsed as JSON: it may be nested too deep"
_STATIC: Final = ("GET", "HEAD")


def create_app(bundle: Path, settings: Policy | None = None, opener: Opener | None = None) -> FastAPI:
    """The application for a bundle.

    Parameters
    ----------
    bundle:
        The bundle's folder; it is opened now, so that a wrong one stops the program before it listens.
    settings:
        Limits and keys.
    opener:
        Opens a recommender from a folder; None is the project's own.
    """
    settings, metrics = settings or Policy(), Metrics()
    app = openapi.Described(
        title="recsys-climb",
        version=metadata.version("recsys-climb"),
        description=openapi.DESCRIPTION,
        openapi_tags=openapi.TAGS,
        generate_unique_id_function=lambda route: route.name,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.needs_key = bool(settings.api_keys)
    app.state.buckets = Buckets(settings.rate, settings.burst)
    app.state.settings, app.state.metrics, app.state.stopping = settings, metrics, False
    app.state.holder = Holder(bundle, metrics, opener, settings.hide_climbers)
    for module in _MODULES:
        app.include_router(module.router)
    holder = app.state.holder
    if holder.current.nouns:
        app.words = DomainWords.of(holder.current)
    app.mount("/", PageFiles(lambda: holder.current.nouns), name="page")
    for kind, handler in (
        (RecsysError, _project),
        (RequestValidationError, _invalid),
        (HTTPException, _http),
    ):
        app.add_exception_handler(kind, cast(Any, handler))
    _surround(app, settings, metrics)
    return app


def _surround(app: FastAPI, settings: Policy, metrics: Metrics) -> None:
    """What is around the routes, from the inside out."""
    app.add_middleware(cast(Any, Body), max_body=settings.max_body, seconds=settings.answer_seconds)
    app.add_middleware(cast(Any, Gate), keys=settings.api_keys, buckets=app.state.buckets)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=sorted(settings.origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key"],
            expose_headers=["Retry-After", "X-Request-ID"],
        )
    app.add_middleware(cast(Any, Observe), metrics=metrics)


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state, settings = app.state, cast(Policy, app.state.settings)
    files = min(settings.max_waiting, _FILES_WAITING)
    state.readers = Workers("reader", 2, files, settings.answer_seconds)
    state.planners = Workers("planner", 2, settings.max_waiting, settings.answer_seconds)
    state.batcher = Batcher(
        settings.batch_window_ms / 1000,
        settings.max_batch,
        settings.max_waiting,
        settings.answer_seconds,
        state.metrics.batch.observe,
    )
    state.batcher.start()
    watch = asyncio.create_task(state.holder.watch(settings.poll_seconds)) if settings.poll_seconds else None
    try:
        yield
    finally:
        state.stopping = True
        if watch is not None:
            watch.cancel()
        state.readers.stop()
        state.planners.stop()
        await state.batcher.stop()


def _answer(
    request: Request, status: int, message: str, headers: Any = None, columns: Sequence[str] = ()
) -> Response:
    body = failure(message, request.state.request_id, columns)
    return Response(body, status, headers, media_type="application/json")


async def _project(request: Request, error: RecsysError) -> Response:
    status = status_of(error)
    columns = error.columns if isinstance(error, UnknownSourceError) else ()
    headers = {"Retry-After": "1"} if status == 503 else None
    holder = cast(Holder, request.app.state.holder)
    return _answer(request, status, error.told(holder.current.say), headers, columns)


async def _http(request: Request, error: HTTPException) -> Response:
    """Errors of the framework; the page is asked last, so also of a path that has another method."""
    headers = dict(error.headers or {})
    if error.status_code not in (404, 405):
        detail = _UNREADABLE if error.status_code == 400 else str(error.detail)  # FastAPI's own names nothing
        said = cast(Holder, request.app.state.holder).current.say(detail)
        return _answer(request, error.status_code, said, headers)
    path = str(request.scope["path"])  # the whole address takes in what the client says is the host
    allowed = {method for regex, methods in _PATHS if regex.match(path) for method in methods or ()}
    if not allowed and (error.status_code == 404 or path.startswith("/api/")):
        return _answer(request, 404, "there is nothing at this address")
    named = ", ".join(sorted(allowed | {"HEAD"} if allowed != {"POST"} else allowed) if allowed else _STATIC)
    return _answer(request, 405, f"{request.method[:20]} is not taken here; use {named}", {"Allow": named})


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    """What is wrong and where; of the values only a day is repeated."""
    return _answer(request, 422, invalid(error.errors()))
