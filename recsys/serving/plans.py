"""The routes under /api that plan: a path to a project, a session, and the skill that both start from."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from recsys.recommending.blocked import Blocked
from recsys.recommending.path import PathRequest
from recsys.recommending.request import Request as Asked
from recsys.recommending.session import SessionRequest
from recsys.serving import models, plan_models
from recsys.serving.routing import ASKED, JsonRoute, backend, worked_out

router = APIRouter(prefix="/api", responses=ASKED, tags=["climbing"], route_class=JsonRoute)


@router.post("/path", response_model=plan_models.Path)
async def path(body: plan_models.PathBody, request: Request) -> JSONResponse:
    """Climbs not sent yet that lead to a project, in steps that do not leap, each with its reason."""
    ask = PathRequest(
        project=body.project,
        climber=body.climber,
        sends=models.plain(body.sends),
        steps=body.steps,
        region=body.region,
        leap=body.leap,
        blocked=Blocked.of(body.block),
        same=body.same,
    )
    return await worked_out(request, backend(request).path, ask)


@router.post("/session", response_model=plan_models.Session)
async def session(body: plan_models.SessionBody, request: Request) -> JSONResponse:
    """Warm-ups, projects and cool-downs for a day in one area, or a circuit."""
    ask = SessionRequest(
        climber=body.climber,
        sends=models.plain(body.sends),
        region=body.region,
        area=body.area,
        minutes=body.minutes,
        count=body.count,
        style=body.style,
        like=body.like,
        blocked=Blocked.of(body.block),
        same=body.same,
    )
    return await worked_out(request, backend(request).session, ask)


@router.post("/skill", response_model=plan_models.Skill)
async def posted_skill(body: plan_models.Logged, request: Request) -> JSONResponse:
    """Skill over time, its uncertainty, and the grade pyramid: a climber's, or of posted sends."""
    ask = Asked(climber=body.climber, sends=models.plain(body.sends), same=body.same)
    return await worked_out(request, backend(request).skill, ask)
