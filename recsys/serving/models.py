"""What the API takes and gives: strict models, every string and list bounded."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from recsys.serving.settings import MAX_HISTORY, MAX_K

Name = Annotated[str, Field(min_length=1, max_length=200)]
Short = Annotated[str, Field(max_length=200)]
Note = Annotated[str, Field(max_length=5000)]
K = Annotated[int, Field(ge=1, le=MAX_K, description="climbs to answer with")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Send(_Strict):
    """One send, in the columns of a logbook."""

    climb_id: Name
    date: Annotated[
        str,
        Field(min_length=1, max_length=40, description="a date, as in 2026-06-01, or a number that orders"),
    ]
    climber_id: Short | None = None
    sequence: Annotated[int, Field(ge=0, le=2**31)] | None = None
    region: Short | None = None
    area: Short | None = None
    climb_name: Short | None = None
    climb_type: Short | None = None
    style: Short | None = None
    grade: Annotated[str, Field(max_length=40)] | None = None
    rating: Annotated[float, Field(ge=1, le=5)] | None = None
    comment: Note | None = None
    beta: Note | None = None


class RecommendBody(_Strict):
    """Whose next climbs, and of which kind; with neither climber nor sends, for an empty logbook."""

    climber: Annotated[Name | None, Field(description="a climber of the bundle")] = None
    sends: Annotated[list[Send], Field(max_length=MAX_HISTORY)] | None = None
    grade: Annotated[str | None, Field(max_length=40, description="a grade or a range: V4 or V4:V6")] = None
    region: Annotated[Name | None, Field(description="a region of the bundle")] = None
    min_stars: Annotated[float, Field(ge=1, le=5)] | None = None
    when: Annotated[
        str | None, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="the day to climb on, as in 2026-06-01")
    ] = None
    k: K = 10
    exclude_seen: Annotated[bool, Field(description="leave out what was sent before")] = True
    explain: Annotated[bool, Field(description="say which sends moved each climb most")] = False
    diversity: Annotated[float, Field(ge=0, le=1)] = 0.0
    novelty: Annotated[float, Field(ge=0, le=1)] = 0.0

    @model_validator(mode="after")
    def _consistent(self) -> RecommendBody:
        if self.climber is not None and self.sends is not None:
            raise ValueError("give a climber or sends, not both")
        if self.when is not None:
            datetime.date.fromisoformat(self.when)
        return self


class Moved(BaseModel):
    """A send that moved the recommendation, and by how much the score falls without it."""

    climb_id: str
    name: str | None
    drop: float


class Why(BaseModel):
    """Why a climb was recommended; the prompt's share is -1 to 1, None where nothing was asked for."""

    sends: list[Moved]
    prompt_share: float | None


class Climb(BaseModel):
    """A climb of an answer; `score` is its probability, its likeness, or how well it matches."""

    climb_id: str
    name: str | None
    grade: str | None
    region: str | None
    score: float
    stars: float | None = None
    sends: int | None = None
    why: Why | None = None


class Climbs(BaseModel):
    """Climbs, best first."""

    items: list[Climb]


class Known(BaseModel):
    """How many of the posted climbs the model knows, in words too."""

    climbs: int
    known: int
    notes: list[str]


class Recommendations(Climbs):
    """The next climbs for a climber, best first."""

    climber: str | None
    logbook: Annotated[Known | None, Field(description="of posted sends: what the model knows of them")] = (
        None
    )


class Climbers(BaseModel):
    """Ids of climbers."""

    climbers: list[str]


class Region(BaseModel):
    """A region and how many of the bundle's climbs lie in it."""

    region: str
    climbs: int


class Regions(BaseModel):
    """All regions."""

    regions: list[Region]


class Month(BaseModel):
    """A month with sends: the hardest, and the skill (mean of the ten hardest in the last 365 days)."""

    month: str
    sends: int
    best: float
    best_grade: str
    skill: float


class Step(BaseModel):
    """A step of the pyramid."""

    grade: str
    ordinal: float
    sends: int


class Discipline(BaseModel):
    """Skill over time and the grade pyramid, hardest first, of boulders or of routes."""

    discipline: Literal["boulder", "route"]
    skill: list[Month]
    pyramid: list[Step]


class Insights(BaseModel):
    """What a logbook tells."""

    rows: int
    graded: int
    first: str | None
    last: str | None
    disciplines: list[Discipline]


class Reject(BaseModel):
    """A row that was not used."""

    row: int | None
    reason: str


class Logbook(Insights):
    """A parsed logbook. Nothing of it is kept: post `sends` with the next request for recommendations."""

    source: str
    n_rejects: int
    rejects: list[Reject]
    notes: Annotated[list[str], Field(description="what was used and should be known, counted")]
    left_out: Annotated[int, Field(description="older sends beyond what a request may hold")]
    sends: list[dict[str, Any]]


class Limits(BaseModel):
    """What a request may hold."""

    max_body: int
    max_history: int
    max_k: int
    needs_key: bool


class Version(BaseModel):
    """The program and the bundle."""

    version: str
    manifest: str
    climbs: int
    climbers: int
    limits: Limits


class Status(BaseModel):
    """A state in a word."""

    status: str


class Problem(BaseModel):
    """What went wrong, to be read by a person."""

    message: str
    request_id: str


class Failure(BaseModel):
    """The body of every error."""

    error: Problem
