"""Climbs and areas that are closed: nesting birds, access, a wall that was reset. They are never recommended.

A file has a climb or an area a line, or is a table with a column ``climb_id``, ``area`` or ``region``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recsys import columns as c
from recsys.logbooks.importing.listed import listed, open_list
from recsys.logbooks.importing.spelling import folded

_COLUMNS: Final = (c.CLIMB_ID, c.AREA, c.REGION)


@dataclass(frozen=True)
class Blocked:
    """Ids of climbs, and names of areas and regions, as `folded`; a plain entry may be either."""

    entries: frozenset[str] = frozenset()

    @classmethod
    def of(cls, entries: Iterable[str]) -> Blocked:
        """Of these ids and names; blank ones are left out."""
        return cls(frozenset(folded(each) for each in entries if each.strip()))


OPEN: Final = Blocked()  # nothing is closed


def read_blocked(path: Path) -> Blocked:
    """The closed climbs and areas of a file.

    Raises
    ------
    DataError
        The file cannot be read, or a row of a table cannot be read.
    """
    return Blocked.of(_entries(path))


def _entries(path: Path) -> Iterator[str]:
    sheet = open_list(path)
    table = listed(sheet, _COLUMNS)
    if table is not None:
        yield from (next((row[name] for name in _COLUMNS if row.get(name)), "") for row in table.rows)
    elif sheet.text is not None:
        yield from sheet.text.splitlines()
    else:
        yield from (next(filter(str.strip, cells), "") for cells in sheet.cells)
