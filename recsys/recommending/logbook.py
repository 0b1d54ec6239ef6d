"""One climber's sends as a request brings them: checked, in order of time. NumPy only.

Dates, numbers and blanks are read by the rules of every reader: `recsys.logbooks.days` and
`recsys.logbooks.cells`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from recsys.errors import DataError
from recsys.logbooks.cells import as_cell, is_blank_token, number
from recsys.logbooks.days import ALIEN, BEYOND, BLANK, READ, Day, read_days
from recsys.logbooks.grade_context import Logged, settle
from recsys.logbooks.importing.climb_kinds import discipline
from recsys.logbooks.importing.sources.sends import outcome_told
from recsys.logbooks.levels import as_level
from recsys.logbooks.reasons import BEYOND_DATE, reason
from recsys.logbooks.styles import ATTEMPT, is_send
from recsys.recommending.once import once

TEXTS: Final = (c.CLIMB_ID, c.REGION, c.GRADE, c.COMMENT, c.BETA, c.CLIMB_NAME, c.AREA, c.OUTCOME)
NUMBERS: Final = (c.RATING, c.DAY, c.DAY_NUMBER)
_EPOCH: Final = dt.date(1970, 1, 1)
_FIRST_DAY: Final = (dt.date.min - _EPOCH).days
_LAST_DAY: Final = (dt.date.max - _EPOCH).days


@dataclass(frozen=True, eq=False)
class Logbook:
    """Sends in order of time: each of `TEXTS` as object [n] (None = blank), of `NUMBERS` as float64 [n].

    ``day`` is in days since the Unix epoch, NaN where the dates were plain order or are not known. Neighbours
    share a ``day_number`` where nothing tells their order; NaN is a day of its own.
    """

    columns: Mapping[str, Array]

    @classmethod
    def of(cls, columns: Mapping[str, Sequence[Any] | Array]) -> Logbook:
        """A logbook of columns that are in order already; those that lack are blank."""
        n = len(columns[c.CLIMB_ID])
        made: dict[str, Array] = {}
        for name in TEXTS:
            values = columns.get(name)
            if not (isinstance(values, np.ndarray) and values.dtype == object):
                texts, values = values, np.empty(n, dtype=object)  # of None
                if texts is not None:
                    values[:] = texts
            made[name] = values
        for name in NUMBERS:
            numbers = columns.get(name)
            made[name] = np.full(n, np.nan) if numbers is None else np.asarray(numbers, dtype=np.float64)
        return cls(made)

    def __len__(self) -> int:
        """Number of sends."""
        return len(self.columns[c.CLIMB_ID])

    @property
    def climbs(self) -> list[str]:
        """Ids of the climbs, [n]."""
        return list(self.columns[c.CLIMB_ID])

    @property
    def sent(self) -> Array:
        """Which are sends, bool [n]: all but those of unknown outcome."""
        return np.array([is_send(each) for each in self.columns[c.OUTCOME]], dtype=bool)

    def take(self, indices: Array) -> Logbook:
        """The sends at `indices`, int64 [n], in that order."""
        return Logbook({name: values[indices] for name, values in self.columns.items()})

    def tail(self, most: int) -> Logbook:
        """The last sends, `most` at the most."""
        start = max(0, len(self) - most)
        return Logbook({name: values[start:] for name, values in self.columns.items()})

    def then(self, send: Mapping[str, Any]) -> Logbook:
        """The logbook with one more send at its end."""
        longer: dict[str, Array] = {}
        n = len(self)
        for name, values in self.columns.items():
            longer[name] = column = np.empty(n + 1, dtype=values.dtype)
            column[:n] = values
            column[n] = send.get(name, math.nan if name in NUMBERS else None)
        return Logbook(longer)


def read_logbook(sends: Sequence[Mapping[str, Any]], day: str = "file", leveled: bool = False) -> Logbook:
    """Posted sends as a logbook: one mapping a send, in the contract's columns; others are ignored.

    What is an attempt by its outcome or its style is left out, and a climb's ascents of a day are one, as
    of a file.

    Parameters
    ----------
    sends:
        In any order; those of a day without a `sequence` or a time stay in theirs where `day` is "file".
    day:
        The order inside such a day, as the model was trained (`recsys.sequences.days`): that of a set is
        drawn by its climbs, and no row's place says anything.
    leveled:
        Whether the model's grades are levels (`recsys.logbooks.levels`): a number is one then.

    Raises
    ------
    DataError
        A climb or a date is missing, or a date, rating or sequence cannot be read; it names the row.
    """
    dates = read_days([_text(send.get(c.DATE), blanks=True) for send in sends])
    logged = [_logged(send) for send in sends]
    if leveled:
        logged = [each._replace(grade=as_level(each.grade)) for each in logged]
    grades = settle(logged)
    rows = [
        {**_row(index, send, day), c.GRADE: grade.text or None}
        for index, (send, day, grade) in enumerate(zip(sends, dates.values, grades, strict=True), 1)
    ]
    rows = once([row for row in rows if row[c.OUTCOME] != ATTEMPT], dates.has_time)
    order = sorted(range(len(rows)), key=lambda i: (rows[i]["when"], 0 if day == "file" else _draw(rows[i])))
    columns: dict[str, Any] = {name: [rows[i][name] for i in order] for name in (*TEXTS, c.RATING)}
    columns[c.DAY_NUMBER] = [
        rows[i]["when"][0] if day == "set" and _unordered(rows[i]) else math.nan for i in order
    ]
    columns[c.DAY] = [rows[i]["when"][0] if dates.has_time else math.nan for i in order]
    return Logbook.of(columns)


def _draw(row: Mapping[str, Any]) -> int:
    """A number as good as random, of climb and day; 0 where a time or a `sequence` orders the send."""
    return crc32(f"{row[c.CLIMB_ID]} {row['when'][0]}".encode()) if _unordered(row) else 0


def _unordered(row: Mapping[str, Any]) -> bool:
    """Whether neither a time nor a `sequence` places the send in its day."""
    day, sequence = row["when"]
    return bool(day == math.floor(day) and sequence == math.inf)


def numbers_of_days(indices: Array) -> Array:
    """`DAY_NUMBER` of stored sends in order, float64 [n], from how many of its day stand before each, [n]."""
    return np.asarray((indices == 0).cumsum().astype(np.float64))


def days(value: object) -> tuple[float, bool] | None:
    """A date as days since the Unix epoch, and whether it is a time (or plain order); None if unreadable."""
    found = read_days([_text(value, blanks=True)])
    day = found.values[0]
    return (day.day, found.has_time) if day.state == READ else None


def date_of(day: float) -> dt.date | None:
    """The date of a day since the Unix epoch; None of NaN (plain order), or beyond the years 1 to 9999."""
    if not _FIRST_DAY <= day <= _LAST_DAY:
        return None
    return _EPOCH + dt.timedelta(days=math.floor(day))


def _row(index: int, send: Mapping[str, Any], day: Day) -> dict[str, Any]:
    row: dict[str, Any] = {name: _text(send.get(name), blanks=name != c.CLIMB_ID) for name in TEXTS}
    if row[c.CLIMB_ID] is None:
        raise DataError("climb_id is blank", path="the logbook", row=index, remedy="name every climb")
    if day.state != READ:
        what = {ALIEN: "is not in the unit of most other dates", BLANK: "is blank"}
        value = as_cell(send.get(c.DATE)).strip() or None  # as it was written: `day` may hold it as a number
        problem = f"date {what.get(day.state, 'cannot be read')}"
        remedy = "write it as 2024-05-31"
        if day.state == BEYOND:
            words = reason(BEYOND_DATE, c.DATE)
            problem, remedy = f"date {words.problem}", words.remedy
        raise DataError(problem, path="the logbook", row=index, value=value, remedy=remedy)
    style = _text(send.get(c.STYLE), blanks=True) or ""
    if outcome_told(row[c.OUTCOME] or "", "", style) == ATTEMPT:
        row[c.OUTCOME] = ATTEMPT
    when = (day.day, _sequence(index, send))
    return {**row, c.STYLE: style, c.RATING: _rating(index, send), "when": when}


def _sequence(index: int, send: Mapping[str, Any]) -> float:
    """Its place in its day; infinity, the last, where nothing says."""
    text = _text(send.get(c.SEQUENCE), blanks=True)
    value = math.inf if text is None else number(text)
    if value is None:
        remedy = "write a number, or leave it blank"
        raise DataError("sequence is not a number", path="the logbook", row=index, value=text, remedy=remedy)
    return value


def _logged(send: Mapping[str, Any]) -> Logged:
    grade, kind = (_text(send.get(name), blanks=True) or "" for name in (c.GRADE, c.CLIMB_TYPE))
    return Logged(grade, discipline(kind, grade), kind)


def _rating(index: int, send: Mapping[str, Any]) -> float:
    text = _text(send.get(c.RATING), blanks=True)
    value = math.nan if text is None else number(text)
    if value is None or value < c.STARS[0] or value > c.STARS[1]:
        problem = "rating is no number" if value is None else "rating is outside 1 to 5"
        remedy = "write 1 to 5 stars, or leave it blank"
        raise DataError(problem, path="the logbook", row=index, value=text, remedy=remedy)
    return value


def _text(value: object, blanks: bool = False) -> str | None:
    """Text without white space at its ends; blank, None and NaN are None, with `blanks` blank tokens too."""
    if value is None:  # as most columns of most sends
        return None
    text = as_cell(value).strip()
    return None if not text or (blanks and is_blank_token(text)) else text
