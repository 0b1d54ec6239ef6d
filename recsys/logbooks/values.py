"""Turns the columns of a file into the contract's types: text, numbers, days. No value is judged row by row.

Dates
-----
ISO text and Parquet timestamps are times (UTC when they name no zone). Of numbers, the size of the column's
median decides: from 1e8 they are epoch seconds, from 1e11 milliseconds, 1e14 microseconds, 1e17 nanoseconds.
Smaller ones are plain order, with no elapsed days, unless every one is a calendar day such as 20240531. A
mapping's `[date] unit` overrules this.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsys.errors import DataError

_DAY_SECONDS: Final = 86_400
# Unit: (smallest magnitude, ticks a second).
_UNITS: Final = {"s": (1e8, 1), "ms": (1e11, 10**3), "us": (1e14, 10**6), "ns": (1e17, 10**9)}
DATE_UNITS: Final = ("order", *_UNITS)
_ISO: Final = re.compile(
    r"\d{8}|\d{4}-\d\d-\d\d([T ]\d\d(:\d\d(:\d\d(\.\d{1,9})?)?)?\s?(Z|UTC|[+-]\d\d(:?\d\d)?)?)?"
)
# What a nanosecond timestamp can hold, in seconds since the epoch (years 1678 to 2261).
_MAX_SECONDS: Final = 9.2e9


@dataclass(frozen=True)
class Days:
    """A date column: all arrays have the column's length.

    `date` is datetime64[ns] where there is time, else the number itself. `bad` marks what cannot be read,
    `alien` the numbers in another unit than most; `day` is NaN there.
    """

    day: NDArray[np.float64]
    date: NDArray[Any]
    bad: NDArray[np.bool_]
    alien: NDArray[np.bool_]
    has_time: bool


def as_text(column: pa.ChunkedArray, path: Path, name: str) -> pa.ChunkedArray:
    """Strings without white space at their ends; blank is null. Whole floats lose their ".0" (7.0 is "7")."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return as_text(column.cast(kind.value_type), path, name)
    if pa.types.is_floating(kind):
        column = _whole(column)
    try:
        text = column.cast(pa.string())
    except pa.ArrowException as error:
        remedy = "write it as text"
        raise DataError(f"the column {name!r} holds {kind}, not text", path=path, remedy=remedy) from error
    text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def as_numbers(
    column: pa.ChunkedArray, path: Path, name: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(values, bad), both [len(column)]: blank is NaN and not bad, what is no finite number NaN and bad."""
    if _is_number(column.type):
        values = _to_float(column)
        return np.where(np.isfinite(values), values, np.nan), np.isinf(values)
    text = as_text(column, path, name)
    values = _on_unique(text, _numbers)
    return values, np.isnan(values) & _filled(text)


def as_days(column: pa.ChunkedArray, path: Path, name: str, unit: str | None = None) -> Days:
    """Days since the Unix epoch, or plain order. `unit`: of `DATE_UNITS`, or None to tell by the values."""
    if pa.types.is_temporal(column.type) and not pa.types.is_time(column.type):
        return _from_seconds(_to_float(column.cast(pa.timestamp("us"), safe=False).cast(pa.int64())) / 1e6)
    if _is_number(column.type):
        values = _to_float(column)
        return _from_numbers(np.where(np.isfinite(values), values, np.nan), unit)
    text = as_text(column, path, name)
    if unit is None and (seconds := _plain_iso_seconds(text)) is not None:
        return _from_seconds(seconds)
    values = _on_unique(text, _numbers)
    filled = _filled(text)
    mostly_numbers = 2 * np.count_nonzero(~np.isnan(values)) > np.count_nonzero(filled)
    if unit is not None or (mostly_numbers and not _all_calendar(values)):
        return _from_numbers(values, unit)
    return _from_seconds(_on_unique(text, _iso_seconds))


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _to_float(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), np.float64)


def _filled(text: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(text.is_valid().to_numpy())


def _whole(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Floats as integers when all are whole; NaN is null either way."""
    column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    values = _to_float(column)
    values = values[~np.isnan(values)]
    whole = bool(np.all((values == np.floor(values)) & (np.abs(values) < 2**53)))
    return column.cast(pa.int64()) if whole else column


def _on_unique(text: pa.ChunkedArray, function: Callable[[Any], Any]) -> NDArray[np.float64]:
    """`function` of the distinct strings (as a pandas Series), spread to every row; null is NaN."""
    codes, unique = pd.factorize(text.to_pandas())
    values = np.append(np.asarray(function(pd.Series(unique, dtype=object)), np.float64), np.nan)
    return values[codes]


def _numbers(text: Any) -> NDArray[np.float64]:
    values = pd.to_numeric(text, errors="coerce").to_numpy(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _plain_iso_seconds(text: pa.ChunkedArray) -> NDArray[np.float64] | None:
    """The quick way, in Arrow: seconds since the epoch when every date is ISO without a zone, else None."""
    try:
        ticks = text.cast(pa.timestamp("us")).cast(pa.int64())
    except pa.ArrowException:
        return None
    return _to_float(ticks) / 1e6 if text.null_count < len(text) else None


def _iso_seconds(text: Any) -> NDArray[np.float64]:
    """Seconds since the epoch of strict ISO dates; 3/4/2024 is refused: who knows which is the month."""
    iso = text.where(text.str.fullmatch(_ISO), None)
    times = pd.to_datetime(iso, errors="coerce", utc=True)
    return np.where(times.notna(), times.astype("int64").to_numpy() / 1e9, np.nan)


def _all_calendar(values: NDArray[np.float64]) -> bool:
    """Whether every number is a day written as 20240531."""
    unique = np.unique(values[~np.isnan(values)])
    if not len(unique) or unique[0] < 19_000_101 or unique[-1] > 21_001_231:
        return False
    text = pd.Series(unique.astype(np.int64).astype(str))
    return bool(np.all(unique % 1 == 0)) and not np.isnan(_iso_seconds(text)).any()


def _from_numbers(values: NDArray[np.float64], unit: str | None) -> Days:
    if unit is None and _all_calendar(values):
        days = pd.to_datetime(pd.Series(values), format="%Y%m%d", errors="coerce")
        return _from_seconds(np.where(days.notna(), days.astype("int64").to_numpy() / 1e9, np.nan))
    bands = np.digitize(np.abs(values), [smallest for smallest, _ in _UNITS.values()])
    known = ~np.isnan(values)
    alien = np.zeros(len(values), bool)
    if unit is None and known.any():
        band = int(np.median(bands[known]))
        unit, alien = DATE_UNITS[band], known & (bands != band)
    values = np.where(alien, np.nan, values)
    if unit in _UNITS:
        return _from_seconds(values / _UNITS[unit][1], alien)
    clean = values[~np.isnan(values)]
    whole = bool(np.all(clean == np.floor(clean)))
    date = np.nan_to_num(values).astype(np.int64) if whole else values
    return Days(values, date, ~known, alien, has_time=False)


def _from_seconds(seconds: NDArray[np.float64], alien: NDArray[np.bool_] | None = None) -> Days:
    seconds = np.where(np.abs(seconds) < _MAX_SECONDS, seconds, np.nan)
    alien = np.zeros(len(seconds), bool) if alien is None else alien
    # Whole microseconds: a double holds no more of a present-day time.
    date = (np.round(np.nan_to_num(seconds) * 1e6).astype(np.int64) * 1000).view("datetime64[ns]")
    return Days(seconds / _DAY_SECONDS, date, np.isnan(seconds) & ~alien, alien, has_time=True)
