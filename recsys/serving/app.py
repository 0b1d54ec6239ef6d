"""The service as one ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from recsys.errors import RecsysError
from recsys.serving import api, system
from recsys.serving.backend import Opener, UnknownError
from recsys.serving.batching import Batcher, OverloadError
from recsys.serving.limits import Buckets
from recsys.serving.metrics import Metrics
from recsys.serving.middleware import Body, Gate, Observe, failure
from recsys.serving.reload import Holder
from recsys.serving.settings import Settings

PAGE: Final = Path(__file__).parent / "page"


def create_app(bundle: Path, settings: Settings | None = None, opener: Opener | None = None) -> FastAPI:
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
    settings, metrics = settings or Settings(), Metrics()
    app = FastAPI(
        title="recsys-climb",
        version=metadata.version("recsys-climb"),
        description="The next boulder problem for a climber, from the last ones and a prompt.",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.settings, app.state.metrics, app.state.stopping = settings, metrics, False
    app.state.holder = Holder(bundle, metrics, opener)
    app.include_router(api.router)
    app.include_router(system.router)
    app.mount("/", StaticFiles(directory=PAGE, html=True), name="page")
    for kind, handler in (
        (RecsysError, _project),
        (RequestValidationError, _invalid),
        (HTTPException, _http),
    ):
        app.add_exception_handler(kind, cast(Any, handler))
    app.add_middleware(cast(Any, Body), max_body=settings.max_body, seconds=settings.answer_seconds)
    app.add_middleware(
        cast(Any, Gate), keys=settings.api_keys, buckets=Buckets(settings.rate, settings.burst)
    )
    app.add_middleware(cast(Any, Observe), metrics=metrics)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state, settings = app.state, cast(Settings, app.state.settings)
    state.readers = asyncio.Semaphore(2)
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
        await state.batcher.stop()


def _answer(request: Request, status: int, message: str, headers: Any = None) -> Response:
    body = failure(message, request.state.request_id)
    return Response(body, status, headers, media_type="application/json")


async def _project(request: Request, error: RecsysError) -> Response:
    if isinstance(error, OverloadError):
        return _answer(request, 503, str(error), {"Retry-After": "1"})
    return _answer(request, 404 if isinstance(error, UnknownError) else 422, str(error))


async def _http(request: Request, error: HTTPException) -> Response:
    return _answer(request, error.status_code, str(error.detail), error.headers)


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    """What is wrong and where; the values themselves are not repeated."""
    shown = [_reason(each) for each in error.errors()[:3]]
    more = len(error.errors()) - len(shown)
    return _answer(request, 422, "; ".join(shown) + (f"; and {more} more" if more else ""))


def _reason(error: Any) -> str:
    place = ".".join(str(part)[:40] for part in error["loc"] if part not in ("body", "query", "path"))
    text = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {text}" if place else text
