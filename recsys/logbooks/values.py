"""Turns the columns of a file into the contract's types: text, numbers, days. No value is judged row by row.

The rules are those of `recsys.logbooks.cells` and `recsys.logbooks.days`, which the light readers follow
value by value; here Arrow and NumPy do what can be done for a column at once, and the same functions read
each distinct value of what is left. A mapping's `[date] unit` overrules what the size of numbers tells.
"""

from __future__ import annotations

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
from recsys.logbooks import cells
from recsys.logbooks.days import (
    DATE_UNITS,
    DAY_SECONDS,
    FIRST_CALENDAR,
    LAST_CALENDAR,
    MAX_SECONDS,
    SMALL_ORDER,
    UNITS,
    is_calendar,
    iso_microseconds,
)

# "2024-05-31", with a time to the minute, the second, and one to six decimals of it: what Arrow reads as we
# do.
_PLAIN_LENGTHS: Final = (10, 16, 19, 21, 22, 23, 24, 25, 26)


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
        text = _decoded(column) if _is_binary(kind) else column.cast(pa.string())
    except pa.ArrowException as error:
        remedy = "write it as text"
        raise DataError(f"the column {name!r} holds {kind}, not text", path=path, remedy=remedy) from error
    text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def without_tokens(text: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """The text with blank tokens (NA, null, -) as null, and how many there were."""
    blank = pc.fill_null(pc.is_in(pc.utf8_lower(text), value_set=pa.array(sorted(cells.BLANK_TOKENS))), False)
    n = int(pc.sum(blank).as_py() or 0)
    return (pc.if_else(blank, pa.scalar(None, pa.string()), text) if n else text), n


def as_numbers(
    column: pa.ChunkedArray, path: Path, name: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(values, bad), both [len(column)]: blank is NaN and not bad, what is no finite number NaN and bad."""
    if _is_number(column.type):
        values = _to_float(column)
        return np.where(np.isfinite(values), values, np.nan), np.isinf(values)
    text = without_tokens(as_text(column, path, name))[0]
    values = _as_floats(text)
    return values, np.isnan(values) & _filled(text)


def as_days(column: pa.ChunkedArray, path: Path, name: str, unit: str | None = None) -> Days:
    """Days since the Unix epoch, or plain order. `unit`: of `DATE_UNITS`, or None to tell by the values."""
    if pa.types.is_temporal(column.type) and not pa.types.is_time(column.type):
        return _from_seconds(_to_float(column.cast(pa.timestamp("us"), safe=False).cast(pa.int64())) / 1e6)
    if _is_number(column.type):
        values = _to_float(column)
        return _from_numbers(np.where(np.isfinite(values), values, np.nan), unit)
    text = without_tokens(as_text(column, path, name))[0]
    if unit is None and (seconds := _plain_iso_seconds(text)) is not None:
        return _from_seconds(seconds)
    values = _as_floats(text)
    filled = _filled(text)
    mostly_numbers = 2 * np.count_nonzero(~np.isnan(values)) > np.count_nonzero(filled)
    if unit is not None or (mostly_numbers and not _mostly_calendar(values)):
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


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Bytes as text: some writers leave out the mark that says a column of bytes is UTF-8."""
    try:
        return column.cast(pa.binary()).cast(pa.string())
    except pa.ArrowException:
        return pa.chunked_array(
            [pa.array([cells.as_cell(each) or None for each in column.to_pylist()], pa.string())]
        )


def _on_unique(text: pa.ChunkedArray, function: Callable[[str], float]) -> NDArray[np.float64]:
    """`function` of each distinct string, spread to every row; null is NaN."""
    codes, unique = pd.factorize(text.to_pandas())
    values = np.array([function(each) for each in unique] + [np.nan], np.float64)
    return values[codes]


def _as_floats(text: pa.ChunkedArray) -> NDArray[np.float64]:
    """Numbers of a column of text, NaN where there is none: by Arrow when it reads every one."""
    try:
        values = _to_float(text.cast(pa.float64()))
    except pa.ArrowException:
        values = np.array([np.inf])
    if np.isinf(values).any() or (np.isnan(values) & _filled(text)).any():
        return _on_unique(text, lambda each: _nan(cells.number(each)))
    return values


def _nan(value: float | None) -> float:
    return np.nan if value is None else value


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
    return _to_float(ticks) / 1e6


def _iso_seconds(text: str) -> float:
    """Seconds since the epoch of a strict ISO date, or NaN."""
    found = iso_microseconds(text)
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
    return Days(values, date, ~known, alien, has_time=False)


def _from_seconds(seconds: NDArray[np.float64], alien: NDArray[np.bool_] | None = None) -> Days:
    seconds = np.where(np.abs(seconds) < MAX_SECONDS, seconds, np.nan)
    alien = np.zeros(len(seconds), bool) if alien is None else alien
    # Whole microseconds: a double holds no more of a present-day time.
    date = (np.round(np.nan_to_num(seconds) * 1e6).astype(np.int64) * 1000).view("datetime64[ns]")
    return Days(seconds / DAY_SECONDS, date, np.isnan(seconds) & ~alien, alien, has_time=True)
