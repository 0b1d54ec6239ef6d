"""The routes for whoever runs the service, and the page."""

from __future__ import annotations

from importlib import metadata
from typing import Any, Final, cast

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from recsys.serving import models
from recsys.serving.metrics import Metrics
from recsys.serving.policy import MAX_HISTORY, MAX_K, MAX_REQUESTS, Policy
from recsys.serving.reload import Holder
from recsys.serving.routing import GUARDED, OPEN, as_json


class Markdown(PlainTextResponse):
    """Text that is Markdown."""

    media_type = "text/markdown"


_STOPPING: Final[dict[int | str, Any]] = {
    503: {"model": models.Status, "description": "the service is stopping"},
}
_CARD: Final[dict[int | str, Any]] = {
    200: {"content": {"text/markdown": {"example": "# Model card\n"}}},
}
_METRICS: Final[dict[int | str, Any]] = {
    200: {"content": {"text/plain": {"example": "# TYPE recsys_climbs gauge\nrecsys_climbs 2844.0\n"}}},
}

router = APIRouter(tags=["service"])


@router.get("/health", response_model=models.Status, responses=OPEN)
async def health() -> JSONResponse:
    """Whether the process lives."""
    return JSONResponse({"status": "alive"})


@router.get("/ready", response_model=models.Status, responses={**OPEN, **_STOPPING})
async def ready(request: Request) -> JSONResponse:
    """Whether requests are answered."""
    if request.app.state.batcher.alive and not request.app.state.stopping:
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": "stopping"}, 503)


@router.get("/version", response_model=models.Version, responses=OPEN)
async def version(request: Request) -> JSONResponse:
    """The program's version, the bundle's manifest, and what a request may hold."""
    settings = cast(Policy, request.app.state.settings)
    backend = cast(Holder, request.app.state.holder).current
    limits = {
        "max_body": settings.max_body,
        "max_history": MAX_HISTORY,
        "max_k": MAX_K,
        "max_requests": MAX_REQUESTS,
        "needs_key": bool(settings.api_keys),
    }
    return JSONResponse(
        {
            "version": metadata.version("recsys-climb"),
            "manifest": backend.digest,
            "climbs": backend.n_climbs,
            "climbers": len(backend.climbers),
            "simulated": backend.simulated,
            "nouns": backend.nouns,
            "levels": backend.levels,
            "graded": backend.graded,
            "limits": limits,
        }
    )


@router.get("/model-card", response_class=Markdown, responses={**as_json(GUARDED), **_CARD})
async def model_card(request: Request) -> Response:
    """The bundle's model card, Markdown."""
    text = cast(Holder, request.app.state.holder).current.card or "This bundle has no model card.\n"
    return Markdown(text)


@router.get("/metrics", response_class=PlainTextResponse, responses={**as_json(GUARDED), **_METRICS})
async def metrics(request: Request) -> Response:
    """Prometheus metrics."""
    text = cast(Metrics, request.app.state.metrics).text()
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")
