"""The k-core of a logbook: only climbs and climbers with enough sends, consistently; and what joins one."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.columns import CLIMB_ID, CLIMBER_ID
from recsys.errors import DataError


def core_filter(frame: pd.DataFrame, k: int = 5) -> pd.DataFrame:
    """The largest part of the sends in which every climb and every climber has at least `k` sends (rows).

    Dropping a climb can bring a climber below `k` and the other way round, so it is repeated until nothing
    changes. The order of the rows is kept; `k` <= 1 keeps all.

    Raises
    ------
    DataError
        Nothing is left.
    """
    climber, climb = (pd.factorize(frame[name])[0] for name in (CLIMBER_ID, CLIMB_ID))
    rows = np.arange(len(frame))
    while k > 1 and len(rows):
        enough = np.logical_and(*(np.bincount(codes[rows])[codes[rows]] >= k for codes in (climber, climb)))
        if enough.all():
            break
        rows = rows[enough]
    if not len(rows):
        had = (
            f"{len(frame)} sends, {frame[CLIMBER_ID].nunique()} climbers, {frame[CLIMB_ID].nunique()} climbs"
        )
        problem = f"no climb and climber with {k} sends each are left of {had}"
        raise DataError(problem, remedy="give more sends, or pass `min_sends` 1")
    return frame.take(rows).reset_index(drop=True)


def frequent(known: pd.DataFrame, fresh: pd.DataFrame, k: int, climbs: Iterable[str] = ()) -> pd.DataFrame:
    """Of new sends those whose climb and climber each are known, or have `k` of the new that are left.

    What a `core_filter` of both would keep of the new sends, where the known ones were kept by it. `climbs`
    are known though nobody may have sent them.
    """
    ids = known_ids(known, climbs)
    while True:
        stays = np.logical_and(*(enough(fresh[name], ids[name], k) for name in ids))
        if stays.all():
            return fresh
        fresh = fresh[stays]


def known_ids(known: pd.DataFrame, climbs: Iterable[str]) -> dict[str, set[str]]:
    """By column the climbers and the climbs that are known: of the known sends, and `climbs`."""
    return {CLIMBER_ID: set(known[CLIMBER_ID]), CLIMB_ID: {*known[CLIMB_ID], *climbs}}


def enough(values: pd.Series, known: Collection[str], k: int) -> NDArray[np.bool_]:
    """Where a value, [n], is known, or there are `k` of it: bool [n]."""
    counts = values.map(values.value_counts())
    return np.asarray(values.isin(known) | (counts >= k))
