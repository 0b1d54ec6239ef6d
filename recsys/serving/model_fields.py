"""The fields that models of the API share: bounded strings and numbers, each with its description."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from recsys.serving.policy import MAX_BLOCK, MAX_K

# Told of climbing alone: `recsys.serving.domain_words` says other texts of a bundle with other grades.
GRADES: Final = "a grade or a range: V4 or V4:V6"
GRADE_NAMES: Final = "V of boulders, French of routes"
ORDINALS: Final = "steps on the discipline's ladder: V5 is 5, 7a is 115"
DISCIPLINE: Final = "Skill over time and the grade pyramid, hardest first, of boulders or of routes."

Name = Annotated[str, Field(min_length=1, max_length=200)]
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
    list[Name],
    Field(
        max_length=MAX_BLOCK,
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
    """A body that holds nothing unknown, and every value of its own type."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
