"""The routes that look things up: climbs, climbers, regions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse

from recsys.recommending.request import Request as Asked
from recsys.serving import models, plan_models, skill_models
from recsys.serving.policy import MAX_K
from recsys.serving.routing import ASKED, JsonRoute, backend, worked_out

router = APIRouter(prefix="/api", responses=ASKED, tags=["look-ups"], route_class=JsonRoute)
Search = Annotated[
    str,
    Query(min_length=1, max_length=100, description="part of a name or an id", examples=["raven"]),
]
Most = Annotated[int, Query(ge=1, le=MAX_K, description="the most to answer with", examples=[10])]


@router.get("/climbs", response_model=models.Climbs)
def find_climbs(search: Search, request: Request, k: Most = 10) -> JSONResponse:
    """Climbs whose name or id holds a text."""
    return JSONResponse({"items": backend(request).search(search, k)})


@router.get("/climbs/{climb_id:id}/similar", response_model=models.Climbs)
def similar(
    climb_id: Annotated[
        str, Path(min_length=1, max_length=200, description="a climb of the bundle", examples=["climb-0007"])
    ],
    request: Request,
    k: Most = 10,
) -> JSONResponse:
    """The climbs most like one."""
    return JSONResponse({"items": backend(request).similar(climb_id, k)})


@router.get("/climbers", response_model=models.Climbers)
def find_climbers(search: Search, request: Request, k: Most = 10) -> JSONResponse:
    """Climbers whose id holds a text, those that begin with it first; none where ids are hidden."""
    hidden = request.app.state.settings.hide_climbers
    return JSONResponse({"climbers": [] if hidden else backend(request).find_climbers(search, k)})


@router.get("/sample", response_model=models.Sample)
def sample(request: Request) -> JSONResponse:
    """Climbers of the bundle, weak to strong, whose logbooks show well what the service does."""
    if request.app.state.settings.hide_climbers:
        return JSONResponse({"climber": None, "climbers": []})
    bundle = backend(request)
    return JSONResponse({"climber": bundle.sample, "climbers": bundle.samples})


@router.get("/off-grades", response_model=skill_models.OffGrades)
def off_grades(
    request: Request,
    region: Annotated[
        str | None, Query(min_length=1, max_length=200, description="None: all", examples=["Squamish"])
    ] = None,
    k: Most = 20,
) -> JSONResponse:
    """The climbs of a region whose grades are soft or hard, those farthest off first."""
    return JSONResponse({"climbs": backend(request).off_grades(region, k)})


@router.get("/climbers/{climber:id}/skill", response_model=plan_models.Skill)
async def skill(
    climber: Annotated[
        str,
        Path(min_length=1, max_length=200, description="a climber of the bundle", examples=["climber-0042"]),
    ],
    request: Request,
) -> JSONResponse:
    """Skill over time, with its uncertainty, and grade pyramid of a climber of the bundle."""
    return await worked_out(request, backend(request).skill, Asked(climber=climber))


@router.get("/regions", response_model=models.Regions)
async def regions(request: Request) -> JSONResponse:
    """The regions of the bundle, its areas and its styles, and how many climbs each has."""
    return JSONResponse(backend(request).places)
