"""What the routes that plan take and give: a path, a session, skill over time."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from recsys.recommending.path import MOST_STEPS
from recsys.recommending.session import MOST
from recsys.serving.known_models import SAME_ALONE, Known, Same
from recsys.serving.model_fields import Block, ClimberId, GradeName, Name, Strict, or_integer
from recsys.serving.models import Climb, Send, of_one
from recsys.serving.policy import MAX_HISTORY
from recsys.serving.skill_models import Insights


class Logged(Strict):
    """Whose logbook: a climber's of the bundle, or posted sends; one of the two."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"climber": "climber-0042"}]})
    climber: ClimberId = None
    sends: (
        Annotated[
            list[Send],
            Field(min_length=1, max_length=MAX_HISTORY, fail_fast=True, description="a logbook"),
            AfterValidator(of_one),
        ]
        | None
    ) = None
    same: Same = None

    @model_validator(mode="after")
    def _one(self) -> Logged:
        if (self.climber is None) == (self.sends is None):
            raise ValueError("give a climber or sends, one of the two")
        if self.same is not None and self.sends is None:
            raise ValueError(SAME_ALONE)
        return self


class PathBody(Logged):
    """A path to a project."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"climber": "climber-0042", "project": "climb-0007", "steps": 4}]}
    )
    project: Annotated[
        Name, or_integer(Name), Field(description="the climb at the end", examples=["climb-0007"])
    ]
    steps: Annotated[int, Field(ge=1, le=MOST_STEPS, description="climbs before the project")] = 5
    region: Annotated[Name | None, Field(description="where the steps are to be")] = None
    leap: Annotated[float, Field(gt=0, le=10, description="most grades from one climb to the next")] = 1.0
    block: Block = Field(default_factory=list)


class SessionBody(Logged):
    """A day in one area, or a circuit: of a style, or of climbs like one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"climber": "climber-0042", "region": "Squamish", "minutes": 120},
                {"climber": "climber-0042", "like": "climb-0007", "count": 8},
            ]
        }
    )
    region: Annotated[Name | None, Field(description="None leaves the choice to the model")] = None
    area: Annotated[Name | None, Field(description="an area of the bundle")] = None
    minutes: Annotated[int, Field(ge=10, le=720)] | None = None
    count: Annotated[int, Field(ge=1, le=MOST, description="climbs, in place of minutes")] | None = None
    style: Annotated[Name | None, Field(description="makes it a circuit in this style")] = None
    like: Annotated[Name | None, Field(description="makes it a circuit of climbs like this one")] = None
    block: Block = Field(default_factory=list)


class Asked(BaseModel):
    """What the model knows of the logbook that an answer starts from."""

    logbook: Annotated[Known | None, Field(description="of posted sends; None of stored ones")] = None


class Skill(Insights, Asked):
    """What a logbook tells, and how much of it the model knows."""


class PathStep(Climb):
    """A climb of a path; `score` is its probability after the steps before it."""

    project_probability: Annotated[float, Field(description="of the project to follow this step at once")]
    reason: Annotated[str, Field(description="what the step does, in a line")]


class Project(Climb):
    """The climb at the end; `score` is its probability after the steps."""

    score_before: Annotated[float, Field(description="its probability without the steps")]


class Path(Asked):
    """Climbs that lead to the project, in order."""

    ability: Annotated[GradeName, Field(description="the climber's level")]
    method: Annotated[str, Field(examples=["ahead"])]
    note: Annotated[str | None, Field(description="that the steps do not make the project likelier")] = None
    steps: list[PathStep]
    project: Project


class Planned(Climb):
    """A climb of a session."""

    part: Literal["warm-up", "project", "cool-down", "circuit"]
    minutes: Annotated[int, Field(description="rests and tries included")]


class Session(Asked):
    """A session in order; what found no climb is left out."""

    region: str | None
    area: Annotated[str | None, Field(description="None where the bundle has no areas")]
    ability: GradeName
    minutes: Annotated[int, Field(description="of all climbs together")]
    note: Annotated[str | None, Field(description="what it lacks: minutes, or a part")] = None
    climbs: list[Planned]
