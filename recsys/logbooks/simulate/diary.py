"""How sends get into a log: the day they are filed under, the grade, the stars, whether there is a text.

The log's grade is biased as on the site: its default is the mean of the grades logged before, and most
climbers leave it. Two logged grades of a climb are never more than 2 V apart, because nobody strays more than
1 V from the guidebook.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from recsys.logbooks.simulate.climbers import Climbers
from recsys.logbooks.simulate.crags import GRADE_SHARE, Crags
from recsys.logbooks.simulate.presets import Preset
from recsys.logbooks.simulate.sizes import Array, Bools, Floats, Ints

LAST_DAY: Final = np.datetime64("2023-03-26", "D").astype(int)  # of the paper's snapshot, since the epoch
YEARS: Final = 14  # the oldest log starts this long before
OWN_GRADE: Final = 0.2  # chance that a climber overrides the default grade
LATE_DAYS: Final = 4  # a late logger files a session up to this many days late


def session_days(gaps: list[list[int]], rng: np.random.Generator) -> list[Ints]:
    """Return each climber's session days (since the epoch, rising), squeezed into the years of the site."""
    days = []
    for gap in gaps:
        offset = np.cumsum(np.array(gap)) - gap[0]
        room = int(YEARS * 365 * rng.uniform(0.05, 1.0))
        room = max(room, min(2 * len(gap), YEARS * 365))
        if offset[-1] > room:
            offset = np.maximum.accumulate(offset * room // offset[-1])
            offset = np.arange(len(offset)) + np.maximum.accumulate(offset - np.arange(len(offset)))
        last = LAST_DAY - int(rng.integers(0, 1 + max(0, YEARS * 365 - int(offset[-1]))))
        days.append((last - offset[-1] + offset).astype(np.int64))
    return days


def logged_days(
    climber: Ints, session: Ints, days: list[Ints], climbers: Climbers, rng: np.random.Generator
) -> Ints:
    """Return the day [sends] each send is filed under: the session's, or some days later for late loggers."""
    filed = []
    for index, day in enumerate(days):
        if climbers.late[index]:
            late = rng.integers(0, LATE_DAYS + 1, len(day)) * (rng.random(len(day)) < 0.6)
            day = np.maximum.accumulate(np.minimum(day + late, LAST_DAY))
        filed.append(day)
    start = np.cumsum([0] + [len(day) for day in filed[:-1]])
    return np.concatenate(filed)[start[climber] + session]


def jumbled(climber: Ints, climb: Ints, session: Ints, climbers: Climbers, rng: np.random.Generator) -> Ints:
    """Return the climbs of the sends [sends] as logged: untidy climbers mix up those of a session."""
    within = np.where(climbers.untidy[climber], rng.random(len(climb)), np.arange(len(climb)) / len(climb))
    return climb[np.lexsort((within, session, climber))]


def logged_grades(climb: Ints, day: Ints, crags: Crags, rng: np.random.Generator) -> Ints:
    """Return the V grade [sends] that each send is logged with."""
    own = rng.random(len(climb)) < OWN_GRADE
    book = crags.grade[climb]
    feel = np.rint(book + crags.soft[climb] + rng.normal(0, 0.5, len(climb)))
    feel = feel.clip(book - 1, book + 1).clip(0, len(GRADE_SHARE) - 1).astype(np.int64)
    mean_of = [[0, 0] for _ in range(len(crags.grade))]
    grade = np.empty(len(climb), dtype=np.int64)
    for send in np.argsort(day, kind="stable").tolist():
        logged = mean_of[climb[send]]
        if own[send]:
            given = int(feel[send])
        else:
            given = int(logged[0] / logged[1] + 0.5) if logged[1] else int(book[send])
        logged[0] += given
        logged[1] += 1
        grade[send] = given
    return grade


def stars(
    climber: Ints, climb: Ints, counted: Bools, crags: Crags, preset: Preset, rng: np.random.Generator
) -> Ints:
    """Return the rating [sends] in stars, 1 to 5; the mean of the counted sends is the preset's."""
    mood = rng.normal(0, 0.35, int(climber.max()) + 1)
    liking = 0.55 * crags.quality[climb] + mood[climber] + rng.normal(0, 0.55, len(climb))
    low, high = -5.0, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        if _to_stars(liking[counted] + middle).mean() > preset.mean_rating:
            high = middle
        else:
            low = middle
    return _to_stars(liking + low)


def _to_stars(liking: Floats) -> Ints:
    return np.rint(liking).clip(1, 5).astype(np.int64)


def chosen(share: float, climber: Ints, kept: Bools, habit: float, rng: np.random.Generator) -> Bools:
    """Return which sends [sends] carry a rating or text: `share` of the kept; `habit` sets climbers apart."""
    zeal = habit * rng.normal(size=int(climber.max()) + 1)[climber] + rng.normal(size=len(climber))
    edge: Array = np.quantile(zeal[kept], 1 - share)
    return np.asarray(zeal > edge)
