"""Answers for many climbers at once: what a site computes every night."""

from __future__ import annotations

import itertools
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from recsys.arrays import Array
from recsys.environment import environment
from recsys.errors import UsageError
from recsys.orphans import end_with_parent
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.questions import Plan
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Request, some
from recsys.skill.model import Levels

CHUNK: Final = 256  # requests that are answered together
COLUMNS: Final = {
    "climber_id": str, "rank": int, "climb_id": str, "name": str, "grade": str, "region": str, "area": str,
    "stars": float, "sends": int, "score": float, "hard": str, "reach": float,
}  # fmt: skip
LATER: Final = ("hard", "reach")  # which tables of earlier versions lack
_THREADS: Final = "OMP_NUM_THREADS"
KEY: Final = ("climber_id", "rank")  # what tells a row from the others


@dataclass(frozen=True)
class Answer:
    """The climbs for one climber, best first; none, with the reason, where nothing fits the request.

    Attributes
    ----------
    climber:
        Id of the climber.
    indices, scores:
        Of the climbs in the catalogue, and their probabilities.
    hard, reach:
        How hard each is for the climber, as in `Item`; empty where it is not known of any.
    problem:
        Why there are none.
    """

    climber: str
    indices: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()
    problem: str | None = None
    hard: tuple[str | None, ...] = ()
    reach: tuple[float | None, ...] = ()

    @property
    def own(self) -> Iterator[tuple[float, str | None, float | None]]:
        """Score, `hard` and `reach` of each climb."""
        blank = (None,) * len(self.indices)
        return zip(self.scores, self.hard or blank, self.reach or blank, strict=True)

    def rows(self, catalogue: Catalogue) -> Iterator[dict[str, Any]]:
        """A mapping of `COLUMNS` a climb; ranks begin at 1."""
        for rank, (index, own) in enumerate(zip(self.indices, self.own, strict=True), 1):
            yield dict(zip(COLUMNS, (self.climber, rank, *catalogue.facts[index], *own), strict=True))


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
    levels = recommender.levels_each(plans)
    found = [_named(recommender, *each) for each in zip(plans, recommender.ask(plans), levels, strict=True)]
    hard = recommender.hardness_each([each.indices for each in found], levels)
    for answer, told in zip(found, hard, strict=True):
        words, reach = zip(*told, strict=True) if told else ((), ())
        yield replace(answer, hard=words, reach=reach)


def _named(recommender: Recommender, plan: Plan, logits: Array, levels: Levels) -> Answer:
    """The climbs for one climber, or why there are none."""
    climber = plan.request.climber or ""
    try:
        chosen, probabilities = recommender.choose(plan, logits, levels)
    except UsageError as error:
        return Answer(climber, problem=str(error))
    return Answer(climber, tuple(chosen), tuple(probabilities[0, chosen].tolist()))


def unanswered(climbers: Sequence[str]) -> str:
    """What is told of the climbers for whom nothing fits."""
    return f"nothing fits for {len(climbers)} climbers ({some(climbers)})"


def requests(
    recommender: Recommender,
    own: Mapping[str, Mapping[str, Any]],
    climbers: Sequence[str] | None = None,
    **shared: Any,
) -> Iterator[Request]:
    """A request for each climber, or each stored one: what all `shared`, over it the climber's `own`."""
    for climber in recommender.climbers if climbers is None else climbers:
        yield recommender.request(climber, **{**shared, **own.get(climber, {})})


def answers_by(
    jobs: int,
    opener: Callable[[Path], Recommender],
    folder: Path,
    climbers: Sequence[str],
    own: Mapping[str, Mapping[str, Any]],
    shared: Mapping[str, Any],
) -> Iterator[Answer]:
    """The answers of `jobs` processes, in the order of the climbers; each opens the folder for itself.

    Parameters
    ----------
    jobs:
        Processes, one thread each.
    opener:
        Opens the folder; a function of a module, so that a process can import it.
    folder:
        A run or a bundle.
    climbers:
        Whom to answer.
    own, shared:
        As in `requests`.
    """
    chunks = [climbers[start : start + CHUNK] for start in range(0, len(climbers), CHUNK)]
    with ProcessPoolExecutor(
        jobs, multiprocessing.get_context("spawn"), _open_here, (opener, folder, own, shared)
    ) as pool:
        with environment(_THREADS, "1"):
            found = pool.map(_answer_here, chunks)
        for each in found:
            yield from each


_here: dict[str, Any] = {}  # of a process of `answers_by`: what it opened


def _open_here(
    opener: Callable[[Path], Recommender], folder: Path, own: Mapping[str, Any], shared: Mapping[str, Any]
) -> None:
    end_with_parent()
    _here.update(recommender=opener(folder), own=own, shared=shared)


def _answer_here(climbers: Sequence[str]) -> list[Answer]:
    recommender: Recommender = _here["recommender"]
    wanted = requests(recommender, _here["own"], climbers, **_here["shared"])
    return list(answers(recommender, wanted))
