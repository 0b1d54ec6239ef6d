"""New sends join those of a run: filtered, ordered, split; the old ones are history and training.

Of the new sends the last are held out, by date (85 / 5 / 10 %, as the temporal split of
`recsys.sequences.split`), or of each climber the last two where there are no dates. What the run had held
out joins the training, as what nothing was learned from yet; the figures of the new run come from new sends
alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys.errors import DataError
from recsys.logbooks.filter import enough, frequent, known_ids
from recsys.sequences.catalogue import reduced
from recsys.sequences.continuing import FRESH
from recsys.sequences.days import order_days
from recsys.sequences.run_tables import PART
from recsys.sequences.split import TRAIN, asked_of, assign, check_asked

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.config.run import RunConfig, SplitName

_DATES: Final = 3  # fewest that a split by date needs
_SAME: Final = [c.CLIMBER_ID, c.CLIMB_ID, c.DAY]


def new_sends(
    known: pd.DataFrame, frame: pd.DataFrame, least: int, climbs: Collection[str] = ()
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The sends that a run does not have, and how many of too rare climbs and climbers are left out.

    Parameters
    ----------
    known:
        sends.parquet of the run.
    frame:
        Sends as read.
    least:
        Fewest new sends of a climb, and of a climber, that the run does not have.
    climbs:
        Ids of the run's catalogue: nobody may have sent them yet.

    Returns
    -------
    The sends, and of those that are left out the number, of how many climbers and climbs that do not join.

    Raises
    ------
    DataError
        None is left.
    """
    there = pd.MultiIndex.from_frame(frame[_SAME]).isin(pd.MultiIndex.from_frame(known[_SAME]))
    fresh = frame[~there]
    if fresh.empty:
        raise DataError("holds no send that the run does not have", remedy="give new sends")
    kept = frequent(known, fresh, least, climbs)
    if kept.empty:
        raise _too_few(known_ids(known, climbs), fresh, least)
    rare = fresh.drop(kept.index)
    there = pd.concat([known[_SAME], kept[_SAME]])
    return kept.reset_index(drop=True), {"sends": len(rare), **newcomers(there, rare, climbs)}


def _too_few(known: Mapping[str, Collection[str]], fresh: pd.DataFrame, least: int) -> DataError:
    """Why no new send is left: of whom or of what there are too few, and what takes fewer."""
    climbers, climbs = (not enough(fresh[name], known[name], least).all() for name in _SAME[:2])
    new = " and ".join(word for word, rare in (("climber", climbers), ("climb", climbs)) if rare)
    taken = "the climbers with recsys adapt" if climbers else "the climbs with recsys adapt --climbs"
    problem = f"has {len(fresh)} new sends, and of each new {new} fewer than {least}, which are too few"
    return DataError(problem, remedy="give more sends" + ("" if climbers and climbs else f", or add {taken}"))


def newcomers(known: pd.DataFrame, fresh: pd.DataFrame, climbs: Collection[str] = ()) -> dict[str, int]:
    """How many climbers and climbs of the new sends the run does not know, not even of a held-out send."""
    names, ids = {"climbers": c.CLIMBER_ID, "climbs": c.CLIMB_ID}, known_ids(known, climbs)
    return {word: len(set(fresh[name]) - ids[name]) for word, name in names.items()}


def split_new(fresh: pd.DataFrame, has_time: bool, config: RunConfig) -> tuple[Array, dict[str, Any]]:
    """The part of each new send, int8 [n], and how it was told: by date, or each climber's last two."""
    dates = np.floor(fresh[c.DAY]).nunique() if has_time else 0
    name: SplitName = "temporal" if dates >= _DATES and config.split != "leave-one-out" else "leave-one-out"
    return assign(fresh, name, config.seed, has_time)


def joined(known: pd.DataFrame, fresh: pd.DataFrame, parts: Array, config: RunConfig) -> pd.DataFrame:
    """sends.parquet of the continued run: both in (climber, time) order, with `PART` and `FRESH`.

    Parameters
    ----------
    known:
        sends.parquet of the run before.
    fresh:
        New sends, ordered (`recsys.sequences.days`).
    parts:
        Part of each, int8 [n].
    config:
        Of the run.
    """
    old = known.assign(**{FRESH: known[PART] != TRAIN, PART: np.int8(TRAIN)})
    new = reduced(fresh).assign(**{PART: parts, FRESH: True}).reindex(columns=old.columns)
    both = pd.concat([old, new], ignore_index=True).astype({PART: "int8", FRESH: "bool"})
    climber = pd.factorize(both[c.CLIMBER_ID])[0]
    order = np.lexsort((np.arange(len(both)), both[c.DAY], climber))
    both, climber = both.take(order).reset_index(drop=True), climber[order]
    added = order >= len(old)
    if config.day == "set":
        both[c.DAY_INDEX] = _day_indices(both, climber, added)
    both[PART] = _training_first(both[PART].to_numpy(), climber)
    both[c.ROW] = np.arange(len(both))
    return both


def check_held_out(both: pd.DataFrame) -> None:
    """Refuse new sends of which none with a history would choose an epoch, or none be the figures."""
    asked = asked_of(both, both[PART].to_numpy())
    check_asked(asked, "the new sends", remedy="give more new sends at once")


def ordered_days(fresh: pd.DataFrame, config: RunConfig) -> pd.DataFrame:
    """New sends in the order that they are learned from (`recsys.sequences.days.order_days`)."""
    return order_days(fresh.assign(**{c.ROW: np.arange(len(fresh))}), config.day, config.seed)


def _day_indices(both: pd.DataFrame, climber: Array, added: Array) -> Array:
    """`DAY_INDEX` anew where a date has old sends and new ones: what orders them was not kept."""
    day = both[c.DAY].to_numpy(np.float64)
    begins = np.append(True, (np.diff(climber) != 0) | (np.diff(day) != 0))[: len(both)]
    group = np.cumsum(begins) - 1
    share = np.bincount(group, added) / np.bincount(group)
    mixed = ((share > 0) & (share < 1))[group] & (day == np.floor(day))
    counted = np.arange(len(both)) - np.flatnonzero(begins)[group]
    return np.where(mixed, counted, both[c.DAY_INDEX].to_numpy()).astype(np.int64)


def _training_first(parts: Array, climber: Array) -> Array:
    """Parts that only grow along a logbook: what precedes a training send is training itself."""
    keys = parts + 4 * climber.astype(np.int64)  # from the last row to the first, a running minimum a climber
    return np.asarray(np.minimum.accumulate(keys[::-1])[::-1] - 4 * climber, dtype=np.int8)
