"""What the API tells about a logbook: skill over time, with its uncertainty, and the pyramid of grades."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from recsys.serving.model_fields import Day, GradeName, Id, Ordinal, Text


class Month(BaseModel):
    """A month with sends: the hardest, and the skill (mean of the ten hardest in the last 365 days)."""

    month: Annotated[str, Field(examples=["2026-06"])]
    sends: int
    best: Ordinal
    best_grade: GradeName
    skill: Ordinal


class Step(BaseModel):
    """A step of the pyramid."""

    grade: GradeName
    ordinal: Ordinal
    sends: int


class Level(BaseModel):
    """Ability after a session, by the whole logbook: an ordinal and its standard deviation, in grades."""

    day: Day
    sends: Annotated[int, Field(description="of the session; 0: all it has is of unknown outcome")]
    ability: Ordinal
    deviation: Annotated[float, Field(description="of the ability, in grades", examples=[0.4])]
    grade: GradeName


class Sent(BaseModel):
    """The sends of a grade on a day."""

    day: Annotated[str, Field(examples=["2026-06-01"])]
    ordinal: Ordinal
    grade: GradeName
    sends: int


class Discipline(BaseModel):
    """Skill over time and the grade pyramid, hardest first, of boulders or of routes.

    `curve` is empty in the answer about a file: ask `/api/skill` with its sends. The others are empty
    where all ascents are of unknown outcome.
    """

    discipline: Literal["boulder", "route"]
    skill: list[Month]
    pyramid: Annotated[list[Step], Field(description="every grade from the hardest to the easiest sent")]
    sent: list[Sent]
    curve: Annotated[list[Level], Field(description="in order of time")] = []


class Insights(BaseModel):
    """What a logbook tells."""

    rows: Annotated[int, Field(description="sends")]
    unknown: Annotated[int, Field(description="ascents of unknown outcome, which are no sends")] = 0
    graded: Annotated[int, Field(description="sends whose grade can be read")]
    first: Day
    last: Day
    disciplines: list[Discipline]


class OffGrade(BaseModel):
    """A climb whose grade is soft (`off` below 0) or hard."""

    climb_id: Id
    name: Text
    grade: Text
    region: Text
    climbs_like: Annotated[str, Field(description="the grade that it is like", examples=["V6", "soft V5"])]
    off: Annotated[float, Field(description="grades that it is harder than its own", examples=[0.8])]
    deviation: Annotated[float, Field(description="of that, in grades", examples=[0.2])]
    sends: Annotated[int, Field(description="in training")]


class OffGrades(BaseModel):
    """Soft and hard grades, those farthest off first."""

    climbs: list[OffGrade]
