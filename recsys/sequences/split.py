"""Assigns each send to training, validation or test.

    climber         85 / 5 / 10 % of the climbers, drawn by seed: a climber's sends stay together
    temporal        two dates cut all sends at about 85 and 90 %: the test lies after all that was learnt
    leave-one-out   a climber's last send is the test, the one before it the validation, the rest is training

Whatever the protocol, a climber's training sends precede the validation sends, and those the test sends.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.columns import CLIMBER_ID, DAY
from recsys.config.run import SplitName
from recsys.errors import DataError, UsageError

TRAIN: Final = 0
VALIDATION: Final = 1
TEST: Final = 2

Parts = NDArray[np.int8]

_VALIDATION_SHARE: Final = 0.05
_TEST_SHARE: Final = 0.10
_INSTEAD: Final = "pass `split` leave-one-out"


def assign(
    frame: pd.DataFrame, name: SplitName, seed: int, has_time: bool = True
) -> tuple[Parts, dict[str, Any]]:
    """Assign every row to TRAIN, VALIDATION or TEST.

    Parameters
    ----------
    frame:
        Sends in (climber, time) order, with `CLIMBER_ID` and `DAY` (days since the Unix epoch).
    name:
        The protocol, see above.
    seed:
        Draws the climbers of the protocol "climber"; the others do not use it.
    has_time:
        Whether `DAY` is days (`Sends.has_time`); "temporal" needs them.

    Returns
    -------
    tuple
        The part of each row, shape [len(frame)], and a description of the protocol for metrics.json.

    Raises
    ------
    DataError
        There are too few climbers or dates for the protocol.
    UsageError
        There is no such protocol.
    ValueError
        The frame is not in (climber, time) order.
    """
    if name not in get_args(SplitName):
        raise UsageError(f"there is no split {name!r}; choose from {', '.join(get_args(SplitName))}")
    codes, _ = pd.factorize(frame[CLIMBER_ID])
    days = frame[DAY].to_numpy(np.float64)
    step = np.diff(codes)
    if (step < 0).any() or ((step == 0) & (np.diff(days) < 0)).any():
        raise ValueError("the sends must be sorted by climber, then by day")
    split: Callable[[], tuple[Parts, dict[str, Any]]] = {
        "climber": lambda: _by_climber(frame, codes, seed),
        "temporal": lambda: _by_date(days, has_time),
        "leave-one-out": lambda: _leave_one_out(codes),
    }[name]
    parts, facts = split()
    return parts, {"split": name, **facts, **_counts(parts, codes)}


def _by_climber(frame: pd.DataFrame, codes: NDArray[np.int64], seed: int) -> tuple[Parts, dict[str, Any]]:
    """The draw depends on the ids and the seed alone, not on the order of the rows."""
    n = int(codes.max()) + 1 if len(codes) else 0
    if n < 3:
        problem = f"has {n} climbers, and a split by climber needs 3"
        raise DataError(problem, remedy=f"give more climbers, or {_INSTEAD}")
    n_validation, n_test = (max(1, round(share * n)) for share in (_VALIDATION_SHARE, _TEST_SHARE))
    part_of = np.zeros(n, np.int8)
    drawn = np.random.default_rng(seed).permutation(n)
    part_of[drawn[:n_test]] = TEST
    part_of[drawn[n_test : n_test + n_validation]] = VALIDATION
    ranks = pd.factorize(frame[CLIMBER_ID], sort=True)[0]
    return part_of[ranks], {"seed": seed}


def _by_date(days: NDArray[np.float64], has_time: bool) -> tuple[Parts, dict[str, Any]]:
    """Cut between calendar days (UTC), so that one day's sends stay together."""
    if not has_time:
        raise DataError("has an order but no dates, and a temporal split needs dates", remedy=_INSTEAD)
    whole = np.floor(days)
    unique, counts = np.unique(whole, return_counts=True)
    if len(unique) < 3:
        problem = f"has {len(unique)} different dates, and a temporal split needs 3"
        raise DataError(problem, remedy=f"give more dates, or {_INSTEAD}")
    # Share of the sends up to and including each day; a cut after day i starts the next part at day i + 1.
    share = np.cumsum(counts) / len(days)
    first = _nearest(share, 1 - _VALIDATION_SHARE - _TEST_SHARE, 0, len(unique) - 2)
    second = _nearest(share, 1 - _TEST_SHARE, first + 1, len(unique) - 1)
    cuts = unique[[first + 1, second + 1]]
    parts = np.digitize(whole, cuts).astype(np.int8)
    from_days = [(date(1970, 1, 1) + timedelta(days=int(cut))).isoformat() for cut in cuts]
    return parts, {"validation_from": from_days[0], "test_from": from_days[1]}


def _nearest(share: NDArray[np.float64], target: float, start: int, stop: int) -> int:
    """The index in [start, stop) whose share is nearest to the target."""
    return start + int(np.argmin(np.abs(share[start:stop] - target)))


def _leave_one_out(codes: NDArray[np.int64]) -> tuple[Parts, dict[str, Any]]:
    """Climbers with fewer than three sends are all training."""
    lengths = np.bincount(codes)
    # 1 for a climber's last send, 2 for the one before it, ... [n_sends]
    from_end = np.cumsum(lengths)[codes] - np.arange(len(codes))
    parts = np.select([from_end == 1, from_end == 2], [TEST, VALIDATION], TRAIN).astype(np.int8)
    short = lengths < 3
    parts[short[codes]] = TRAIN
    return parts, {"climbers_too_short": int(short.sum())}


def _counts(parts: Parts, codes: NDArray[np.int64]) -> dict[str, Any]:
    names = ("train", "validation", "test")
    return {
        "sends": {name: int((parts == part).sum()) for part, name in enumerate(names)},
        "climbers": {name: len(np.unique(codes[parts == part])) for part, name in enumerate(names)},
    }
