"""Skill as something to read: a climber's ability over time, and the climbs whose grades are soft or hard."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from recsys import columns as c
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.hardness import difficulties
from recsys.recommending.logbook import date_of
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Request

LEAST: Final = 0.1  # grades away from the usual one that are listed: votes are timid (benchmarks/skill.py)
CERTAIN: Final = 2.0  # deviations away that they have to be


@dataclass(frozen=True)
class Point:
    """Ability after one session: an ordinal, its deviation in grades, the day (None = not known).

    `sends` are the session's, of the discipline, whose grades can be read; none where all it has are ascents
    of unknown outcome. `grade` is the ability's, as the catalogue writes grades.
    """

    discipline: str
    day: dt.date | None
    sends: int
    ability: float
    deviation: float
    grade: str

    def to_json(self) -> dict[str, Any]:
        """The same, with the ability as a grade beside the number."""
        row = dict(self.__dict__)
        return {
            **row,
            "day": None if self.day is None else self.day.isoformat(),
            "ability": round(self.ability, 2),
            "deviation": round(self.deviation, 2),
        }


@dataclass(frozen=True)
class OffGrade:
    """A climb that is `off` grades harder (or, below 0, softer) than its grade, and the deviation of that."""

    climb_id: str
    name: str | None
    grade: str | None
    region: str | None
    climbs_like: str
    off: float
    deviation: float
    sends: int

    def to_json(self) -> dict[str, Any]:
        """The fields, as they are."""
        return dict(self.__dict__)


def curve(recommender: Recommender, request: Request) -> list[Point]:
    """Ability after each session of the request's logbook, by all of it, discipline by discipline.

    Empty where no send has a grade.
    """
    logbook = recommender.logbook(request)
    days = logbook.columns[c.DAY]
    graded = difficulties(recommender.skill, recommender.catalogue, logbook)
    points = []
    for name, (rows, sends, ability) in recommender.skill.over_time(graded, days, logbook.sent).items():
        points += [
            Point(name, date_of(days[row]), int(n), mean, deviation, recommender.catalogue.grade_of(mean))
            for row, n, mean, deviation in zip(rows, sends, *(each.tolist() for each in ability), strict=True)
        ]
    return points


def off_grade(recommender: Recommender, region: str | None = None, most: int = 20) -> list[OffGrade]:
    """The climbs of a region whose grades are soft or hard, those farthest off first.

    Parameters
    ----------
    region:
        A region of the catalogue, or None for all.
    most:
        Climbs to name.
    """
    catalogue, (value, deviation) = recommender.catalogue, recommender.skill.difficulty
    off = value - catalogue.ordinals
    with np.errstate(invalid="ignore"):
        sure = (np.abs(off) >= LEAST) & (np.abs(off) >= CERTAIN * deviation)
    if region is not None:
        sure &= np.array([each == region for each in catalogue.regions], dtype=bool)
    indices = np.flatnonzero(sure)
    indices = indices[np.argsort(-np.abs(off[indices]), kind="stable")][:most]
    return [
        OffGrade(
            catalogue.ids[index], catalogue.names[index], catalogue.grades[index], catalogue.regions[index],
            _like(catalogue, index, float(off[index])), round(float(off[index]), 2),
            round(float(deviation[index]), 2), int(catalogue.sends[index]),
        )
        for index in indices
    ]  # fmt: skip


def _like(catalogue: Catalogue, index: int, off: float) -> str:
    """The grade that a climb is like: the nearest other one, "hard V5" or "soft V5" where that is its own."""
    usual = float(catalogue.ordinals[index])
    if abs(off) >= 0.5:
        return catalogue.grade_of(usual + off)
    return f"{'hard' if off > 0 else 'soft'} {catalogue.grade_of(usual)}"
