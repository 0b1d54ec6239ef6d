"""The routes under /api: recommendations, climbs, climbers, regions, logbooks."""

from __future__ import annotations

import asyncio
import datetime
import tempfile
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.formparsers import MultiPartException, MultiPartParser

from recsys.errors import DataError
from recsys.logbooks.grades import parse_range
from recsys.recommending.request import Request as Asked
from recsys.serving import models
from recsys.serving.backend import Backend
from recsys.serving.batching import Batcher
from recsys.serving.insights import insights
from recsys.serving.reload import Holder
from recsys.serving.settings import MAX_K
from recsys.serving.upload import SOURCES, read_upload

_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": models.Failure, "description": description}
    for status, description in {
        400: "the body cannot be read",
        401: "an API key is needed",
        404: "no such climber, climb or region",
        408: "the body took too long",
        413: "the body is too large",
        415: "the body has another type than the API takes",
        422: "the request is not what it should be",
        429: "too many requests",
        503: "the service is busy or stopping",
    }.items()
}
_FILE: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            "text/csv": {"schema": {"type": "string", "format": "binary"}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}

router = APIRouter(prefix="/api", responses=_ERRORS, tags=["climbing"])
Search = Annotated[str, Query(min_length=1, max_length=100, description="part of a name or an id")]
Most = Annotated[int, Query(ge=1, le=MAX_K, description="the most to answer with")]


@router.post("/recommend", response_model=models.Recommendations)
async def recommend(body: models.RecommendBody, request: Request) -> JSONResponse:
    """The next climbs for a climber of the bundle, or for whoever made the posted sends."""
    backend = _backend(request)
    ask = backend.checked(_ask(body))
    batcher: Batcher = request.app.state.batcher
    items = await batcher.submit(backend, ask)
    known = None if ask.sends is None else await run_in_threadpool(backend.known, ask)
    return JSONResponse({"climber": body.climber, "items": items, "logbook": known})


@router.get("/climbs", response_model=models.Climbs)
def find_climbs(search: Search, request: Request, k: Most = 10) -> JSONResponse:
    """Climbs whose name or id holds a text."""
    return JSONResponse({"items": _backend(request).search(search, k)})


@router.get("/climbs/{climb_id:path}/similar", response_model=models.Climbs)
def similar(
    climb_id: Annotated[str, Path(min_length=1, max_length=200)], request: Request, k: Most = 10
) -> JSONResponse:
    """The climbs most like one."""
    return JSONResponse({"items": _backend(request).similar(climb_id, k)})


@router.get("/climbers", response_model=models.Climbers)
def find_climbers(search: Search, request: Request, k: Most = 10) -> JSONResponse:
    """Climbers whose id holds a text, those that begin with it first."""
    return JSONResponse({"climbers": _backend(request).find_climbers(search, k)})


@router.get("/climbers/{climber:path}/skill", response_model=models.Insights)
def skill(climber: Annotated[str, Path(min_length=1, max_length=200)], request: Request) -> JSONResponse:
    """Skill over time and grade pyramid of a climber of the bundle."""
    return JSONResponse(insights(_backend(request).logbook(climber)))


@router.get("/regions", response_model=models.Regions)
async def regions(request: Request) -> JSONResponse:
    """The regions of the bundle and how many climbs each has."""
    return JSONResponse({"regions": _backend(request).regions})


@router.post("/logbook", response_model=models.Logbook, openapi_extra=_FILE)
async def logbook(
    request: Request,
    source: Annotated[
        str, Query(pattern=f"^({'|'.join(SOURCES)})$", description="the site it is from")
    ] = "auto",
    name: Annotated[str, Query(max_length=200, description="the file's name")] = "logbook.csv",
) -> JSONResponse:
    """Read a logbook file, as a form's `file` or as the body itself; nothing of it is stored."""
    content, given = await _file(request)
    if not content:
        raise DataError("is empty", path="the file", remedy="choose the file that the site exported")
    async with cast(asyncio.Semaphore, request.app.state.readers):
        answer = await run_in_threadpool(read_upload, content, given or name, source)
    return JSONResponse(answer)


def _backend(request: Request) -> Backend:
    return cast(Holder, request.app.state.holder).current


def _ask(body: models.RecommendBody) -> Asked:
    sends = None if body.sends is None else [send.model_dump(exclude_none=True) for send in body.sends]
    return Asked(
        climber=body.climber,
        sends=sends,
        grades=None if body.grade is None else parse_range(body.grade),
        region=body.region,
        min_stars=body.min_stars,
        when=None if body.when is None else datetime.date.fromisoformat(body.when),
        k=body.k,
        exclude_seen=body.exclude_seen,
        explain=body.explain,
        diversity=body.diversity,
        novelty=body.novelty,
    )


async def _file(request: Request) -> tuple[bytes, str]:
    """The file's bytes and name. A form is parsed in memory: nothing is spooled to the disk."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await request.body(), ""
    parser = MultiPartParser(request.headers, request.stream(), max_files=1, max_fields=5)
    parser.spool_max_size = 1 << 40
    form_error = DataError("cannot be read", path="the form", remedy="send one part named file")
    try:
        form = await parser.parse()
    except (MultiPartException, ValueError, KeyError):
        raise form_error from None
    upload = form.get("file")
    if upload is None or isinstance(upload, str):
        raise form_error
    spool = cast("tempfile.SpooledTemporaryFile[bytes]", upload.file)
    return spool.read(), (upload.filename or "")[:200]
