"""Answers for many climbers at once: what a site computes every night."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from recsys.errors import UsageError
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Item, Request

CHUNK: Final = 256  # requests that are answered together


@dataclass(frozen=True)
class Answer:
    """The climbs for one climber, best first; none, with the reason, where nothing fits the request."""

    climber: str
    items: tuple[Item, ...]
    problem: str | None = None

    def rows(self) -> list[dict[str, Any]]:
        """A mapping a climb: climber_id, rank from 1, climb_id, name, grade, region, score."""
        return [
            {"climber_id": self.climber, "rank": rank, **item.plain()}
            for rank, item in enumerate(self.items, 1)
        ]


def answers(recommender: Recommender, requests: Iterable[Request]) -> Iterator[Answer]:
    """An answer for each request, in their order; a request that nothing fits does not stop the others.

    Raises
    ------
    UsageError
        A climber whose logbook is not stored.
    """
    iterator = iter(requests)
    while chunk := list(itertools.islice(iterator, CHUNK)):
        yield from _answered(recommender, chunk)


def _answered(recommender: Recommender, chunk: list[Request]) -> Iterator[Answer]:
    plans = [recommender.plan(request) for request in chunk]
    for plan, logits in zip(plans, recommender.ask(plans), strict=True):
        climber = plan.request.climber or ""
        try:
            yield Answer(climber, tuple(recommender.answer(plan, logits)))
        except UsageError as error:
            yield Answer(climber, (), str(error))


COLUMNS: Final = {
    "climber_id": str, "rank": int, "climb_id": str, "name": str, "grade": str, "region": str, "area": str,
    "stars": float, "sends": int, "score": float,
}  # fmt: skip


def requests(
    recommender: Recommender, own: Mapping[str, Mapping[str, Any]], **shared: Any
) -> Iterator[Request]:
    """A request for each stored climber: what all `shared`, and over it what the climber asks for (`own`)."""
    for climber in recommender.climbers:
        yield recommender.request(climber, **{**shared, **own.get(climber, {})})
