"""What the rows of a file say together, for a whole column at once: outcomes, grades' systems, duplicates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.columns import CLIMB_ID, CLIMB_TYPE, CLIMBER_ID, DAY, GRADE, OUTCOME, ROW, SEQUENCE, STYLE
from recsys.logbooks.cells import flag
from recsys.logbooks.grade_context import Logged, settle
from recsys.logbooks.grades import far_apart, ordinals
from recsys.logbooks.importing.climb_kinds import discipline, told_discipline
from recsys.logbooks.importing.merge import FILLED
from recsys.logbooks.importing.source import tries
from recsys.logbooks.importing.sources.sends import FLAGS, outcome_of_style
from recsys.logbooks.levels import as_level
from recsys.logbooks.mapping import CONTRACT, ColumnMapping
from recsys.logbooks.raw import RawTable
from recsys.logbooks.reasons import NO_FLAG, UNREADABLE_OUTCOME
from recsys.logbooks.styles import ATTEMPT, OUTCOMES, SEND, outcome_rank, style_rank
from recsys.logbooks.validate import Check
from recsys.logbooks.values import as_text, without_tokens

_STYLES: Final = ("ascent_style", STYLE)
_REPEAT: Final = "repeat"


@dataclass(frozen=True)
class Outcomes:
    """Which rows are attempts, how telling each row's outcome is (2 a send, 1 unknown), and bad rows:
    [n_rows].
    """

    attempt: NDArray[np.bool_]
    rank: NDArray[np.int64]
    checks: list[Check]


@dataclass(frozen=True)
class Once:
    """Rows without duplicates; indices of them, and of those that a better outcome, or a row, stands for."""

    frame: pd.DataFrame
    used: NDArray[np.int64]
    outdone: NDArray[np.int64]
    duplicates: NDArray[np.int64]


def read_outcomes(raw: RawTable, mapping: ColumnMapping) -> Outcomes:
    """The outcomes that an import wrote beside the contract's columns; without any, every row is a send."""
    n = raw.table.num_rows
    if mapping.name != CONTRACT:
        return Outcomes(np.zeros(n, bool), np.full(n, 2), [])
    outcome = _mapped(raw, OUTCOME, str.casefold)
    flags = {name: _mapped(raw, name, _flagged) for name in FLAGS}
    styles = np.stack([_mapped(raw, name, outcome_of_style) for name in _STYLES])
    tried = _mapped(raw, "tries", lambda text: tries(text)[1])
    # As `outcome_told` says of a row.
    attempt = (styles == ATTEMPT).any(0) | ((tried == ATTEMPT) & ~(styles == SEND).any(0))
    for told in (
        *(np.where(each == "?", "", each) for each in flags.values()),
        np.where(attempt, ATTEMPT, SEND),
    ):
        outcome = np.where(outcome == "", told, outcome)
    repeat = _mapped(raw, _REPEAT, _flagged)
    checks = [
        Check(OUTCOME, ~np.isin(outcome, OUTCOMES), UNREADABLE_OUTCOME),
        *(Check(name, each == "?", f"{name} {NO_FLAG}") for name, each in {_REPEAT: repeat, **flags}.items()),
    ]
    rank = np.select([outcome == each for each in OUTCOMES], [outcome_rank(each) for each in OUTCOMES], 1)
    return Outcomes(outcome == ATTEMPT, rank, [check for check in checks if check.bad.any()])


def _flagged(text: str) -> str:
    """A cell of true or false as an outcome, "?" where it is neither."""
    value = flag(text)
    return "?" if value is None else SEND if value else ATTEMPT


def settle_grades(frame: pd.DataFrame, raw: RawTable, levels: bool = False) -> int:
    """Write each grade of the frame as it is read beside the others; how many of them are a guess.

    `levels`: a number is a level of another domain (`recsys.logbooks.levels`).
    """
    if GRADE not in frame:
        return 0
    if levels:
        codes, unique = pd.factorize(frame[GRADE])
        frame[GRADE] = np.array([*map(as_level, unique), None], dtype=object)[codes]
        return 0
    blank = pd.Series([""] * len(frame), dtype=object)
    grades = frame[GRADE].fillna("")
    kinds = frame[CLIMB_TYPE].fillna("") if CLIMB_TYPE in frame else blank
    told = _mapped(raw, "discipline", told_discipline), _mapped(raw, "country", str)
    others = [pd.Series(each, dtype=object) for each in told]
    parts = [pd.factorize(each) for each in (grades, kinds, *others)]
    code = np.zeros(len(frame), np.int64)
    for codes, unique in parts:
        code = code * max(len(unique), 1) + codes
    codes, first = _distinct(code)
    rows = [tuple(unique[codes_[index]] for codes_, unique in parts) for index in first]
    logged = [Logged(grade, said or discipline(kind, grade), kind, land) for grade, kind, said, land in rows]
    settled = settle(logged)
    frame[GRADE] = np.array([each.text or None for each in settled], dtype=object)[codes]
    return int(np.array([each.guessed for each in settled], bool)[codes].sum())


def sorted_once(
    frame: pd.DataFrame, indices: NDArray[np.int64], rank: NDArray[np.int64], has_time: bool
) -> Once:
    """The rows at `indices`, in (climber, time, sequence, file) order, each ascent once.

    A climber's rows of a climb at one moment are one: the better outcome and style is kept, else the first.
    On a day with a send, what is of unknown outcome is one with it. Blank stars and notes of what is kept are
    filled from the others. (`recsys.logbooks.importing.merge` has the same rule.)
    """
    frame, rank = frame.take(indices), rank[indices]
    climber = pd.factorize(frame[CLIMBER_ID], sort=True)[0]
    climb = pd.factorize(frame[CLIMB_ID])[0]
    day = frame[DAY].to_numpy()
    sequence = frame[SEQUENCE].to_numpy() if SEQUENCE in frame else np.zeros(len(frame))
    order = np.lexsort((sequence, day, climber))
    outdone, twice = np.zeros(len(frame), bool), np.zeros(len(frame), bool)
    keys = pd.DataFrame({"climber": climber, "climb": climb, "day": np.floor(day) if has_time else day})
    if rank.min(initial=2) < 2:
        outdone = rank < pd.Series(rank).groupby([keys[name] for name in keys]).transform("max").to_numpy()
    days = keys["day"].to_numpy()
    keys["day"] = day
    repeated = keys.duplicated(keep=False).to_numpy() & ~outdone
    if repeated.any():
        twice = _worse(frame, keys, order, repeated)
    if (twice | outdone).any():
        _fill(frame, keys.assign(date=days), order, rank, twice | outdone)
    order = order[~(twice | outdone)[order]]
    kept = frame.take(order).reset_index(drop=True)
    kept[ROW] = np.arange(len(kept), dtype=np.int64)
    tail = [DAY, ROW]
    kept = kept[[name for name in kept.columns if name not in tail] + tail]
    return Once(kept, indices[order], indices[np.flatnonzero(outdone)], indices[np.flatnonzero(twice)])


def _worse(
    frame: pd.DataFrame, keys: pd.DataFrame, order: NDArray[np.int64], repeated: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Of rows that are one, all but the one with the best style, or the first in order; bool [n]."""
    best_first = _best_first(frame, order, np.flatnonzero(repeated))
    worse = np.zeros(len(order), bool)
    worse[best_first] = keys.iloc[best_first].duplicated().to_numpy()
    return worse


def _best_first(
    frame: pd.DataFrame,
    order: NDArray[np.int64],
    at: NDArray[np.int64],
    rank: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Some rows, the best outcome (`rank`) and style first, of equals the first in order."""
    index = np.empty(len(order), np.int64)
    index[order] = np.arange(len(order))
    styles = frame[STYLE].iloc[at].fillna("") if STYLE in frame else [""] * len(at)
    worth = np.array([style_rank(str(each)) for each in styles], np.int64)
    ranks = np.zeros(len(at), np.int64) if rank is None else rank[at]
    return at[np.lexsort((index[at], -worth, -ranks))]


def _fill(
    frame: pd.DataFrame,
    keys: pd.DataFrame,
    order: NDArray[np.int64],
    rank: NDArray[np.int64],
    lost: NDArray[np.bool_],
) -> None:
    """Fill what the kept rows leave blank from those that are one with them, the best of these first.

    A row that is lost is one with the kept one of its moment, else with the best of its day (`date`). One
    whose grade is far from the kept one's fills nothing: it is of another climb, maybe.
    """
    of_day = ["climber", "climb", "date"]
    told = pd.MultiIndex.from_frame(keys.loc[lost, of_day]).unique()
    among = np.flatnonzero(pd.MultiIndex.from_frame(keys[of_day]).isin(told))
    best_first = _best_first(frame, order, among, rank)
    kept, gone = best_first[~lost[best_first]], best_first[lost[best_first]]
    into = _row_of(keys[["climber", "climb", "day"]], kept, gone)
    into = np.where(into < 0, _row_of(keys[of_day], kept, gone), into)
    if GRADE in frame:
        grades = frame[GRADE].to_numpy()
        near = ~far_apart(ordinals(grades[into]), ordinals(grades[gone]))
        into, gone = into[near], gone[near]
    for name in (each for each in FILLED if each in frame):
        values = frame[name].array.copy()
        filled = ~frame[name].isna().to_numpy()
        for target, source in zip(into.tolist(), gone.tolist(), strict=True):
            if filled[source] and not filled[target]:
                values[target], filled[target] = values[source], True
        frame[name] = values


def _row_of(keys: pd.DataFrame, kept: NDArray[np.int64], gone: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first kept row with the key of each row that is gone, -1 where there is none, int64 [len(gone)]."""
    first = keys.iloc[kept].assign(row=kept).drop_duplicates(list(keys.columns))
    found = keys.iloc[gone].merge(first, how="left", on=list(keys.columns))
    return found["row"].fillna(-1).to_numpy(np.int64)


def _distinct(code: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(number of each row's distinct value, where each distinct value comes first)."""
    codes, unique = pd.factorize(code)
    first = np.full(len(unique), -1, np.int64)
    reverse = np.arange(len(code))[::-1]
    first[codes[reverse]] = reverse
    return codes, first


def _mapped(raw: RawTable, name: str, function: Callable[[str], str]) -> NDArray[np.object_]:
    """`function` of each filled value of an additional column, "" where it is blank or the file has none:
    [n_rows].
    """
    column = raw.found(name)
    if column is None:
        return np.full(raw.table.num_rows, "", dtype=object)
    text, _ = without_tokens(as_text(column, raw.path, name))
    codes, unique = pd.factorize(text.to_pandas())
    return np.array([*(function(each) for each in unique), ""], dtype=object)[codes]
