"""A path to a project: unsent climbs that lead from what a climber can do to what the climber wants to do.

    >>> find_path(recommender, PathRequest(project="superfly", climber="ada", steps=4))

Grades on it differ by `leap` at the most from one climb to the next, the first from the climber's ability, or
from the project's grade where that is lower. No step is more than a grade below the hardest before it, or
below where the path starts, where there are enough; and the project is likelier at the end, if any chain that
was found makes it so.
The chain is found by `recsys.recommending.beam`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from recsys.errors import UsageError
from recsys.nouns import spoken
from recsys.recommending import hardness
from recsys.recommending.ahead import pace
from recsys.recommending.beam import BEAM, CROWD, METHODS, WIDE, Chain, Search, search
from recsys.recommending.blocked import OPEN, Blocked
from recsys.recommending.levels import unordered
from recsys.recommending.logbook import Logbook
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Asking, Item, known_region
from recsys.skill.model import Levels
from recsys.skill.tracks import DISCIPLINES, steps_of

MOST_STEPS = 12
LATELY: Final = 20  # sends


@dataclass(frozen=True)
class PathRequest(Asking):
    """What is asked for.

    Attributes
    ----------
    project:
        Id of the climb at the end.
    climber, sends:
        Whose path it is, as in `Request`.
    steps:
        Climbs before the project, 1 to `MOST_STEPS`.
    region:
        Where the steps are to be, or None for anywhere: prompt and filter. The project may be elsewhere.
    leap:
        Most grades from one climb to the next.
    method, beam:
        How it is found (`recsys.recommending.beam`), and chains kept on the way.
    seed:
        Of the method "random".
    crowd:
        Weight of how often climbs are sent, beside the model's probability (`recsys.recommending.beam`).
    wait:
        Whether steps are asked for on another day than the one before, a usual pause later.
    blocked:
        Closed climbs and areas, which no step is taken from.
    same:
        Climb ids of `sends`, each with the catalogue's id of the same climb.
    """

    project: str
    climber: str | None = None
    sends: Sequence[Mapping[str, Any]] | None = None
    steps: int = 5
    region: str | None = None
    leap: float = 1.0
    method: str = "ahead"
    beam: int = BEAM
    seed: int = 0
    crowd: float = CROWD
    wait: bool = False
    blocked: Blocked = OPEN
    same: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= MOST_STEPS:
            raise UsageError(f"`steps` {self.steps}: ask for 1 to {MOST_STEPS}")
        if not 0 < self.leap <= 10:
            raise UsageError(f"`leap` {self.leap:g}: give a number of grades above 0, and at most 10")
        if self.method not in METHODS:
            raise UsageError(f"`method` {self.method}: choose one of {', '.join(METHODS)}")
        if not 1 <= self.beam <= 64:
            raise UsageError(f"`beam` {self.beam}: keep 1 to 64 chains")


@dataclass(frozen=True)
class Step:
    """One climb of a path.

    `item.score` is the probability of the step after the ones before it; `project` that of the project to
    follow this step at once; `reason` says in a line, in the words of the run's domain, what the step does.
    """

    item: Item
    project: float
    reason: str

    def to_json(self) -> dict[str, Any]:
        """The item's fields, and the step's own."""
        return {**self.item.to_json(), "project_probability": self.project, "reason": self.reason}


@dataclass(frozen=True)
class Path:
    """Steps, then the project: its score is its probability after the steps, `before` without them.

    `ability` is the climber's, whatever the project's grade; `grade` is its grade, as the catalogue writes
    grades.
    """

    steps: tuple[Step, ...]
    project: Item
    before: float
    ability: float
    grade: str
    method: str

    @property
    def note(self) -> str | None:
        """What a climber should know of it: that it does not make the project likelier; else None."""
        if self.project.score > self.before:
            return None
        return "these climbs do not make the project likelier, and no others that fit were found to"

    def to_json(self) -> dict[str, Any]:
        """{"ability", "method", "note", "steps": [...], "project": {...}}."""
        return {
            "ability": self.grade,
            "method": self.method,
            "note": self.note,
            "steps": [each.to_json() for each in self.steps],
            "project": {**self.project.to_json(), "score_before": self.before},
        }


def find_path(recommender: Recommender, request: PathRequest) -> Path:
    """The best path that fits.

    Raises
    ------
    UsageError
        The project is not in the catalogue, was sent, or has no grade; the logbook is empty or has no grades;
        the grades lie too far apart for so few steps; or no chain fits.
    """
    logbook = recommender.logbook(request.whose)
    ability = _ability(recommender, request, logbook)
    query = _search(recommender, request, logbook, ability)
    found = _found(query)
    if not found:
        raise UsageError(
            f"no {request.steps} climbs that were not sent yet lead to {request.project} in steps of "
            f"{request.leap:g}"
            f"{'' if request.region is None else ' in ' + request.region}; allow a longer `leap`"
        )
    levels = recommender.levels(request.whose, logbook)
    return _path(recommender, query, found[0], levels, ability)


def _found(query: Search) -> list[Chain]:
    """The chains, best first; where none makes the project likelier, it is looked for farther off.

    All climbs of the level may be sent, so there is no floor then; nor do climbs that are sent often go
    before others. Where there are so few that nothing fits, a path may fall as it must.
    """
    found = search(query)
    if found and (found[0].raises or query.method not in WIDE):
        return found
    free = replace(query, floor=-np.inf, crowd=0.0)
    farther = search(free)
    if farther and (not found or farther[0].raises):
        return farther
    return found or search(replace(free, crowd=query.crowd, fall=np.inf))


def _search(recommender: Recommender, request: PathRequest, logbook: Logbook, ability: float) -> Search:
    catalogue = recommender.catalogue
    project = catalogue.index(request.project)
    region = None if request.region is None else known_region(request.region, catalogue.known_regions)
    return Search(
        backend=recommender.backend,
        logbook=logbook.tail(recommender.backend.reads(request.climber) + 1),
        climber=request.climber,
        region=region,
        project=project,
        steps=request.steps,
        start=(start := _start(recommender, request, ability)),
        floor=_floor(recommender, logbook, start),
        leap=request.leap,
        allowed=catalogue.allowed(None, region)
        & catalogue.without(logbook.climbs)
        & catalogue.open(request.blocked),
        method=request.method,
        beam=request.beam,
        pace=(gap := pace(logbook)),
        likeness=recommender.units @ recommender.units[project],
        seed=request.seed,
        crowd=request.crowd,
        wait=gap if request.wait else 0.0,
    )


def _ability(recommender: Recommender, request: PathRequest, logbook: Logbook) -> float:
    """The climber's ability in the project's discipline; refused where there is none, or no such project."""
    catalogue = recommender.catalogue
    end = float(catalogue.ordinals[catalogue.index(request.project)])
    if not len(logbook):
        raise UsageError("a path starts from a logbook; give a climber or a logbook with sends in it")
    if request.project in set(logbook.climbs):
        raise UsageError(f"`project` {request.project}: was sent already; choose another climb")
    if not catalogue.graded:
        raise unordered("a path")
    if math.isnan(end):
        raise UsageError(f"`project` {request.project}: has no grade; choose a climb that has one")
    level = recommender.levels(request.whose, logbook).get(_discipline(end))
    if level is None:
        raise UsageError(f"`project` {request.project}: no send of the logbook has a grade of its kind")
    return level.mean


def _discipline(grade: float) -> str:
    return next(name for name in DISCIPLINES if np.isfinite(steps_of(np.array([grade]), name)[0]))


def _start(recommender: Recommender, request: PathRequest, ability: float) -> float:
    """The difficulty that the path starts from: the ability, or the project's grade where that is lower."""
    catalogue = recommender.catalogue
    end = float(catalogue.ordinals[catalogue.index(request.project)])
    start = min(ability, end)
    needed = math.ceil((end - start) / request.leap) - 1
    if needed > request.steps:
        first, last = map(catalogue.grade_of, (start, end))
        raise UsageError(
            f"{last} is {end - start:.1f} grades above the climber's {first}: in "
            f"steps of {request.leap:g} it takes `steps` {needed}, or a longer `leap`"
        )
    return start


def _floor(recommender: Recommender, logbook: Logbook, start: float) -> float:
    """The lowest grade of a step: that of the easiest of the last sends of the discipline.

    The start where all are harder; how far a step may fall is bounded beside it (`Search.fall`).
    """
    last = hardness.difficulties(recommender.skill, recommender.catalogue, logbook.tail(LATELY))
    own = last[np.isfinite(steps_of(last, _discipline(start)))]
    return float(np.min(own, initial=start))


def _path(recommender: Recommender, query: Search, chain: Chain, levels: Levels, ability: float) -> Path:
    catalogue, named = recommender.catalogue, (*chain.indices, query.project)
    scores, hard = (*chain.steps, chain.project[-1]), recommender.hardness(named, levels)
    *items, end = (
        catalogue.item(index, score, None, *own)
        for index, score, own in zip(named, scores, hard, strict=True)
    )
    likest = float(np.quantile(query.likeness, 0.9))  # what one climb in ten is as like the project
    steps = tuple(
        Step(item, ahead, _reason(recommender, query, chain, at, ability, likest))
        for at, (item, ahead) in enumerate(zip(items, chain.project[1:], strict=True))
    )
    return Path(steps, end, chain.project[0], ability, catalogue.grade_of(ability), query.method)


def _reason(
    recommender: Recommender, query: Search, chain: Chain, at: int, ability: float, likest: float
) -> str:
    """What a step does: its grade after the one before, what it makes of the project, and what it is like.

    In the words of the run's domain; a region's name is not one of them.
    """
    index = chain.indices[at]
    last = query.grades[chain.indices[at - 1]] if at else ability
    parts = [
        _change(float(query.grades[index] - last), "the climber's level" if not at else "the step before")
    ]
    before, now = chain.project[at], chain.project[at + 1]
    if now >= 1.1 * before:
        parts.append(f"makes the project {now / max(before, 1e-12):.1f} times as likely")
    if query.likeness[index] >= likest:
        parts.append("sent by the same people as the project")
    parts = [spoken(each, recommender.nouns) for each in parts]
    region = recommender.catalogue.regions[index]
    if region is not None and region == recommender.catalogue.regions[query.project]:
        parts.append(f"in {region}, as the project is")
    return "; ".join(parts)


def _change(grades: float, since: str) -> str:
    if abs(grades) < 0.25:
        return f"at {since}"
    size = f"{abs(grades):.1f} grades".replace("1.0 grades", "a grade")
    return f"{size} {'above' if grades > 0 else 'below'} {since}"
