"""The fields that models of the API share: bounded strings and numbers, each with its description."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from recsys.serving.policy import MAX_BLOCK, MAX_ID, MAX_K

# Told of climbing alone: `recsys.serving.domain_words` says other texts of a bundle with other grades.
GRADES: Final = "a grade or a range: V4 or V4:V6"
GRADE_NAMES: Final = "V of boulders, French of routes"
ORDINALS: Final = "steps on the discipline's ladder: V5 is 5, 7a is 115"
DISCIPLINE: Final = "Skill over time and the grade pyramid, hardest first, of boulders or of routes."

Name = Annotated[str, Field(min_length=1, max_length=200)]


def _text(value: Any) -> Any:
    return str(value) if type(value) is int else value


def or_integer(text: Any) -> BeforeValidator:
    """Reads an integer as its text, as logbooks do: ids may be either, and so may dates that are an order."""
    return BeforeValidator(_text, json_schema_input_type=text | int)


ClimbId = Annotated[str, Field(min_length=1, max_length=MAX_ID)]
ClimberId = Annotated[Annotated[Name, or_integer(Name)] | None, Field(description="a climber of the bundle")]
Short = Annotated[str, Field(max_length=200)]
Note = Annotated[str, Field(max_length=5000, description="of it counts only whether there is any")]
K = Annotated[int, Field(ge=1, le=MAX_K, description="climbs to answer with")]
Id = Annotated[str, Field(description="id of a climb", examples=["climb-0007"])]
Text = Annotated[str | None, Field(description="None where nothing was logged")]
Score = Annotated[
    float,
    Field(description="probability to be the next; likeness; in a search, share of all sends"),
]
GradeName = Annotated[str, Field(description=GRADE_NAMES, examples=["V5"])]
Ordinal = Annotated[float, Field(description=ORDINALS)]
Block = Annotated[
    list[Annotated[Name, or_integer(Name)]],
    Field(
        max_length=MAX_BLOCK,
        fail_fast=True,
        description="climbs by id, areas or regions by name that are never to be named; not stored",
        examples=[["climb-0011"]],
    ),
]
Hard = Annotated[
    Literal["comfortable", "stretch", "project", "beyond"] | None,
    Field(description="how hard for the climber; None where grades are lacking"),
]
Reach = Annotated[
    float | None,
    Field(description="chance that one of the next ten sends is at least as hard", examples=[0.42]),
]
Day = Annotated[str | None, Field(description="a day, None where no send has one", examples=["2026-06-01"])]


class Strict(BaseModel):
    """A body that holds nothing unknown, and every value of its own type.

    Whatever is posted, few errors are made of it: each costs many times its bytes, and the loop waits.
    """

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _no_more_than_there_are(cls, given: Any) -> Any:
        if isinstance(given, dict) and len(given) > len(cls.model_fields):
            odd = next(name for name in given if name not in cls.model_fields)
            raise ValueError(
                f"{str(odd)[:40]!r} is no field of this request, which has {len(cls.model_fields)} and not "
                f"{len(given)}; /openapi.json names them"
            )
        return given


def at_most(most: int, of: str) -> BeforeValidator:
    """Refuses a table with more entries before any of them is looked at."""

    def check(given: Any) -> Any:
        if isinstance(given, dict) and len(given) > most:
            raise ValueError(f"holds {len(given)} {of}; {most} is the most")
        return given

    return BeforeValidator(check)
