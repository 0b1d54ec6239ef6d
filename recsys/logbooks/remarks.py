"""What a person should know of sends that training uses: blank tokens, guessed grades, what is not read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsys.columns import CLIMB_ID, CLIMBER_ID, DATE, DAY, GRADE
from recsys.logbooks.days import PLAIN_ORDER, future, latest
from recsys.logbooks.grade_context import GUESSED
from recsys.logbooks.grades import ordinal
from recsys.logbooks.importing.contract import BLANK_TOKENS
from recsys.logbooks.importing.sources.sends import SENDS
from recsys.logbooks.importing.spelling import alike_ids
from recsys.logbooks.importing.text import key
from recsys.logbooks.importing.unread import CUT, cut_grades
from recsys.logbooks.mapping import CONTRACT, ColumnMapping
from recsys.logbooks.raw import RawTable


def remarks(
    raw: RawTable,
    mapping: ColumnMapping,
    n_tokens: int,
    guessed: int,
    frame: pd.DataFrame,
    has_time: bool,
    used: NDArray[np.int64],
) -> list[str]:
    """What the person should know of rows that are used: the frame's are those at `used` of the table."""
    alike = alike_ids(frame[CLIMB_ID].unique(), frame[CLIMBER_ID].unique())
    counted = [(n_tokens, BLANK_TOKENS), (guessed, GUESSED), *((n, note) for note, n in alike.items())]
    if not has_time and mapping.date_unit != "order":
        counted.append((len(frame), PLAIN_ORDER))
    elif has_time:
        ahead = np.flatnonzero(frame[DAY] > latest())
        counted += [(len(ahead), _future(raw, frame, used, ahead))] if len(ahead) else []
    lines = [f"{n} {what}" for n, what in counted if n]
    unread = _unread(raw, mapping)
    if unread:
        lines.append(f"columns that are filled and not read: {', '.join(unread[:12])}")
    return lines + _unreadable_grades(frame)


def _future(raw: RawTable, frame: pd.DataFrame, used: NDArray[np.int64], ahead: NDArray[np.int64]) -> str:
    """What is said of the frame's rows `ahead`, whose dates are to come."""
    first = ahead[np.argmin(used[ahead])]
    return future(int(raw.rows[used[first]]), str(frame[DATE].iloc[first]))


def _unread(raw: RawTable, mapping: ColumnMapping) -> list[str]:
    """Names of filled columns that no reader of the contract, or not the mapping, knows."""
    table = raw.table
    known, form = (SENDS.columns, key) if mapping.name == CONTRACT else (mapping.known, str.strip)
    first = {form(name): index for index, name in reversed([*enumerate(table.column_names)])}
    names = [
        (index, name)
        for index, name in enumerate(table.column_names)
        if form(name) and not (form(name) in known and first[form(name)] == index)
    ]
    return [
        name
        for index, name in names
        if not name.startswith("__index_level_") and _filled(table.column(index))
    ]


def _filled(column: pa.ChunkedArray) -> bool:
    if column.null_count == len(column):
        return False
    return not pa.types.is_string(column.type) or bool(pc.any(pc.greater(pc.utf8_length(column), 0)).as_py())


def _unreadable_grades(frame: pd.DataFrame) -> list[str]:
    """Remarks on grades that no system reads, which stay as they are, and on those that were cut, maybe."""
    if GRADE not in frame:
        return []
    counts = frame[GRADE].value_counts()
    cut = cut_grades({str(grade): int(n) for grade, n in counts.items()})
    lines = [f"{cut} {CUT}"] if cut else []
    unread = counts[[bool(np.isnan(ordinal(grade))) for grade in counts.index]]
    if unread.empty:
        return lines
    shown = ", ".join(repr(grade) for grade in unread.index[:3])
    return [*lines, f"{unread.sum()} of {counts.sum()} grades cannot be read and stay text only: {shown}"]
