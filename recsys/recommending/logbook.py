"""One climber's sends as a request brings them: checked, in order of time. NumPy only.

The rules are those of ``recsys.logbooks.values``: ISO dates are times; of numbers the size decides (epoch
seconds, milliseconds, microseconds, nanoseconds, or a calendar day as 20240531); smaller ones are plain
order.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from recsys.errors import DataError

TEXTS: Final = (c.CLIMB_ID, c.REGION, c.GRADE, c.COMMENT, c.BETA, c.CLIMB_NAME)
NUMBERS: Final = (c.RATING, c.DAY)
_DAY_SECONDS: Final = 86_400
# Smallest magnitude of a unit of time, and its ticks a second.
_UNITS: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (1e8, 1.0))
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


@dataclass(frozen=True, eq=False)
class Logbook:
    """Sends in order of time: each of `TEXTS` as object [n] (None = blank), of `NUMBERS` as float64 [n].

    ``day`` is in days since the Unix epoch, NaN where the dates were plain order or are not known.
    """

    columns: Mapping[str, Array]

    @classmethod
    def of(cls, columns: Mapping[str, Sequence[Any] | Array]) -> Logbook:
        """A logbook of columns that are in order already; those that lack are blank."""
        n = len(columns[c.CLIMB_ID])
        made: dict[str, Array] = {}
        for name in TEXTS:
            made[name] = np.empty(n, dtype=object)
            made[name][:] = columns.get(name, [None] * n)
        for name in NUMBERS:
            made[name] = np.asarray(columns.get(name, np.full(n, np.nan)), dtype=np.float64)
        return cls(made)

    def __len__(self) -> int:
        """Number of sends."""
        return len(self.columns[c.CLIMB_ID])

    @property
    def climbs(self) -> list[str]:
        """Ids of the climbs, [n]."""
        return list(self.columns[c.CLIMB_ID])

    def take(self, places: Array) -> Logbook:
        """The sends at `places`, in that order."""
        return Logbook({name: values[places] for name, values in self.columns.items()})

    def tail(self, most: int) -> Logbook:
        """The last sends, `most` at the most."""
        return Logbook(
            {name: values[len(self) - min(most, len(self)) :] for name, values in self.columns.items()}
        )

    def then(self, send: Mapping[str, Any]) -> Logbook:
        """The logbook with one more send at its end."""
        more = Logbook.of({name: [send.get(name)] for name in TEXTS} | {
            name: [send.get(name, math.nan)] for name in NUMBERS
        })  # fmt: skip
        return Logbook({k: np.concatenate([v, more.columns[k]]) for k, v in self.columns.items()})


def read_logbook(sends: Sequence[Mapping[str, Any]]) -> Logbook:
    """Posted sends as a logbook: one mapping a send, in the contract's columns; others are ignored.

    Raises
    ------
    DataError
        A climb or a date is missing, or a date or rating cannot be read; it names the row.
    """
    rows = [_row(number, send) for number, send in enumerate(sends, 1)]
    order = sorted(range(len(rows)), key=lambda i: rows[i]["when"])
    timed = all(row["has_time"] for row in rows)
    columns: dict[str, Any] = {name: [rows[i][name] for i in order] for name in (*TEXTS, c.RATING)}
    columns[c.DAY] = [rows[i]["when"][0] if timed else math.nan for i in order]
    return Logbook.of(columns)


def days(value: object) -> tuple[float, bool] | None:
    """A date as days since the Unix epoch, and whether it is a time (or plain order); None if unreadable."""
    if isinstance(value, dt.date):
        return _of_datetime(value), True
    text = str(value).strip()
    number = _number(text)
    if number is None:
        return _of_text(text)
    if not math.isfinite(number):
        return None
    if 19_000_101 <= number <= 21_001_231 and number == int(number):
        text = str(int(number))
        iso = _of_text(f"{text[:4]}-{text[4:6]}-{text[6:]}")
        if iso is not None:
            return iso
    ticks = next((per for least, per in _UNITS if abs(number) >= least), None)
    return (number, False) if ticks is None else (number / ticks / _DAY_SECONDS, True)


def _row(number: int, send: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {name: _text(send.get(name)) for name in TEXTS}
    if row[c.CLIMB_ID] is None:
        raise DataError("climb_id is blank", path="the logbook", row=number, remedy="name every climb")
    date = days(send.get(c.DATE)) if _text(send.get(c.DATE)) is not None else None
    if date is None:
        raise DataError(
            "date cannot be read", path="the logbook", row=number, value=send.get(c.DATE) or "",
            remedy="write it as 2024-05-31",
        )  # fmt: skip
    sequence = _number(_text(send.get(c.SEQUENCE)) or "0") or 0.0
    return {**row, c.RATING: _rating(number, send), "when": (date[0], sequence), "has_time": date[1]}


def _rating(number: int, send: Mapping[str, Any]) -> float:
    text = _text(send.get(c.RATING))
    value = math.nan if text is None else _number(text)
    if value is None or math.isinf(value):
        remedy = "write stars, or leave it blank"
        raise DataError("rating is no number", path="the logbook", row=number, value=text, remedy=remedy)
    return value


def _text(value: object) -> str | None:
    """Text without white space at its ends; blank, None and NaN are None; 7.0 is "7"."""
    if value is None or value != value:
        return None
    if isinstance(value, float) and value == int(value) and abs(value) < 2**53:
        value = int(value)
    return str(value).strip() or None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _of_text(text: str) -> tuple[float, bool] | None:
    """ISO text; a zone that is not named is UTC. Python 3.10 reads no "Z", and three or six decimals only."""
    try:
        return _of_datetime(dt.datetime.fromisoformat(text.removesuffix("Z").removesuffix(" UTC"))), True
    except (ValueError, OverflowError):
        return None


def _of_datetime(value: dt.date) -> float:
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)
    if value.tzinfo is None:
        value = value.replace(tzinfo=dt.timezone.utc)
    return (value - _EPOCH).total_seconds() / _DAY_SECONDS
