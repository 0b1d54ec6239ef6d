"""What the order of a day's sends is taken to mean.

A log of dates does not say what came first on a day: there the order is that of the file, and a file that is
exported by climb or by grade tells more by it than any climber could. Sends of one climber and one date tie
where nothing orders them: no `sequence`, and no time of day (a date without one is a whole day). What the
data itself orders stands under each of the ways:

    set      ties are a set: their order is drawn by seed, and no send of a target's own day is in its history
    seeded   their order is drawn by seed, and then taken as if it had been logged
    file     their order is that of the file, taken as if it had been logged

The draw depends on the seed, the climber, the day and the climb alone, so that "set" and "seeded" come out
the same however the file was sorted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from recsys.columns import CLIMB_ID, CLIMBER_ID, DAY, DAY_INDEX, GRADE, SEQUENCE

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.config.run import DayOrder

UNKNOWN_ORDER: Final = "sends_of_unknown_order"
"""In a run's facts: the share of the sends that tie with another of their day."""
READ_UNTIL: Final = "read_until"
"""In a run's facts: the last date of all that it read, of sends that were too rare to be kept too."""
_SORTED: Final = 0.9  # share of a day's neighbours in order from which days look sorted (by chance: a half)
_LEAST: Final = 100  # neighbours below which nothing can be said


def order_days(frame: pd.DataFrame, how: DayOrder, seed: int) -> pd.DataFrame:
    """The sends in the order that they are learned from, with `DAY_INDEX`.

    Parameters
    ----------
    frame:
        Sends in (climber, time, sequence, file) order.
    how:
        See above.
    seed:
        Of the draw.

    Returns
    -------
    The same sends; only those that tie have changed places. `DAY_INDEX` (int64) counts the ties before each
    one in its day under "set" and is 0 elsewhere.
    """
    group = ties(frame)
    if how != "file":
        frame = frame.take(np.lexsort((_draw(frame, seed), group))).reset_index(drop=True)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    indices = np.arange(len(group)) - starts[group]
    return frame.assign(**{DAY_INDEX: indices if how == "set" else 0})


def ties(frame: pd.DataFrame) -> Array:
    """Number of each send's group of ties, int64 [n_sends], counting up; a send that is ordered is alone."""
    day = frame[DAY].to_numpy(np.float64)
    climber = pd.factorize(frame[CLIMBER_ID])[0]
    dated = day == np.floor(day)
    if SEQUENCE in frame:
        dated &= frame[SEQUENCE].isna().to_numpy()
    same = (np.diff(climber) == 0) & (np.diff(day) == 0) & dated[1:] & dated[:-1]
    return np.cumsum(np.concatenate([[True], ~same])[: len(frame)]) - 1


def facts(frame: pd.DataFrame) -> dict[str, Any]:
    """What is to be told of the order of days: the share of the sends that tie with another."""
    group = ties(frame)
    return {UNKNOWN_ORDER: round(float((np.bincount(group)[group] > 1).mean()), 3)}


def read_until(last: float, has_time: bool) -> dict[str, str]:
    """The fact `READ_UNTIL` of sends whose last day is `last`; none where there are no dates."""
    return {READ_UNTIL: str(np.datetime64(int(np.floor(last)), "D"))} if has_time else {}


def last_read(known: Mapping[str, Any], sends: pd.DataFrame) -> float:
    """The last day that a run read, by its facts; where they do not tell, the last day that it kept."""
    kept = float(sends[DAY].max())
    try:
        told = np.datetime64(str(known.get(READ_UNTIL)), "D").astype(np.int64)
    except ValueError:
        return kept
    return max(kept, float(told) + 1 - 1e-9)  # any time of that date


def looks_sorted(frame: pd.DataFrame) -> str | None:
    """What the sends of a day look sorted by in the file, "climb" or "grade"; None where they do not."""
    group = ties(frame)
    tied = group[1:] == group[:-1]
    for column, name in ((CLIMB_ID, "climb"), (GRADE, "grade")):
        if column in frame and _in_order(_values(frame[column], column), tied):
            return name
    return None


def _in_order(values: Array, tied: Array) -> bool:
    """Whether nearly all neighbours of one day that differ stand the same way round."""
    step = np.diff(values)[tied]
    step = step[np.isfinite(step) & (step != 0)]
    return len(step) >= _LEAST and max((step > 0).mean(), (step < 0).mean()) >= _SORTED


def _values(column: pd.Series, name: str) -> Array:
    """Climbs by their ids' order, numbers as numbers; grades as ordinals."""
    if name == GRADE:
        from recsys.logbooks.grades import ordinals

        codes, texts = pd.factorize(column)
        return np.append(np.asarray(ordinals([str(each) for each in texts]), np.float64), np.nan)[codes]
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    return pd.factorize(column, sort=True)[0].astype(np.float64) if np.isnan(numbers).any() else numbers


def _draw(frame: pd.DataFrame, seed: int) -> Array:
    """A number a send, uint64 [n_sends], as good as random."""
    keys = frame[[CLIMBER_ID, CLIMB_ID, DAY]].assign(seed=seed)
    return pd.util.hash_pandas_object(keys, index=False).to_numpy()
