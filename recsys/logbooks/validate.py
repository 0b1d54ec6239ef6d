"""Checks the contract's columns (schemas/sends.toml) and gives them its types; nothing is dropped here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsys.columns import DATE, DAY, OPTIONAL, RATING, REQUIRED
from recsys.logbooks.column_days import as_days
from recsys.logbooks.mapping import ColumnMapping, load_contract, stretched
from recsys.logbooks.reasons import ALIEN_DATE, BEYOND_DATE, reason
from recsys.logbooks.values import as_numbers, as_text, without_tokens


@dataclass(frozen=True)
class Check:
    """Rows that a rule marks as bad (a mask of the table's length); they are counted under `reason`."""

    column: str
    bad: NDArray[np.bool_]
    reason: str
    span: str = "1 to 5"

    @property
    def problem(self) -> str:
        """What is wrong, in a clause."""
        return reason(self.reason, self.column, self.span).problem

    @property
    def remedy(self) -> str:
        """What to do, in a clause."""
        return reason(self.reason, self.column, self.span).remedy


@dataclass(frozen=True)
class Checked:
    """The frame (contract columns present, and DAY; bad rows still in it), and checks that marked a row.

    `n_tokens` counts blank tokens (NA, null, -) that were read as blank.
    """

    frame: pd.DataFrame
    checks: list[Check]
    has_time: bool
    n_tokens: int = 0


def check_columns(columns: dict[str, pa.ChunkedArray], mapping: ColumnMapping, path: Path) -> Checked:
    """Read each column by its kind in the contract. DataError only for a column that cannot be text."""
    contract = load_contract()
    values: dict[str, Any] = {}
    checks: list[Check] = []
    has_time, n_tokens = False, 0
    for name in (each for each in (*REQUIRED, *OPTIONAL) if each in columns):
        kind = contract[name]["kind"]
        if kind == "date":
            has_time = _date(columns[name], mapping, path, values, checks)
        elif kind == "number":
            values[name] = _number(name, columns[name], contract[name].get("range"), mapping, path, checks)
        else:
            values[name] = _text(name, columns[name], kind == "id", mapping, path, checks)
        if kind != "id":
            n_tokens += _tokens(columns[name])
    found = [check for check in checks if check.bad.any()]
    return Checked(pd.DataFrame(values, copy=False), found, has_time, n_tokens)


def _tokens(column: pa.ChunkedArray) -> int:
    """Blank tokens in a column of text."""
    return without_tokens(pc.utf8_trim_whitespace(column))[1] if pa.types.is_string(column.type) else 0


def _text(
    name: str, column: pa.ChunkedArray, is_id: bool, mapping: ColumnMapping, path: Path, checks: list[Check]
) -> Any:
    text = as_text(column, path, mapping.columns[name].column)
    if is_id:
        blank = np.asarray(text.is_null().to_numpy())
        checks.append(Check(name, blank, f"blank {name}"))
        return text.to_pandas()
    return without_tokens(text)[0].to_pandas()


def _date(
    column: pa.ChunkedArray, mapping: ColumnMapping, path: Path, values: dict[str, Any], checks: list[Check]
) -> bool:
    """Adds DATE and DAY to the values; returns whether the dates are times."""
    theirs = mapping.columns[DATE].column
    days = as_days(column, path, theirs, mapping.date_unit)
    blank = days.bad
    if days.bad.any():
        blank = days.bad & np.asarray(without_tokens(as_text(column, path, theirs))[0].is_null().to_numpy())
    checks += [
        Check(DATE, blank, "blank date"),
        Check(DATE, days.bad & ~blank & ~days.beyond, "unreadable date"),
        Check(DATE, days.beyond, BEYOND_DATE),
        Check(DATE, days.alien, ALIEN_DATE),
    ]
    values[DATE], values[DAY] = days.date, days.day
    return days.has_time


def _number(
    name: str,
    column: pa.ChunkedArray,
    limits: list[float] | None,
    mapping: ColumnMapping,
    path: Path,
    checks: list[Check],
) -> NDArray[np.float64]:
    values, bad = as_numbers(column, path, mapping.columns[name].column)
    checks.append(Check(name, bad, f"unreadable {name}"))
    if limits is None:
        return values
    low, high = limits
    if name == RATING:
        values = np.where(np.isin(values, mapping.rating_blank), np.nan, values)
        shown, values = mapping.rating_range, stretched(values, mapping.rating_range, (low, high))
    else:
        shown = (low, high)
    outside = (values < low) | (values > high)
    checks.append(Check(name, outside, f"{name} out of range", f"{shown[0]:g} to {shown[1]:g}"))
    return values
