"""Several people's rows whose names nobody reads: refused, and not taken for one climber's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from recsys.columns import CLIMBER_ID
from recsys.errors import DataError
from recsys.logbooks.cells import is_blank_token
from recsys.logbooks.importing.header import Header
from recsys.logbooks.importing.text import clean, key
from recsys.logbooks.sheets import RawRow

_PEOPLE: Final = (
    "climber", "climber name", "climberid", "user", "user id", "userid", "user name", "username", "member",
    "member id", "athlete", "athlete id", "person", "person id",
)  # fmt: skip


def refuse_several(rows: Sequence[RawRow], header: Header, name: str) -> None:
    """Raise DataError where a column that is not read names more than one person.

    Who names the columns by hand has chosen among them.
    """
    if header.source.name == "own" or key(CLIMBER_ID) in header.indices:
        return
    for column in _PEOPLE:
        index = header.indices.get(column)
        if index is None or column in header.source.columns:
            continue
        cells = {clean(row.cells[index]) for row in rows if not row.problem and index < len(row.cells)}
        people = sorted(cell for cell in cells if cell and not is_blank_token(cell))
        if len(people) > 1:
            theirs = " ".join(clean(header.cells[index]).split())
            raise DataError(
                f"has no column {CLIMBER_ID!r}, and names {len(people)} in {theirs!r}",
                path=name,
                value=", ".join(people[:3]),
                remedy=f"rename {theirs!r} to {CLIMBER_ID!r}, or give the rows of one",
            )
