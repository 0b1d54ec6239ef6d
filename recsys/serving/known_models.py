"""What the API takes and tells of posted climbs that the bundle has by other ids."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, Field

from recsys.serving.model_fields import ClimbId, Id, at_most
from recsys.serving.policy import MAX_HISTORY

SAME_ALONE: Final = "same: is of the ids of posted sends; post some, or leave it out"
Same = (
    Annotated[
        dict[ClimbId, ClimbId],
        Field(max_length=MAX_HISTORY, description="ids of the sends, each with the bundle's of that climb"),
        at_most(MAX_HISTORY, "ids"),
    ]
    | None
)


class Question(BaseModel):
    """A posted climb that is not known, and the climb of nearly that name, or of that name elsewhere."""

    climb_id: Id
    name: str
    known_id: Id
    known_name: str


class Known(BaseModel):
    """How many of the posted climbs the model knows, in words too; questions are answered in `same`."""

    climbs: int
    known: int
    notes: list[str]
    questions: Annotated[list[Question], Field(description="whether two are one climb: the first few")] = []
