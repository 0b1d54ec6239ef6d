"""The recommender of a bundle, with all that the service asks of it."""

from __future__ import annotations

from pathlib import Path

from recsys.recommending.bundle import Bundle
from recsys.recommending.path import Path as Found
from recsys.recommending.path import PathRequest, find_path
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Request
from recsys.recommending.session import Session, SessionRequest, plan_session
from recsys.recommending.skills import OffGrade, Point, curve, off_grade


class Planner(Recommender):
    """A `recsys.serving.likes.RecommenderLike`."""

    @property
    def simulated(self) -> bool:
        """Whether the sends were made up by a simulation."""
        return isinstance(self.facts, dict) and self.facts.get("simulated") is True

    @classmethod
    def of(cls, recommender: Recommender) -> Planner:
        """A planner over what a recommender answers from."""
        return cls(recommender.backend)

    @classmethod
    def open(cls, folder: Path) -> Planner:
        """The planner of a bundle, its manifest checked."""
        return cls(Bundle.open(folder))

    def path(self, request: PathRequest) -> Found:
        """The best path that fits."""
        return find_path(self, request)

    def session(self, request: SessionRequest) -> Session:
        """The session that fits."""
        return plan_session(self, request)

    def curve(self, request: Request) -> list[Point]:
        """Ability after each session."""
        return curve(self, request)

    def off_grade(self, region: str | None, most: int) -> list[OffGrade]:
        """Climbs whose grades are soft or hard, those farthest off first."""
        return off_grade(self, region, most)
