"""Names the columns of a logbook of which nothing is read, so that what is lost is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from recsys.logbooks.cells import is_blank_token
from recsys.logbooks.importing.header import Header
from recsys.logbooks.importing.source import Cells, Seen
from recsys.logbooks.importing.text import clean
from recsys.logbooks.sheets import RawRow

_SHOWN_COLUMNS: Final = 12


def unread_columns(rows: Sequence[RawRow], header: Header) -> Counter[str]:
    """One note that names the columns in which something stands and of which nothing is read."""
    read = _read(header)
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


def _read(header: Header) -> set[int]:
    """The indices of the columns that the source reads, found by reading a row of blanks."""
    seen = Seen()
    header.source.read(Cells(header.indices, [""] * len(header.cells), seen))
    columns = seen.asked | (header.source.columns if header.source.first_row else set())
    return {index for name, index in header.indices.items() if name in columns}
