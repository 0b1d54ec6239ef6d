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
    asked = _asked(header)
    left = [place for place, cell in enumerate(header.cells) if clean(cell) and place not in asked]
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
    names = [clean(header.cells[place])[:40] for place in sorted(filled)]
    shown = ", ".join(names[:_SHOWN_COLUMNS]) + (", ..." if len(names) > _SHOWN_COLUMNS else "")
    return Counter({f"columns that are filled and not read: {shown}": len(names)})


def _asked(header: Header) -> set[int]:
    """The places of the columns that the source reads, found by reading a row of blanks."""
    seen = Seen()
    header.source.read(Cells(header.places, [""] * len(header.cells), seen))
    columns = seen.asked | (header.source.columns if header.source.first_row else set())
    return {place for name, place in header.places.items() if name in columns}
