"""Climbs and areas that are closed: nesting birds, access, a wall that was reset. They are never recommended.

A file has a climb or an area a line, or is a CSV with a column ``climb_id``, ``area`` or ``region``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recsys import columns as c
from recsys.files import read_text
from recsys.logbooks.importing.spelling import folded
from recsys.logbooks.sheets.rows import csv_rows, raw_rows

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
        The file cannot be read as text, or a row of a CSV cannot be read.
    """
    return Blocked.of(_entries(read_text(path), path))


def _entries(text: str, path: Path) -> Iterator[str]:
    first = next(raw_rows(text, ",", str(path)), None)
    header = [name.strip() for name in first.cells] if first else []
    if not set(header) & set(_COLUMNS):
        yield from text.splitlines()
        return
    for cells in csv_rows(text, path)[1:]:
        row = dict(zip(header, cells, strict=False))
        yield next((row[name] for name in _COLUMNS if row.get(name, "").strip()), "")
