"""Assigns each send to training, validation or test.

    climber         85 / 5 / 10 % of the climbers, drawn by seed: a climber's sends stay together
    temporal        two dates cut all sends at about 85 and 90 %: the test lies after all that was learnt
    leave-one-out   a climber's last send is the test, the one before it the validation, the rest is training;
                    or only some climbers have a validation, drawn by seed, as in Petrov & Macdonald, "A
                    Systematic Review and Replicability Study of BERT4Rec" (2022): 2,048 of them

Whatever the protocol, a climber's training sends precede the validation sends, and those the test sends.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.columns import CLIMBER_ID, DAY, DAY_INDEX
from recsys.config.run import SplitName
from recsys.errors import DataError, UsageError

TRAIN: Final = 0
VALIDATION: Final = 1
TEST: Final = 2
OTHER: Final = 3
"""The part of a send neither trained on nor asked for: it came after training, or is only history."""
_NAMES: Final = ("train", "validation", "test")
_MORE: Final = "use more sends or another `split`"
_LEAST: Final = 3  # sends of a climber of whom leave-one-out leaves one

Parts = NDArray[np.int8]

_VALIDATION_SHARE: Final = 0.05
_TEST_SHARE: Final = 0.10
_INSTEAD: Final = "pass `split` leave-one-out"
_ORDERED: Final = (
    "give sends of more days, or a column sequence that orders those of a day, or `day` file if the rows "
    "are in the order of sending"
)
# One climber's sends make no model (one case of a climb that is unknown), but they can be asked for.
_OF_OTHERS: Final = (
    "give others' sends too, or ask a run of theirs by `logbook`; `split` leave-one-out trains on so few"
)


@dataclass(frozen=True, eq=False)
class Plan:
    """Who or what is held out, settled by all sends together: it then parts any climbers' sends alone.

    Attributes
    ----------
    name:
        The protocol.
    climbers:
        Of "climber", the part of each, int8 [n_climbers], in the order of their ids as text.
    cuts:
        Of "temporal", the days that validation and test begin with, float64 [2].
    validated:
        Of "leave-one-out", whether the last but one of each climber is validation, bool [n_climbers], in the
        order of their ids as text; None: of all.
    facts:
        What metrics.json says of it.
    """

    name: SplitName
    climbers: Parts | None = None
    cuts: NDArray[np.float64] | None = None
    validated: NDArray[np.bool_] | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def parts(self, frame: pd.DataFrame, first: int = 0) -> Parts:
        """The part of each send of some climbers, int8 [len(frame)].

        Parameters
        ----------
        frame:
            All their sends, in (climber, time) order.
        first:
            How many climbers' ids lie before theirs.
        """
        if self.cuts is not None:
            return np.digitize(frame[DAY].to_numpy(np.float64), self.cuts).astype(np.int8)
        if self.climbers is not None:
            return self.climbers[_places(frame, first)]
        parts = _leave_one_out(pd.factorize(frame[CLIMBER_ID])[0])
        if self.validated is not None:
            parts[(parts == VALIDATION) & ~self.validated[_places(frame, first)]] = TRAIN
        return parts


@dataclass(frozen=True)
class Counted:
    """How many sends and climbers of each part there are, and climbers with fewer than three sends."""

    sends: NDArray[np.int64]
    climbers: NDArray[np.int64]
    short: int

    @classmethod
    def of(cls, frame: pd.DataFrame, parts: Parts) -> Counted:
        """Of some climbers' sends."""
        codes, _ = pd.factorize(frame[CLIMBER_ID])
        kinds = (TRAIN, VALIDATION, TEST)
        return cls(
            np.bincount(parts, minlength=len(kinds)),
            np.array([len(np.unique(codes[parts == part])) for part in kinds]),
            int((np.bincount(codes) < _LEAST).sum()),
        )

    def __add__(self, other: Counted) -> Counted:
        """Of both, which have no climber in common."""
        return Counted(self.sends + other.sends, self.climbers + other.climbers, self.short + other.short)


def assign(
    frame: pd.DataFrame,
    name: SplitName,
    seed: int,
    has_time: bool = True,
    validation_climbers: int | None = None,
) -> tuple[Parts, dict[str, Any]]:
    """Assign every row to TRAIN, VALIDATION or TEST.

    Parameters
    ----------
    frame:
        Sends in (climber, time) order, with `CLIMBER_ID` and `DAY` (days since the Unix epoch).
    name:
        The protocol, see above.
    seed:
        Draws the climbers of the protocol "climber", and `validation_climbers`.
    has_time:
        Whether `DAY` is days (`Sends.has_time`); "temporal" needs them.
    validation_climbers:
        Of "leave-one-out", how many climbers have a validation; one of fewer than three sends that is drawn
        has none. None, or more than there are: all.

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
    codes, _ = pd.factorize(frame[CLIMBER_ID])
    days = frame[DAY].to_numpy(np.float64)
    step = np.diff(codes)
    if (step < 0).any() or ((step == 0) & (np.diff(days) < 0)).any():
        raise ValueError("the sends must be sorted by climber, then by day")
    climbers = int(codes.max()) + 1 if len(codes) else 0
    found = plan(
        name, seed, climbers, np.unique(np.floor(days), return_counts=True), has_time, validation_climbers
    )
    parts = found.parts(frame)
    return parts, told(found, Counted.of(frame, parts))


def plan(
    name: SplitName,
    seed: int,
    climbers: int,
    days: tuple[NDArray[np.float64], NDArray[np.int64]],
    has_time: bool = True,
    validation_climbers: int | None = None,
) -> Plan:
    """Settle who or what is held out.

    Parameters
    ----------
    name, seed, has_time, validation_climbers:
        As of `assign`, which raises what this does.
    climbers:
        How many there are.
    days:
        The different whole days in order, and the sends of each.
    """
    if name not in get_args(SplitName):
        raise UsageError(f"there is no split {name!r}; choose from {', '.join(get_args(SplitName))}")
    if name == "climber":
        return _by_climber(climbers, seed)
    if name == "temporal":
        return _by_date(*days, has_time)
    if validation_climbers is None or validation_climbers >= climbers:
        return Plan(name)
    validated = np.zeros(climbers, np.bool_)
    validated[np.random.default_rng(seed).permutation(climbers)[:validation_climbers]] = True
    return Plan(name, validated=validated, facts={"seed": seed, "validation_climbers": validation_climbers})


def told(plan: Plan, counted: Counted) -> dict[str, Any]:
    """The description of a protocol for metrics.json."""
    short = {"climbers_too_short": counted.short} if plan.name == "leave-one-out" else {}
    return {
        "split": plan.name,
        **plan.facts,
        **short,
        "sends": dict(zip(_NAMES, counted.sends.tolist(), strict=True)),
        "climbers": dict(zip(_NAMES, counted.climbers.tolist(), strict=True)),
    }


def asked_of(frame: pd.DataFrame, parts: Parts) -> frozenset[int]:
    """Parts that have a send with a history: that is no first send, nor one of a first day."""
    later = frame.groupby(CLIMBER_ID).cumcount().to_numpy() > frame[DAY_INDEX].to_numpy()
    return frozenset(np.unique(parts[later]).tolist())


def check_asked(asked: Collection[int], whose: str, remedy: str = _MORE) -> None:
    """Refuse a validation, which chooses an epoch, or a test, the figures, of which no send is asked for.

    `asked` are the parts of `asked_of`, training's too: where there is none, no climber has a second day.
    """
    if not asked and remedy == _MORE:
        raise DataError("all sends of each climber are of one day, which has no order", remedy=_ORDERED)
    for part in (VALIDATION, TEST):
        if part not in asked:
            raise DataError(f"the {_NAMES[part]} part of {whose} has no send with a history", remedy=remedy)


def climbers_needed(name: SplitName) -> int:
    """Fewest climbers that a protocol parts."""
    return 3 if name == "climber" else 1


def _by_climber(n: int, seed: int) -> Plan:
    """The draw depends on the ids and the seed alone, not on the order of the rows."""
    if n < (needed := climbers_needed("climber")):
        problem = f"has {n} climbers, and a split by climber needs {needed}"
        raise DataError(problem, remedy=_OF_OTHERS if n == 1 else f"give more climbers, or {_INSTEAD}")
    n_validation, n_test = (max(1, round(share * n)) for share in (_VALIDATION_SHARE, _TEST_SHARE))
    part_of = np.zeros(n, np.int8)
    drawn = np.random.default_rng(seed).permutation(n)
    part_of[drawn[:n_test]] = TEST
    part_of[drawn[n_test : n_test + n_validation]] = VALIDATION
    return Plan("climber", climbers=part_of, facts={"seed": seed})


def _by_date(unique: NDArray[np.float64], counts: NDArray[np.int64], has_time: bool) -> Plan:
    """Cut between calendar days (UTC), so that one day's sends stay together."""
    if not has_time:
        raise DataError("has an order but no dates, and a temporal split needs dates", remedy=_INSTEAD)
    if len(unique) < 3:
        problem = f"has {len(unique)} different dates, and a temporal split needs 3"
        alone = ", and order the day by a column sequence or by `day` file" if len(unique) == 1 else ""
        raise DataError(problem, remedy=f"give more dates, or {_INSTEAD}{alone}")
    # Share of the sends up to and including each day; a cut after day i starts the next part at day i + 1.
    share = np.cumsum(counts) / counts.sum()
    first = _nearest(share, 1 - _VALIDATION_SHARE - _TEST_SHARE, 0, len(unique) - 2)
    second = _nearest(share, 1 - _TEST_SHARE, first + 1, len(unique) - 1)
    cuts = unique[[first + 1, second + 1]]
    from_days = [(date(1970, 1, 1) + timedelta(days=int(cut))).isoformat() for cut in cuts]
    return Plan("temporal", cuts=cuts, facts={"validation_from": from_days[0], "test_from": from_days[1]})


def _nearest(share: NDArray[np.float64], target: float, start: int, stop: int) -> int:
    """The index in [start, stop) whose share is nearest to the target."""
    return start + int(np.argmin(np.abs(share[start:stop] - target)))


def _places(frame: pd.DataFrame, first: int) -> NDArray[np.int64]:
    """The place of each send's climber among all, in the order of their ids as text: [len(frame)]."""
    places: NDArray[np.int64] = first + pd.factorize(frame[CLIMBER_ID], sort=True)[0]
    return places


def _leave_one_out(codes: NDArray[np.int64]) -> Parts:
    """Climbers with fewer than three sends are all training."""
    lengths = np.bincount(codes)
    # 1 for a climber's last send, 2 for the one before it, ... [n_sends]
    from_end = np.cumsum(lengths)[codes] - np.arange(len(codes))
    parts = np.select([from_end == 1, from_end == 2], [TEST, VALIDATION], TRAIN).astype(np.int8)
    parts[(lengths < _LEAST)[codes]] = TRAIN
    return parts
