"""What the API takes and gives: strict models, every string and list bounded."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any, Final, Literal, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)

from recsys.serving.known_models import SAME_ALONE, Known, Same
from recsys.serving.model_fields import (
    GRADES,
    Block,
    ClimberId,
    ClimbId,
    Hard,
    Id,
    K,
    Name,
    Note,
    Ordinal,
    Reach,
    Score,
    Short,
    Strict,
    Text,
    or_integer,
)
from recsys.serving.policy import MAX_HISTORY, MAX_REQUESTS
from recsys.serving.skill_models import Insights

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_Date = Annotated[str, Field(min_length=1, max_length=40)]


class Send(Strict):
    """One send, in the columns of a logbook."""

    climb_id: Annotated[
        ClimbId, or_integer(ClimbId), Field(description="its id in the bundle", examples=["climb-0007"])
    ]
    date: Annotated[
        _Date,
        or_integer(_Date),
        Field(description="a date, as in 2026-06-01, or a number that orders", examples=["2026-06-01"]),
    ]
    climber_id: Annotated[Short, or_integer(Short)] | None = None
    sequence: Annotated[float, Field(description="order among sends of a day")] | None = None
    region: Short | None = None
    area: Short | None = None
    climb_name: Short | None = None
    climb_type: Short | None = None
    style: Short | None = None
    grade: Annotated[str, Field(max_length=40, examples=["V5"])] | None = None
    rating: Annotated[float, Field(ge=1, le=5, description="stars")] | None = None
    comment: Note | None = None
    beta: Note | None = None
    outcome: (
        Annotated[
            Literal["send", "unknown"],
            Field(
                description="unknown: read, and not counted as a send; none: as the style tells, else a send"
            ),
        ]
        | None
    ) = None


def of_one(sends: list[Send]) -> list[Send]:
    """Posted sends, which are to be one climber's; a ValueError where they are not."""
    climbers = {send.climber_id for send in sends} - {None}
    if len(climbers) > 1:
        raise ValueError(f"holds the sends of {len(climbers)} climbers; post those of one")
    return sends


def plain(sends: list[Send] | None) -> list[dict[str, Any]] | None:
    """Posted sends as mappings of what they say."""
    return None if sends is None else [send.model_dump(exclude_none=True) for send in sends]


def _read_day(text: str) -> str:
    try:
        if text.casefold() == "today" or (_DAY.fullmatch(text) and datetime.date.fromisoformat(text)):
            return text
    except ValueError:  # which says what is wrong, but not what to write
        pass
    raise ValueError(f"{text[:40]!r} is no day; write a day as 2026-06-01, or today")


_Day = Annotated[
    str,
    AfterValidator(_read_day),
    WithJsonSchema({"type": "string", "pattern": f"^({_DAY.pattern}|[Tt]oday)$"}),
]


class RecommendBody(Strict):
    """Whose next climbs, and of which kind; with neither climber nor sends, for an empty logbook."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"climber": "climber-0042", "grade": "V4:V6", "k": 5, "explain": True},
                {
                    "sends": [{"climb_id": "climb-0007", "date": "2026-06-01", "grade": "V5"}],
                    "diversity": 0.3,
                },
                {"climber": "climber-0042", "mode": "stretch", "sort": "easiest", "block": ["climb-0011"]},
            ]
        }
    )
    climber: ClimberId = None
    sends: (
        Annotated[
            list[Send],
            Field(max_length=MAX_HISTORY, fail_fast=True, description="a logbook"),
            AfterValidator(of_one),
        ]
        | None
    ) = None
    grade: Annotated[str | None, Field(max_length=40, description=GRADES)] = None
    region: Annotated[Name | None, Field(description="a region of the bundle")] = None
    min_stars: Annotated[float, Field(ge=1, le=5, description="least mean rating")] | None = None
    when: Annotated[
        _Day | None, Field(description="the day of the next climb, as in 2026-06-01, or today")
    ] = None
    k: K = 10
    exclude_seen: Annotated[bool, Field(description="leave out what was sent before")] = True
    explain: Annotated[bool, Field(description="say which sends moved each climb most")] = False
    diversity: Annotated[float, Field(ge=0, le=1, description="how unlike each other they are to be")] = 0.0
    novelty: Annotated[float, Field(ge=0, le=1, description="how seldom sent they are to be")] = 0.0
    mode: Annotated[
        Literal["any", "auto", "warmup", "stretch", "project"],
        Field(description="how hard for the climber; auto is a band about the ability"),
    ] = "any"
    sort: Annotated[
        Literal["likely", "easiest", "hardest"], Field(description="order of the climbs chosen")
    ] = "likely"
    same: Same = None
    block: Block = Field(default_factory=list)

    @model_validator(mode="after")
    def _consistent(self) -> RecommendBody:
        if self.climber is not None and self.sends is not None:
            raise ValueError("give a climber or sends, not both")
        if self.same is not None and self.sends is None:
            raise ValueError(SAME_ALONE)
        return self


def _alone(value: Any, check: ValidatorFunctionWrapHandler) -> RecommendBody | ValidationError:
    """A request of a batch, or what is wrong with it: one must not spoil the others' answers."""
    try:
        return cast(RecommendBody, check(value))
    except ValidationError as error:
        return error


class BatchBody(Strict):
    """Many requests at once."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"requests": [{"climber": "climber-0042"}, {"grade": "V3", "k": 3}]}]}
    )
    requests: Annotated[
        list[Annotated[RecommendBody, WrapValidator(_alone)]], Field(min_length=1, max_length=MAX_REQUESTS)
    ]

    @property
    def each(self) -> list[RecommendBody | ValidationError]:
        """The requests, and in place of one that is not what it should be, why."""
        return cast("list[RecommendBody | ValidationError]", self.requests)


class Moved(BaseModel):
    """A send that moved the recommendation, and by how much the score falls without it."""

    climb_id: Id
    name: Text
    drop: Annotated[float, Field(description="of the score", examples=[0.012])]


class Why(BaseModel):
    """Why a climb was recommended; the prompt's share is -1 to 1, None where nothing was asked for."""

    sends: Annotated[list[Moved], Field(description="those that moved it most, strongest first")]
    prompt_share: Annotated[float | None, Field(description="of the score, the prompt's doing")]


class Climb(BaseModel):
    """A climb of an answer; `score` is its probability, its likeness, or how well it matches."""

    climb_id: Id
    name: Text
    grade: Text
    region: Text
    score: Score
    stars: Annotated[float | None, Field(description="mean rating, 1 to 5")] = None
    sends: Annotated[int | None, Field(description="sends in training")] = None
    area: Annotated[Text, Field(examples=["Grand Wall Boulders"])] = None
    link: Annotated[
        str | None, Field(description="the climb at the site whose id it carries; None where not known")
    ] = None
    hard: Hard = None
    reach: Reach = None
    why: Annotated[Why | None, Field(description="where `explain` asked for it")] = None


class Climbs(BaseModel):
    """Climbs, best first."""

    items: list[Climb]


class Recommendations(Climbs):
    """The next climbs for a climber, best first."""

    climber: Annotated[str | None, Field(description="as asked for")]
    logbook: Annotated[Known | None, Field(description="what the model knows of posted sends")] = None
    note: Annotated[str | None, Field(description="that the method reads no prompt, where one was given")] = (
        None
    )


class Climbers(BaseModel):
    """Ids of climbers."""

    climbers: Annotated[list[str], Field(examples=[["climber-0042"]])]


class Sampled(BaseModel):
    """A climber to try the service with, in a line."""

    climber: Annotated[str, Field(examples=["climber-0042"])]
    sends: int
    days: Annotated[int, Field(description="with sends")]
    hardest: Annotated[float | None, Field(description="ordinal of the hardest send", examples=[6.0])]
    grade: Annotated[str | None, Field(description="the same as a grade", examples=["V6"])]


class Sample(BaseModel):
    """Climbers to try the service with; none where no logbooks are stored, or ids are hidden."""

    climber: Annotated[str | None, Field(description="the one in the middle")]
    climbers: Annotated[list[Sampled], Field(description="weak to strong")]


class Region(BaseModel):
    """A region and how many of the bundle's climbs lie in it."""

    region: Annotated[str, Field(examples=["Squamish"])]
    climbs: Annotated[int, Field(examples=[812])]


class Area(BaseModel):
    """An area, its region, and how many of the bundle's climbs lie in it."""

    area: Annotated[str, Field(examples=["Grand Wall Boulders"])]
    region: str | None
    climbs: int


class Style(BaseModel):
    """A style, and how many of the bundle's climbs have it."""

    style: Annotated[str, Field(examples=["slab"])]
    climbs: int


class WrittenGrade(BaseModel):
    """A grade as climbs have it, how it is read, and how many have it."""

    grade: Annotated[str, Field(examples=["V5"])]
    ordinal: Ordinal
    system: Annotated[str, Field(description="the system that it is written in")]
    climbs: int


class Regions(BaseModel):
    """All regions, and the areas, styles and grades with most climbs."""

    regions: list[Region]
    areas: list[Area]
    styles: list[Style]
    grades: list[WrittenGrade]


class Reject(BaseModel):
    """A row that was not used."""

    row: Annotated[int | None, Field(description="of the file, the header not counted")]
    reason: str


class Logbook(Insights):
    """A parsed logbook. Nothing of it is kept: post `sends` with the next request for recommendations."""

    source: Annotated[str, Field(description="the site that the file is from", examples=["8anu"])]
    n_rejects: int
    rejects: list[Reject]
    notes: Annotated[list[str], Field(description="what was used and should be known, counted")]
    left_out: Annotated[int, Field(description="older sends beyond what a request may hold")]
    sends: list[dict[str, Any]]


class Limits(BaseModel):
    """What a request may hold."""

    max_body: Annotated[int, Field(description="bytes of a body")]
    max_history: Annotated[int, Field(description="posted sends")]
    max_k: Annotated[int, Field(description="climbs in an answer")]
    max_requests: Annotated[int, Field(description="requests in a batch")]
    needs_key: bool


class Version(BaseModel):
    """The program and the bundle."""

    version: Annotated[str, Field(description="of the program")]
    manifest: Annotated[str, Field(description="SHA-256 of the bundle's manifest")]
    climbs: int
    climbers: int
    simulated: Annotated[bool, Field(description="the climbs and climbers were made up by a simulation")]
    levels: Annotated[bool, Field(description="grades are of another domain, L0 and up")]
    graded: Annotated[bool, Field(description="some climb has a grade that can be read: ability rests on it")]
    nouns: Annotated[
        dict[str, str],
        Field(
            description="what a climb, a send and so on are called; empty: so", examples=[{"climb": "book"}]
        ),
    ]
    limits: Limits


class Status(BaseModel):
    """A state in a word."""

    status: Annotated[str, Field(examples=["alive", "ready", "stopping"])]


class Problem(BaseModel):
    """What went wrong, to be read by a person; the log's line of the request has the same id."""

    message: Annotated[str, Field(examples=["no climber 'alex' is known here; look for another name"])]
    request_id: Annotated[str, Field(examples=["6b9f0c0e7d0d4c7f8a3f5a1b2c3d4e5f"])]
    columns: Annotated[
        list[str] | None,
        Field(description="of a file of no known source its columns, to be named in `columns`"),
    ] = None


class Failure(BaseModel):
    """The body of every error."""

    error: Problem


class BatchAnswer(BaseModel):
    """What one request of a batch would have been answered alone: with an answer, or with an error."""

    status: Annotated[int, Field(description="the status that it would have had", examples=[200])]
    answer: Recommendations | None
    error: Problem | None


class BatchAnswers(BaseModel):
    """Answers in the order of the requests."""

    answers: list[BatchAnswer]
