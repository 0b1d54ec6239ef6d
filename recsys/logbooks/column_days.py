"""A column of dates for training, by the rule of `recsys.logbooks.days`, a column at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsys.logbooks.days import (
    DATE_UNITS,
    DAY_SECONDS,
    FIRST_CALENDAR,
    LAST_CALENDAR,
    MAX_SECONDS,
    SMALL_ORDER,
    UNITS,
    any_microseconds,
    is_beyond,
    is_calendar,
)
from recsys.logbooks.values import as_floats, as_text, filled, is_number, on_unique, to_float, without_tokens

# "2024-05-31", with a time to the minute, the second, and one to six decimals of it: what Arrow reads as we
# do.
_PLAIN_LENGTHS: Final = (10, 16, 19, 21, 22, 23, 24, 25, 26)


@dataclass(frozen=True)
class Days:
    """A date column: all arrays have the column's length.

    `date` is datetime64[ns] where there is time, else the number itself. `bad` marks what cannot be read,
    `beyond` what of it is of a year that cannot be held, `alien` the numbers in another unit than most; `day`
    is NaN there.
    """

    day: NDArray[np.float64]
    date: NDArray[Any]
    bad: NDArray[np.bool_]
    alien: NDArray[np.bool_]
    has_time: bool
    beyond: NDArray[np.bool_]


def as_days(column: pa.ChunkedArray, path: Path, name: str, unit: str | None = None) -> Days:
    """Days since the Unix epoch, or plain order. `unit`: of `DATE_UNITS`, or None to tell by the values."""
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        return _from_seconds(_seconds(column))
    if is_number(column.type):
        values = to_float(column)
        return _from_numbers(np.where(np.isfinite(values), values, np.nan), unit)
    text = without_tokens(as_text(column, path, name))[0]
    if unit is None and (seconds := _plain_iso_seconds(text)) is not None:
        return _from_seconds(seconds)
    values = as_floats(text)
    n_filled = np.count_nonzero(filled(text))
    mostly_numbers = 2 * np.count_nonzero(~np.isnan(values)) > n_filled
    if unit is not None or (mostly_numbers and not _mostly_calendar(values)):
        return _from_numbers(values, unit)
    return _from_seconds(on_unique(text, _iso_seconds))


def _seconds(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Seconds since the epoch of days or moments of any unit, whole microseconds of nanoseconds."""
    kind = column.type
    if pa.types.is_date(kind):
        days = pa.types.is_date32(kind)
        ticks = column.cast(pa.int32() if days else pa.int64())
        return to_float(ticks) * (DAY_SECONDS if days else 1e-3)
    if kind.unit == "ns":
        column = column.cast(pa.timestamp("us"), safe=False)
    return to_float(column.cast(pa.int64())) / {"s": 1, "ms": 1e3, "us": 1e6}[column.type.unit]


def _plain_iso_seconds(text: pa.ChunkedArray) -> NDArray[np.float64] | None:
    """The quick way, in Arrow: seconds since the epoch when every date is ISO in UTC or without a zone, else
    None.
    """
    text = pc.replace_substring_regex(text, "([0-9])Z$", r"\1")
    lengths = pc.unique(pc.utf8_length(text)).to_pylist()
    if text.null_count == len(text) or not set(lengths) - {None} <= set(_PLAIN_LENGTHS):
        return None
    try:
        ticks = text.cast(pa.timestamp("us")).cast(pa.int64())
    except pa.ArrowException:
        return None
    return to_float(ticks) / 1e6


def _iso_seconds(text: str) -> float:
    """Seconds since the epoch of a strict ISO date of any year, or NaN."""
    found = any_microseconds(text)
    return np.nan if found is None else found[0] / 1e6


def _mostly_calendar(values: NDArray[np.float64]) -> bool:
    """Whether more than half of the numbers look like 20240531."""
    return bool(2 * np.count_nonzero(_looks_calendar(values)) > np.count_nonzero(~np.isnan(values)))


def _looks_calendar(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (values >= FIRST_CALENDAR) & (values <= LAST_CALENDAR) & (values == np.floor(values))


def _from_numbers(values: NDArray[np.float64], unit: str | None) -> Days:
    if unit is None and _mostly_calendar(values):
        unique, indices = np.unique(values, return_inverse=True)
        days = [_iso_seconds(str(int(each))) if is_calendar(each) else np.nan for each in unique.tolist()]
        return _from_seconds(np.array(days)[indices])
    bands = np.digitize(np.abs(values), [smallest for smallest, _ in UNITS.values()])
    known = ~np.isnan(values)
    alien = np.zeros(len(values), bool)
    if unit is None and known.any():
        band = int(np.median(bands[known]))
        unit, alien = DATE_UNITS[band], known & (bands != band)
        if band == 0 and np.quantile(np.abs(values[known]), 0.5, method="lower") < SMALL_ORDER:
            alien |= _looks_calendar(values)
    values = np.where(alien, np.nan, values)
    if unit in UNITS:
        return _from_seconds(values / UNITS[unit][1], alien)
    clean = values[~np.isnan(values)]
    whole = bool(np.all(clean == np.floor(clean)))
    date = np.nan_to_num(values).astype(np.int64) if whole else values
    return Days(values, date, ~known, alien, False, np.zeros(len(values), bool))


def _from_seconds(seconds: NDArray[np.float64], alien: NDArray[np.bool_] | None = None) -> Days:
    beyond = np.zeros(len(seconds), bool)
    far = np.flatnonzero(np.abs(seconds) >= MAX_SECONDS)
    beyond[far] = [is_beyond(each) for each in seconds[far].tolist()]
    seconds = np.where(np.abs(seconds) < MAX_SECONDS, seconds, np.nan)
    alien = np.zeros(len(seconds), bool) if alien is None else alien
    # Whole microseconds: a double holds no more of a present-day time.
    date = (np.round(np.nan_to_num(seconds) * 1e6).astype(np.int64) * 1000).view("datetime64[ns]")
    return Days(seconds / DAY_SECONDS, date, np.isnan(seconds) & ~alien, alien, True, beyond)
