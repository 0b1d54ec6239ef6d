"""Names the columns of a logbook of which nothing is read, and the grades, so that what is lost is said."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from recsys.logbooks.cells import is_blank_token
from recsys.logbooks.importing.header import Header
from recsys.logbooks.importing.model import Ascent
from recsys.logbooks.importing.source import Cells, Seen
from recsys.logbooks.importing.text import clean
from recsys.logbooks.sheets import RawRow

_SHOWN_COLUMNS: Final = 12
CUT: Final = "grade 5.1: 5.10 is written so where a spreadsheet takes it for a number"
_EASY: Final = ("5.0", "5.2", "5.3", "5.4")


def unread_columns(rows: Sequence[RawRow], header: Header, also: Collection[int] = ()) -> Counter[str]:
    """One note that names the columns in which something stands and of which nothing is read.

    `also` are the indices of columns that a mapping knows.
    """
    read = _read(header) | set(also)
    left = [index for index, cell in enumerate(header.cells) if clean(cell) and index not in read]
    filled: set[int] = set()
    for row in rows:
        found = [p for p in left if p < len(row.cells) and row.cells[p].strip()]
        new = {p for p in found if not is_blank_token(row.cells[p].strip())}
        filled |= new
        left = [p for p in left if p not in new]
        if not left:
            break
    if not filled:
        return Counter()
    names = [" ".join(clean(header.cells[index]).split())[:40] for index in sorted(filled)]
    shown = ", ".join(names[:_SHOWN_COLUMNS]) + (", ..." if len(names) > _SHOWN_COLUMNS else "")
    return Counter({f"columns that are filled and not read: {shown}": len(names)})


def unread_grades(rows: Sequence[Ascent]) -> Counter[str]:
    """Notes on the grades that no system reads, which stay as text, and on those that were cut, maybe."""
    from recsys.logbooks.grades import ordinal

    grades = Counter(row.grade for row in rows if row.grade)
    notes = Counter({CUT: n} if (n := cut_grades(grades)) else {})
    unread = Counter({grade: n for grade, n in grades.items() if math.isnan(ordinal(grade))})
    if unread:
        shown = ", ".join(repr(grade) for grade, _ in unread.most_common(3))
        notes[f"grade cannot be read, stays text: {shown}"] = sum(unread.values())
    return notes


def cut_grades(grades: Mapping[str, int]) -> int:
    """How many grades are 5.1 where nothing else is as easy: spreadsheets make it of 5.10."""
    return 0 if any(easy in grades for easy in _EASY) else grades.get("5.1", 0)


def _read(header: Header) -> set[int]:
    """The indices of the columns that the source reads, found by reading a row of blanks."""
    seen = Seen()
    header.source.read(Cells(header.indices, [""] * len(header.cells), seen))
    columns = {*seen.asked, header.source.rating_column}
    columns |= header.source.columns if header.source.first_row else set()
    return {index for name, index in header.indices.items() if name in columns}
