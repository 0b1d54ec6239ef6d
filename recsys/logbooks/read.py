"""Reads a file of sends into the contract: checked, in (climber, time) order, each dropped row counted.

Order of the steps: find the mapping, load, keep only sends, check every value, sort, drop exact duplicates.
A row is dropped for one reason, the first that holds; `n_read` is the rows kept plus all of `n_dropped`.
"""

from __future__ import annotations

from collections.abc import Mapping as Table
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.columns import CLIMB_ID, CLIMBER_ID, DAY, GRADE, ROW, SEQUENCE
from recsys.errors import DataError, UsageError
from recsys.logbooks.grades import ordinal
from recsys.logbooks.locate import locate
from recsys.logbooks.mapping import Mapping
from recsys.logbooks.project import keep_mask, project, source_name
from recsys.logbooks.rejects import DropLog
from recsys.logbooks.tables import RawTable, read_table
from recsys.logbooks.validate import Check, check_columns

BadRows = Literal["fail", "drop"]


@dataclass(frozen=True)
class Sends:
    """Sends as read.

    `frame` holds the contract columns that the file has, in the contract's order, then `DAY` (days since the
    Unix epoch as a float; plain order where `has_time` is false) and `ROW` (0, 1, 2, ... in this order). Ids
    are strings, DATE is datetime64[ns] (UTC) or the number itself, numbers are floats (NaN = blank), text is
    None where blank.
    """

    frame: pd.DataFrame
    source: str
    has_time: bool
    n_read: int
    n_dropped: Table[str, int]
    """Rows by reason, empty when none was dropped."""
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)


def read_sends(
    path: Path | str, schema: str | None = None, bad_rows: BadRows = "fail", rejects: Path | str | None = None
) -> Sends:
    """Read raw sends from CSV or Parquet (told by content).

    Parameters
    ----------
    path:
        The file, or a folder of which a shipped mapping knows the file.
    schema:
        A mapping's name or path; "sends" for the contract itself; None to tell by the file's columns.
    bad_rows:
        "fail" raises on the first bad row; "drop" drops and counts them.
    rejects:
        Where to write the dropped rows, if there are any, as CSV (row, reason, their own values), or None.

    Raises
    ------
    DataError
        The file or a row in it is not what the contract asks; one line with file, row, value and remedy.
    UsageError
        `schema` or `bad_rows` is unknown.
    """
    if bad_rows not in get_args(BadRows):
        raise UsageError(f"bad rows can be failed or dropped, not {bad_rows!r}; choose from fail, drop")
    found = locate(Path(path), schema)
    raw = read_table(found.path)
    projected = project(raw, found.mapping)
    log = DropLog(raw)
    _drop_ragged(raw, bad_rows, log)
    kept = keep_mask(raw, found.mapping)
    if found.mapping.keep is not None:
        log.drop(~kept, found.mapping.keep.reason)
    checked = check_columns(projected.columns, found.mapping, raw.path)
    _drop_bad(raw, checked.checks, kept, bad_rows, found.mapping, log)
    frame, duplicates = _sorted(checked.frame, np.flatnonzero(log.kept))
    log.drop_places(duplicates, "duplicate")
    if rejects is not None and log.counts():
        log.write(Path(rejects))
    if frame.empty:
        problem = f"none of its {raw.n_read} rows is a send that can be read"
        raise DataError(problem, path=raw.path, remedy="see the rejects, or give another --schema")
    source = f"{raw.path} (schema {found.mapping.name})"
    warnings = (*projected.warnings, *_unreadable_grades(frame))
    return Sends(frame, source, checked.has_time, raw.n_read, log.counts(), warnings)


def _drop_ragged(raw: RawTable, bad_rows: BadRows, log: DropLog) -> None:
    if not raw.ragged:
        return
    first = raw.ragged[0]
    if bad_rows == "fail":
        problem = f"has {first.found} values where the header has {first.expected}"
        remedy = "quote values that hold commas, or pass --bad-rows drop"
        raise DataError(problem, path=raw.path, row=first.row, value=first.text, remedy=remedy)
    log.drop_ragged("ragged row")


def _drop_bad(
    raw: RawTable,
    checks: list[Check],
    kept: NDArray[np.bool_],
    bad_rows: BadRows,
    mapping: Mapping,
    log: DropLog,
) -> None:
    marked = [(int(np.argmax(bad)), check) for check in checks if (bad := check.bad & kept).any()]
    if marked and bad_rows == "fail":
        place, check = min(marked, key=lambda pair: pair[0])
        theirs = mapping.columns[check.column].column
        value = raw.table.column(theirs)[place].as_py() if theirs in raw.table.column_names else None
        raise DataError(
            f"{source_name(mapping, check.column)} {check.problem}",
            path=raw.path,
            row=int(raw.rows[place]),
            value="" if value is None else value,
            remedy=f"{check.remedy}, or pass --bad-rows drop",
        )
    for _, check in marked:
        log.drop(check.bad, check.reason)


def _sorted(frame: pd.DataFrame, places: NDArray[np.int64]) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """The rows at `places`, in (climber, time, sequence, file) order; exact duplicates as places apart."""
    frame = frame.take(places)
    climber = pd.factorize(frame[CLIMBER_ID], sort=True)[0]
    sequence = frame[SEQUENCE].to_numpy() if SEQUENCE in frame else np.zeros(len(frame))
    order = np.lexsort((sequence, frame[DAY].to_numpy(), climber))
    keys = {"climber": climber, "climb": pd.factorize(frame[CLIMB_ID])[0], "day": frame[DAY].to_numpy()}
    twice = pd.DataFrame(keys).take(order).duplicated().to_numpy()
    frame = frame.take(order[~twice]).reset_index(drop=True)
    frame[ROW] = np.arange(len(frame), dtype=np.int64)
    tail = [DAY, ROW]
    return frame[[name for name in frame.columns if name not in tail] + tail], places[order[twice]]


def _unreadable_grades(frame: pd.DataFrame) -> list[str]:
    """One remark when some grades are text that no system reads; they stay as they are."""
    if GRADE not in frame:
        return []
    counts = frame[GRADE].value_counts()
    unread = counts[[bool(np.isnan(ordinal(grade))) for grade in counts.index]]
    if unread.empty:
        return []
    shown = ", ".join(repr(grade) for grade in unread.index[:3])
    return [f"{unread.sum()} of {counts.sum()} grades cannot be read and stay text only: {shown}"]
