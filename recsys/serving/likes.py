"""What the service needs of a recommender: `recsys.serving.planner.Planner` is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from recsys.arrays import Array
from recsys.logbooks.mapping import ColumnMapping
from recsys.recommending.known import Match
from recsys.recommending.path import PathRequest
from recsys.recommending.request import Request
from recsys.recommending.session import SessionRequest


class CatalogueLike(Protocol):
    """Parallel columns, one entry a climb."""

    ids: Sequence[Any]
    grades: Sequence[Any]
    regions: Sequence[Any]
    areas: Sequence[Any]
    styles: Sequence[Any]
    ordinals: Array  # NaN where there is no grade that can be read
    graded: bool  # whether some can be
    stars: Sequence[Any]
    sends: Sequence[Any]


class LogbookLike(Protocol):
    """A climber's sends in order of time: `climb_id`, `grade`, `day` (days since the Unix epoch, or NaN)."""

    @property
    def columns(self) -> Mapping[str, Any]:
        """Parallel columns, one entry a send."""


class ItemLike(Protocol):
    """A recommended climb."""

    def to_json(self) -> dict[str, Any]:
        """climb_id, name, grade, region, score, and why where it was asked for."""


class Planned(Protocol):
    """A path, a session, or a point of a curve."""

    def to_json(self) -> dict[str, Any]:
        """As the API answers it, but for the score's type and the counts of climbs."""


class RecommenderLike(Protocol):
    """A `Recommender`. Its `recommend_many` answers all its requests with one model call."""

    @property
    def catalogue(self) -> Any:
        """A `CatalogueLike`."""

    @property
    def climbers(self) -> Sequence[str]:
        """Ids of the climbers whose logbooks are stored."""

    def recommend(self, request: Request) -> Sequence[ItemLike]:
        """One answer, best first."""

    def note(self, request: Request) -> str | None:
        """What is to be said beside an answer."""

    def recommend_many(self, requests: list[Request]) -> Sequence[Sequence[ItemLike]]:
        """One answer a request, in their order."""

    def similar(self, climb_id: str, k: int) -> Sequence[ItemLike]:
        """The nearest climbs to one."""

    def path(self, request: PathRequest) -> Planned:
        """A path to a project."""

    def session(self, request: SessionRequest) -> Planned:
        """A day in one area."""

    def curve(self, request: Request) -> Sequence[Planned]:
        """Ability over time: points with `discipline`, `day`, `sends`, `ability`, `deviation`, `grade`."""

    def off_grade(self, region: str | None, most: int) -> Sequence[Planned]:
        """Climbs whose grades are soft or hard, those farthest off first."""

    def match(self, request: Request) -> Match | None:
        """How the posted logbook's climbs meet the catalogue; None where none was posted."""

    @property
    def mapping(self) -> ColumnMapping | None:
        """What the sends were read by, for a logbook with the same columns; None: the contract."""

    @property
    def nouns(self) -> Mapping[str, str]:
        """What a climb, a send and so on are called (`recsys.nouns`); empty: as they are here."""

    @property
    def simulated(self) -> bool:
        """Whether the sends were made up by a simulation."""

    def search(self, text: str, k: int) -> Sequence[ItemLike]:
        """Climbs whose name or id holds a text."""

    def logbook(self, request: Request) -> LogbookLike:
        """The logbook that a request is asked of."""
