"""A run against a file of new sends: drift, what it does not know, hits, and the limits passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from recsys import columns as c
from recsys.adapting.checks import check_days
from recsys.adapting.same_ids import with_run_ids
from recsys.config.bad_rows import BadRows
from recsys.config.run import RunConfig
from recsys.console import warn
from recsys.errors import DataError, UsageError
from recsys.logbooks.filter import frequent
from recsys.logbooks.grades import label, ordinals
from recsys.logbooks.read import read_sends
from recsys.monitoring.drift import Drift, drift
from recsys.monitoring.hits import Hits, of_answers, replay
from recsys.recommending.levels import has_levels, told
from recsys.recommending.recommender import Recommender
from recsys.runs import Run
from recsys.sequences.days import last_read
from recsys.sequences.run_tables import PART, read_sends_table
from recsys.sequences.split import TRAIN


@dataclass(frozen=True)
class Limits:
    """Thresholds: passing one is an alarm.

    Attributes
    ----------
    psi:
        Largest population stability index of grades and of regions, beyond what chance makes of it.
    unknown_climbs, unknown_climbers:
        Largest share of the new sends whose climb, or climber, the run does not know.
    gain:
        Least hit rate over that of the popular climbs: 1 is no better.
    """

    psi: float = 0.25
    unknown_climbs: float = 0.2
    unknown_climbers: float = 0.5
    gain: float = 1.0

    def __post_init__(self) -> None:
        for name, value in self.__dict__.items():
            if not value >= 0:  # with NaN nothing would ever be an alarm
                raise UsageError(f"`{name}` {value}: has to be a number from 0")


@dataclass(frozen=True)
class Check:
    """One reading against its threshold."""

    name: str
    value: float
    limit: float
    alarm: bool

    def to_json(self) -> dict[str, Any]:
        """The fields, as they are."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class Watch:
    """What was found; `known_already` are rows that the run was prepared with, left out of all."""

    run: str
    sends: int
    known_already: int
    climbers: int
    first: str
    last: str
    drifts: tuple[Drift, ...]
    unknown_climbs: float
    unknown_climbers: float
    hits: Hits | None
    checks: tuple[Check, ...]

    @property
    def alarms(self) -> tuple[Check, ...]:
        """The checks that passed their thresholds."""
        return tuple(each for each in self.checks if each.alarm)

    def to_json(self) -> dict[str, Any]:
        """Everything, as plain values."""
        plain = {
            name: value for name, value in self.__dict__.items() if name not in ("drifts", "hits", "checks")
        }
        return {
            **plain,
            "drifts": [each.to_json() for each in self.drifts],
            "hits": None if self.hits is None else self.hits.to_json(),
            "checks": [each.to_json() for each in self.checks],
            "alarms": [each.name for each in self.alarms],
        }


def monitor(
    run: Run,
    recommender: Recommender,
    sends: Path,
    limits: Limits = Limits(),
    k: int = 10,
    schema: str | None = None,
    bad_rows: BadRows = "fail",
    answers: Mapping[str, list[str]] | None = None,
) -> Watch:
    """Compare new sends with what a run was trained on, and with what it recommends.

    Parameters
    ----------
    run, recommender:
        The run, as returned by `Run.open`, and its recommender.
    sends:
        Raw sends; rows that the run was prepared with are left out, those that `min_sends` dropped too.
    limits, k:
        Thresholds, and climbs that are recommended to each climber.
    schema, bad_rows:
        As in `recsys.logbooks.read.read_sends`; without a schema, the run's own mapping.
    answers:
        Recommendations that were kept (`recsys.monitoring.hits.read_answers`), or None to recommend again.

    Raises
    ------
    DataError
        The sends cannot be read, have a plain order where the run reads days, or none of them is new.
    """
    old = read_sends_table(run.folder)
    read = read_sends(sends, schema, bad_rows, own=run.mapping)
    for line in read.lines():
        warn(line)
    try:
        check_days(run, read)
    except DataError as error:
        raise error.at(sends) from None
    frame = with_run_ids(read.frame, recommender.catalogue, recommender.climbers)
    ids = recommender.catalogue.ids
    new = _new(frame, old, ids, run.config)
    if new.empty:
        raise DataError("holds no send that the run does not know", path=sends, remedy="give later sends")
    training = old[old[PART] == TRAIN]
    drifts = tuple(
        drift(name, _values(training, name), _values(new, name))
        for name in (c.GRADE, c.REGION)
        if name in training and name in new
    )
    climbs = 1 - float(new[c.CLIMB_ID].isin(ids).mean())
    climbers = 1 - float(new[c.CLIMBER_ID].isin(set(recommender.climbers)).mean())
    hits = replay(recommender, new, k) if answers is None else of_answers(recommender, answers, new, k)
    days = new[c.DATE].astype(str).str.slice(0, 10)
    return Watch(
        run.folder.name, len(new), len(read.frame) - len(new), int(new[c.CLIMBER_ID].nunique()),
        str(days.min()), str(days.max()), drifts, climbs, climbers, hits,
        _checks(limits, drifts, climbs, climbers, hits),
    )  # fmt: skip


def _new(frame: pd.DataFrame, old: pd.DataFrame, climbs: Sequence[str], config: RunConfig) -> pd.DataFrame:
    """The rows that the run was not prepared with, in the same order; `climbs` are its catalogue's.

    It was prepared with what it keeps, and with what it left out by `min_sends`. That is not kept anywhere:
    it is taken to be whatever lies no later than all that was read, and would be left out again.
    """
    keys = [c.CLIMBER_ID, c.CLIMB_ID, c.DAY]
    known = pd.MultiIndex.from_frame(old[keys])
    rest = frame[~pd.MultiIndex.from_frame(frame[keys]).isin(known)].reset_index(drop=True)
    early = (rest[c.DAY] <= last_read(config.facts, old)).to_numpy()
    counted = old[old[PART] == TRAIN] if config.min_sends_of == "train" else old
    least = int(config.facts.get("kept_with_at_least", config.min_sends))
    again = rest.index.isin(frequent(counted, rest[early], least, climbs).index)
    return rest[again | ~early].reset_index(drop=True)


def _values(frame: pd.DataFrame, name: str) -> list[Any]:
    """The column as values to compare; grades by their nearest plain one, whatever system wrote them.

    A grade that no system reads is a value of its own: in a domain whose grades are text, each of them.
    """
    plain = frame[name].astype(object).where(frame[name].notna(), None).tolist()
    if name != c.GRADE:
        return plain
    texts = list(dict.fromkeys(plain))
    leveled = has_levels(texts)
    nearest = [label(each) for each in ordinals(texts)]
    known = {text: told(near, leveled) or text for text, near in zip(texts, nearest, strict=True)}
    return [known[each] for each in plain]


def _checks(
    limits: Limits, drifts: tuple[Drift, ...], climbs: float, climbers: float, hits: Hits | None
) -> tuple[Check, ...]:
    found = [
        Check(f"{each.column} PSI, beyond chance", over, limits.psi, over > limits.psi)
        for each in drifts
        for over in [max(each.psi - each.by_chance, 0.0)]
    ]
    found += [
        Check("unknown climbs", climbs, limits.unknown_climbs, climbs > limits.unknown_climbs),
        Check("unknown climbers", climbers, limits.unknown_climbers, climbers > limits.unknown_climbers),
    ]
    if hits is not None:
        least = limits.gain * hits.popular
        found.append(Check("hit rate, at least", hits.hit, least, hits.hit < least))
    return tuple(found)
