"""Reads a table of climbs that are known by their attributes alone: newly set, or newly opened.

    climb_id,climb_name,region,area,grade,rating,style
    p-104,Blue Slab,Hall A,West Wall,V3,4,slab

Only ``climb_id`` is required; "name" and "stars" are taken for ``climb_name`` and ``rating``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys.errors import DataError
from recsys.logbooks.grades import ordinals
from recsys.logbooks.importing.text import key
from recsys.logbooks.raw import RawTable
from recsys.logbooks.tables import read_table
from recsys.logbooks.values import as_numbers, as_text, without_tokens

_ALSO: Final = {"id": c.CLIMB_ID, "name": c.CLIMB_NAME, "stars": c.RATING}
_TEXTS: Final = (c.CLIMB_ID, c.CLIMB_NAME, c.REGION, c.AREA, c.STYLE, c.GRADE)


def read_climbs(path: Path) -> pd.DataFrame:
    """The climbs of a CSV or Parquet file, one row each; None or NaN where nothing is known.

    Raises
    ------
    DataError
        There is no ``climb_id``, one is blank or there twice, a grade cannot be read, or a rating is not from
        1 to 5.
    """
    raw = read_table(path)
    if raw.ragged:
        bad = raw.ragged[0]
        problem = f"has {bad.found} values where the header has {bad.expected}"
        raise DataError(problem, path=path, row=bad.row, value=bad.text, remedy="quote or complete the row")
    names = {key(_ALSO.get(key(name), name)): name for name in raw.table.column_names}
    if key(c.CLIMB_ID) not in names:
        found = ", ".join(raw.table.column_names[:8])
        raise DataError(f"has no column climb_id (it has {found})", path=path, remedy="name the ids climb_id")
    table: dict[str, Any] = {name: _texts(raw, names.get(key(name))) for name in _TEXTS}
    table[c.RATING] = _ratings(raw, names.get(key(c.RATING)))
    _check_ids(raw, table[c.CLIMB_ID])
    grades = table[c.GRADE]
    unread = np.isnan(ordinals(grades)) & np.array([each is not None for each in grades])
    _refuse(
        raw, unread, "a grade that cannot be read", grades, "write it as in a guidebook, or leave it blank"
    )
    return pd.DataFrame(table)


def _texts(raw: RawTable, theirs: str | None) -> list[str | None]:
    if theirs is None:
        return [None] * len(raw.rows)
    text = without_tokens(as_text(raw.column(theirs), raw.path, theirs))[0].to_pylist()
    return [None if each is None or not each.strip() else each.strip() for each in text]


def _ratings(raw: RawTable, theirs: str | None) -> np.ndarray:  # type: ignore[type-arg]
    if theirs is None:
        return np.full(len(raw.rows), np.nan)
    values, bad = as_numbers(raw.column(theirs), raw.path, theirs)
    outside = bad | (values < 1) | (values > 5)
    _refuse(
        raw, outside, "a rating that is not from 1 to 5", raw.column(theirs).to_pylist(), "give stars 1 to 5"
    )
    return values


def _check_ids(raw: RawTable, ids: list[str | None]) -> None:
    _refuse(raw, np.array([each is None for each in ids]), "blank climb_id", ids, "give every climb an id")
    again = pd.Series(ids).duplicated().to_numpy()
    _refuse(raw, again, "a climb_id that is there already", ids, "keep one row a climb")


def _refuse(raw: RawTable, bad: np.ndarray, problem: str, values: list, remedy: str) -> None:  # type: ignore[type-arg]
    """Raise the error of the first bad row, if there is one."""
    if bad.any():
        at = int(np.argmax(bad))
        raise DataError(problem, path=raw.path, row=int(raw.rows[at]), value=values[at], remedy=remedy)
