"""Reads a file of sends into the contract: checked, in (climber, time) order, each dropped row counted.

Order of the steps: find the mapping, load, keep only sends, check every value, sort, drop duplicates. A row
is counted under one reason, the first that holds; `n_read` is the rows kept plus all of `n_dropped`. What a
file says is what `recsys.logbooks.importing.contract` reads of it without pandas; a property test compares
the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.columns import GRADE
from recsys.config.bad_rows import BadRows, check_bad_rows
from recsys.errors import DataError
from recsys.logbooks.context import read_outcomes, settle_grades, sorted_once
from recsys.logbooks.levels import TAKEN
from recsys.logbooks.locate import locate
from recsys.logbooks.mapping import CONTRACT_MAPPING, ColumnMapping
from recsys.logbooks.project import Projected, keep_mask, project
from recsys.logbooks.raw import RawTable, value_at
from recsys.logbooks.reasons import ATTEMPT, BETTER_STAYS, DUPLICATE, RAGGED, ragged
from recsys.logbooks.rejects import DropLog
from recsys.logbooks.remarks import remarks
from recsys.logbooks.tables import read_table
from recsys.logbooks.validate import Check, check_columns
from recsys.nouns import FACTS, speak
from recsys.stores import fetched, shown


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
    n_dropped: Mapping[str, int]
    """Rows by reason, empty when none was dropped."""
    warnings: tuple[str, ...] = ()
    mapping: ColumnMapping = CONTRACT_MAPPING
    """What they were read by."""

    def __len__(self) -> int:
        return len(self.frame)

    def lines(self, rejects: Path | None = None) -> list[str]:
        """What a person is told of the reading, a line each; `rejects`: where the dropped rows are."""
        where = "" if rejects is None else f" (kept in {rejects})"
        return [
            *self.warnings,
            *(f"{n} rows dropped: {reason}{where}" for reason, n in self.n_dropped.items()),
        ]


def read_sends(
    path: Path | str,
    schema: str | None = None,
    bad_rows: BadRows = "fail",
    rejects: Path | str | None = None,
    own: ColumnMapping | None = None,
    whole: bool = True,
) -> Sends:
    """Read raw sends from CSV or Parquet (told by content).

    Parameters
    ----------
    path:
        The file, or a folder of which a shipped mapping knows the file; here, or in an object store
        (`recsys.stores`).
    schema:
        A mapping's name or path; "sends" for the contract itself; None to tell by the file's columns.
    bad_rows:
        "fail" raises on the first bad row; "drop" drops and counts them.
    rejects:
        Where to write the dropped rows, if there are any, as CSV (row, reason, their own values), or None.
    own:
        The mapping of the run that the sends are for (`recsys.logbooks.remembered`); `schema` goes before it.
    whole:
        Whether these are all sends: of a part no grade's column tells that all are levels (`levels`).

    Raises
    ------
    DataError
        The file or a row in it is not what the contract asks; one line with file, row, value and remedy.
    UsageError
        `schema` or `bad_rows` is unknown.
    """
    check_bad_rows(bad_rows)
    with fetched(Path(path)) as local:
        sends = _read(local, schema, bad_rows, rejects, own, whole)
    return replace(sends, source=sends.source.replace(str(local), shown(path)))


def _read(
    path: Path,
    schema: str | None,
    bad_rows: BadRows,
    rejects: Path | str | None,
    own: ColumnMapping | None,
    whole: bool,
) -> Sends:
    """`read_sends` of a local file."""
    found = locate(path, schema, own)
    if found.mapping.nouns:
        speak({FACTS: found.mapping.nouns})
    raw = read_table(found.path)
    projected = project(raw, found.mapping)
    log = DropLog(raw)
    _drop_ragged(raw, bad_rows, log)
    kept = keep_mask(raw, found.mapping)
    if found.mapping.keep is not None:
        log.drop(~kept, found.mapping.keep.reason)
    checked = check_columns(projected.columns, found.mapping, raw.path)
    outcomes = read_outcomes(raw, found.mapping)
    log.drop(outcomes.attempt, ATTEMPT)
    checks = [replace(check, bad=check.bad & kept) for check in (*checked.checks, *outcomes.checks)]
    if bad_rows == "fail":
        _refuse(raw, checks, kept & ~outcomes.attempt, projected, found.mapping)
    for check in checks:
        log.drop(check.bad, check.reason)
    by = found.mapping
    if GRADE in checked.frame and own is None and whole:
        by = by.with_grades(checked.frame[GRADE].dropna().unique())
    guessed = settle_grades(checked.frame, raw, by.has_levels)
    once = sorted_once(checked.frame, np.flatnonzero(log.kept), outcomes.rank, checked.has_time)
    frame = once.frame
    log.drop_indices(once.outdone, BETTER_STAYS)
    log.drop_indices(once.duplicates, DUPLICATE)
    if rejects is not None and log.counts():
        log.write(Path(rejects))
    if frame.empty:
        problem = f"none of its {raw.n_read} rows is a send that can be read"
        raise DataError(problem, path=raw.path, remedy="see the rejects, or give another `schema`")
    source = f"{raw.path} (schema {found.mapping.name})"
    warnings = (
        *raw.notes,
        *([] if by is found.mapping else [f"{by.named(GRADE)}: {TAKEN}"]),
        *projected.warnings,
        *remarks(raw, found.mapping, checked.n_tokens, guessed, frame, checked.has_time, once.used),
    )
    return Sends(frame, source, checked.has_time, raw.n_read, log.counts(), warnings, by)


def _drop_ragged(raw: RawTable, bad_rows: BadRows, log: DropLog) -> None:
    if not raw.ragged:
        return
    first = raw.ragged[0]
    if bad_rows == "fail":
        problem, remedy = ragged(first.found, first.expected)
        if first.problem:
            problem, remedy = first.problem, 'write a quote in a value as ""'
        remedy = f"{remedy}, or pass `bad_rows` drop"
        raise DataError(problem, path=raw.path, row=first.row, value=first.text, remedy=remedy)
    log.drop_ragged(RAGGED)


def _refuse(
    raw: RawTable,
    checks: list[Check],
    kept: NDArray[np.bool_],
    projected: Projected,
    mapping: ColumnMapping,
) -> None:
    """Raise DataError for the first of the kept rows that a check marks, if there is one."""
    marked = [(int(np.argmax(bad)), check) for check in checks if (bad := check.bad & kept).any()]
    if not marked:
        return
    index, check = min(marked, key=lambda pair: pair[0])
    column = projected.columns.get(check.column)
    column = raw.found(check.column) if column is None else column
    raise DataError(
        f"{mapping.named(check.column)} {check.problem}",
        path=raw.path,
        row=int(raw.rows[index]),
        value="" if column is None else value_at(column, index),
        remedy=f"{check.remedy}, or pass `bad_rows` drop",
    )
