"""Reads a table of climbs that are known by their attributes alone: newly set, or newly opened.

    climb_id,climb_name,region,area,grade,rating,climb_type,style,comment
    p-104,Blue Slab,Hall A,West Wall,V3,4,boulder,slab,"balance on volumes, no holds"

Only ``climb_id`` is required; "name", "stars", "type" and "description" are taken for ``climb_name``,
``rating``, ``climb_type`` and ``comment``. Texts are read for a run that reads them. A run whose
sends came by a mapping has its climbs by that too: a column that it names goes before the contract's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys.errors import DataError
from recsys.logbooks.grades import ordinal, ordinals
from recsys.logbooks.importing.text import key
from recsys.logbooks.levels import as_level
from recsys.logbooks.mapping import CONTRACT_MAPPING, ColumnMapping, Source, stretched
from recsys.logbooks.project import first_part
from recsys.logbooks.raw import RawTable
from recsys.logbooks.tables import read_table
from recsys.logbooks.values import as_numbers, as_text, without_tokens

_ALSO: Final = {
    "id": c.CLIMB_ID,
    "name": c.CLIMB_NAME,
    "stars": c.RATING,
    "type": c.CLIMB_TYPE,
    "description": c.COMMENT,
}
_SHOWN: Final = 5  # new places that are named
_TEXTS: Final = (c.CLIMB_ID, c.CLIMB_NAME, c.REGION, c.AREA, c.CLIMB_TYPE, c.STYLE, c.GRADE)
_WRITTEN: Final = (c.COMMENT, c.BETA)


@dataclass(frozen=True)
class _Columns:
    """The file, and where each of the contract's columns is in it: none for one that it does not have."""

    raw: RawTable
    mapping: ColumnMapping
    found: dict[str, Source]

    @classmethod
    def of(cls, raw: RawTable, mapping: ColumnMapping, wanted: Iterable[str]) -> _Columns:
        names = raw.table.column_names
        taken = {source.column for source in mapping.columns.values()}
        free = [name for name in names if name not in taken]
        plain = {key(_ALSO.get(key(name), name)): Source(name) for name in reversed(free)}
        found = {}
        for ours in wanted:
            theirs = mapping.columns.get(ours)
            source = theirs if theirs is not None and theirs.column in names else plain.get(key(ours))
            if source is not None:
                found[ours] = source
        return cls(raw, mapping, found)

    def theirs(self, ours: str) -> str:
        """A column as the file's owner names it."""
        told = self.found.get(ours) or self.mapping.columns.get(ours)
        return ours if told is None else told.column

    def is_mapped(self, ours: str) -> bool:
        return self.found.get(ours) == self.mapping.columns.get(ours)


def read_climbs(
    path: Path,
    mapping: ColumnMapping = CONTRACT_MAPPING,
    example: str | None = "V4",
    tell: Callable[[str], None] = lambda _: None,
    texts: bool = False,
) -> pd.DataFrame:
    """The climbs of a CSV or Parquet file, one row each; None or NaN where nothing is known.

    Parameters
    ----------
    path:
        The file.
    mapping:
        What the run's sends were read by.
    example:
        A grade of the run that can be read; None where its grades are text, of which any is right.
    tell:
        Called with a line on what of the file is not read.
    texts:
        Whether comment and beta are read.

    Raises
    ------
    DataError
        There is no ``climb_id``, one is blank or there twice, a grade cannot be read, or a rating is outside
        its range.
    """
    raw = read_table(path)
    if raw.ragged:
        bad = raw.ragged[0]
        problem = f"has {bad.found} values where the header has {bad.expected}"
        raise DataError(problem, path=path, row=bad.row, value=bad.text, remedy="quote or complete the row")
    names = (*_TEXTS, *_WRITTEN) if texts else _TEXTS
    columns = _Columns.of(raw, mapping, (*names, c.RATING))
    ids = columns.theirs(c.CLIMB_ID)
    if c.CLIMB_ID not in columns.found:
        found = ", ".join(raw.table.column_names[:8])
        raise DataError(f"has no column {ids} (it has {found})", path=path, remedy=f"name the ids {ids}")
    table: dict[str, Any] = {name: _texts(columns, name) for name in names}
    table[c.RATING] = _ratings(columns)
    _check_ids(raw, table[c.CLIMB_ID], ids)
    if example is not None:
        _check_grades(raw, table[c.GRADE], example)
    used = {source.column for source in columns.found.values()}
    left = [name for name in raw.table.column_names if name.strip() and name not in used]
    if left:
        tell(f"{path}: nothing is read of {', '.join(left[:8])}{', ...' if len(left) > 8 else ''}")
    return pd.DataFrame(table)


def example_of(grades: Iterable[Any]) -> str | None:
    """The first of a run's grades that can be read; None where they are text, or there are none."""
    texts = (each for each in dict.fromkeys(grades) if isinstance(each, str))
    return next((each for each in texts if math.isfinite(ordinal(each))), None)


def new_places(climbs: pd.DataFrame, known: pd.DataFrame) -> str | None:
    """A clause that names the regions and areas that the run has none of, for they may be misspelt; or None.

    A place that differs from one of the run by case alone is told with that one, and comes first.
    """
    parts = []
    for column in (c.REGION, c.AREA):
        there = {*known.get(column, pd.Series(dtype=object)).dropna()}
        folded = {each.casefold(): each for each in sorted(there)}
        new = sorted(
            {*climbs[column].dropna()} - there, key=lambda each: (each.casefold() not in folded, each)
        )
        if new:
            told = [f"{each!r}" + _nearly(folded.get(each.casefold())) for each in new[:_SHOWN]]
            more = f" and {len(new) - _SHOWN} more" if len(new) > _SHOWN else ""
            parts.append(f"{column} {', '.join(told)}{more}")
    return f"new to the run: {'; '.join(parts)}" if parts else None


def _nearly(known: str | None) -> str:
    return "" if known is None else f" (it has {known!r})"


def _texts(columns: _Columns, name: str) -> list[str | None]:
    raw, source = columns.raw, columns.found.get(name)
    if source is None:
        return [None] * len(raw.rows)
    text = as_text(raw.column(source.column), raw.path, source.column)
    if source.first_of is not None:
        text = first_part(text, source.first_of)
    plain = text if name == c.CLIMB_ID else without_tokens(text)[0]
    texts = [None if each is None or not each.strip() else each.strip() for each in plain.to_pylist()]
    if name == c.GRADE and columns.mapping.has_levels:
        return [None if each is None else as_level(each) for each in texts]
    return texts


def _ratings(columns: _Columns) -> np.ndarray:  # type: ignore[type-arg]
    raw, source = columns.raw, columns.found.get(c.RATING)
    if source is None:
        return np.full(len(raw.rows), np.nan)
    theirs = raw.column(source.column)
    values, bad = as_numbers(theirs, raw.path, source.column)
    low, high = c.STARS
    if columns.is_mapped(c.RATING):
        values = np.where(np.isin(values, columns.mapping.rating_blank), np.nan, values)
        low, high = columns.mapping.rating_range
    outside = bad | (values < low) | (values > high)
    problem = f"a rating that is not from {low:g} to {high:g}"
    _refuse(raw, outside, problem, theirs.to_pylist(), f"give {low:g} to {high:g}, or leave it blank")
    return stretched(values, (low, high), c.STARS)


def _check_ids(raw: RawTable, ids: list[str | None], name: str) -> None:
    _refuse(raw, np.array([each is None for each in ids]), f"blank {name}", ids, "give every row an id")
    again = pd.Series(ids).duplicated().to_numpy()
    _refuse(raw, again, f"the {name} is there already", ids, "keep one row of each")


def _check_grades(raw: RawTable, grades: list[str | None], example: str) -> None:
    unread = np.isnan(ordinals(grades)) & np.array([each is not None for each in grades])
    remedy = f"write it as the run's others, such as {example}, or leave it blank"
    _refuse(raw, unread, "a grade that cannot be read", grades, remedy)


def _refuse(raw: RawTable, bad: np.ndarray, problem: str, values: list, remedy: str) -> None:  # type: ignore[type-arg]
    """Raise the error of the first bad row, if there is one."""
    if bad.any():
        at = int(np.argmax(bad))
        raise DataError(problem, path=raw.path, row=int(raw.rows[at]), value=values[at], remedy=remedy)
