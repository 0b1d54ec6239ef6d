"""The routes under /api that answer about a logbook: recommendations, one or many, and what a file holds."""

from __future__ import annotations

import asyncio
import re
import tempfile
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from recsys.errors import DataError, RecsysError
from recsys.logbooks.importing.own import parse_columns
from recsys.recommending.blocked import Blocked
from recsys.recommending.request import Request as Asked
from recsys.recommending.request import read_day
from recsys.serving import models
from recsys.serving.backend import LoadedBundle
from recsys.serving.batching import Batcher
from recsys.serving.limits import Buckets
from recsys.serving.routing import ASKED, JsonRoute, backend, invalid, status_of
from recsys.serving.upload import SOURCES, read_upload
from recsys.serving.workers import Workers

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

_NO_FILES: Final = re.compile(r"(image|audio|video|font|model)/", re.IGNORECASE)

router = APIRouter(prefix="/api", responses=ASKED, tags=["climbing"], route_class=JsonRoute)


@router.post("/recommend", response_model=models.Recommendations)
async def recommend(body: models.RecommendBody, request: Request) -> JSONResponse:
    """The next climbs for a climber of the bundle, or for whoever made the posted sends."""
    return JSONResponse(await _recommended(body, request))


@router.post("/batch", response_model=models.BatchAnswers)
async def batch(body: models.BatchBody, request: Request) -> JSONResponse:
    """Many requests for climbers' next climbs at once, each answered or refused by itself, in their order.

    A batch counts for the client's rate as its requests would one by one: it is answered at once, and what it
    took beyond the rate is waited for before the next.
    """
    cast(Buckets, request.app.state.buckets).charge(request.state.client, len(body.requests) - 1)
    answers = await asyncio.gather(*(_answer(each, request) for each in body.each))
    return JSONResponse({"answers": answers})


@router.post("/logbook", response_model=models.Logbook, openapi_extra=_FILE)
async def logbook(
    request: Request,
    source: Annotated[
        str, Query(pattern=f"^({'|'.join(SOURCES)})$", description="the site it is from")
    ] = "auto",
    name: Annotated[str, Query(max_length=200, description="the file's name")] = "logbook.csv",
    columns: Annotated[
        str | None,
        Query(
            max_length=2000,
            description="a spreadsheet's own columns, in place of a site's",
            examples=["date=Datum,climb=Name,grade=Grad"],
        ),
    ] = None,
) -> JSONResponse:
    """Read a logbook file, as a form's `file` or as the body itself; nothing of it is stored."""
    kind = request.headers.get("content-type", "")
    if _NO_FILES.match(kind):
        raise HTTPException(415, f"a logbook is a table, not {kind.partition('/')[0].lower()}: post a file")
    content, given = await _file(request)
    if not content:
        raise DataError("is empty", path="the file", remedy="choose the file that the site exported")
    own = None if columns is None else parse_columns(columns)
    readers = cast(Workers, request.app.state.readers)
    return JSONResponse(await readers.run(read_upload, content, given or name, source, own, backend(request)))


async def _recommended(body: models.RecommendBody, request: Request) -> dict[str, Any]:
    bundle = backend(request)
    ask = bundle.checked(_ask(body, bundle))
    batcher: Batcher = request.app.state.batcher
    items = await batcher.submit(bundle, ask)
    known = None if ask.sends is None else await run_in_threadpool(bundle.known, ask)
    return {"climber": body.climber, "items": items, "logbook": known, "note": bundle.note(ask)}


async def _answer(body: models.RecommendBody | ValidationError, request: Request) -> dict[str, Any]:
    """One answer of a batch; a defect is the whole batch's."""
    if isinstance(body, ValidationError):
        problem = {"message": invalid(body.errors(), "request"), "request_id": request.state.request_id}
        return {"status": 422, "answer": None, "error": problem}
    try:
        return {"status": 200, "answer": await _recommended(body, request), "error": None}
    except RecsysError as error:
        said = error.told(backend(request).say)
        problem = {"message": said, "request_id": request.state.request_id}
        return {"status": status_of(error), "answer": None, "error": problem}


def _ask(body: models.RecommendBody, loaded: LoadedBundle) -> Asked:
    return Asked(
        climber=body.climber,
        sends=models.plain(body.sends),
        grades=None if body.grade is None else loaded.read_grades(body.grade),
        region=body.region,
        min_stars=body.min_stars,
        when=read_day(body.when),
        k=body.k,
        exclude_seen=body.exclude_seen,
        explain=body.explain,
        diversity=body.diversity,
        novelty=body.novelty,
        mode=body.mode,
        sort=body.sort,
        same=body.same,
        blocked=Blocked.of(body.block),
    )


async def _file(request: Request) -> tuple[bytes, str]:
    """The file's bytes and name. A form is parsed in memory: nothing is spooled to the disk."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await request.body(), ""
    parser = MultiPartParser(request.headers, request.stream(), max_files=1, max_fields=5)
    parser.spool_max_size = 1 << 40
    form_error = DataError("cannot be read", path="the form", remedy="post one part named file")
    try:
        form = await parser.parse()
    except (MultiPartException, ValueError, KeyError):
        raise form_error from None
    upload = form.get("file")
    if upload is None or isinstance(upload, str):
        raise form_error
    spool = cast("tempfile.SpooledTemporaryFile[bytes]", upload.file)
    return spool.read(), (upload.filename or "")[:200]
