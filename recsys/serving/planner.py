"""The recommender of a bundle, with all that the service asks of it."""

from __future__ import annotations

from pathlib import Path

from recsys.files import read_json
from recsys.recommending.bundle import BUNDLE, Bundle
from recsys.recommending.path import Path as Found
from recsys.recommending.path import PathRequest, find_path
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Request
from recsys.recommending.session import Session, SessionRequest, plan_session
from recsys.recommending.skills import Point, curve


class Planner(Recommender):
    """A `recsys.serving.backend.RecommenderLike`.

    Attributes
    ----------
    simulated:
        Whether the sends were made up by a simulation.
    """

    simulated: bool = False

    @classmethod
    def open(cls, folder: Path) -> Planner:
        """The planner of a bundle, its manifest checked."""
        planner = cls(Bundle.open(folder))
        facts = read_json(folder / BUNDLE).get("facts")
        planner.simulated = isinstance(facts, dict) and facts.get("simulated") is True
        return planner

    def path(self, request: PathRequest) -> Found:
        """The best path that fits."""
        return find_path(self, request)

    def session(self, request: SessionRequest) -> Session:
        """The session that fits."""
        return plan_session(self, request)

    def curve(self, request: Request) -> list[Point]:
        """Ability after each session."""
        return curve(self, request)
