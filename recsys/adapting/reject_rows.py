"""rejects.csv without some climbers: what could not be read of somebody's file names them too."""

from __future__ import annotations

import contextlib
import csv
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from recsys import columns as c
from recsys.spreadsheet import restored

_ANY_BYTES: Final[dict[str, Any]] = {"encoding": "utf-8", "errors": "surrogateescape"}
_DELIMITERS: Final = re.compile(r"[,;\t|]")


def without_rows(source: Path, target: Path, climbers: Sequence[str]) -> None:
    """A CSV file without the rows that name one of the ids.

    A cell is an id as `recsys.spreadsheet.inert` writes it, or holds a whole row of a file that could not be
    parted: what any delimiter parts of it is looked at. A damaged byte stays what it is.
    """
    named = set(climbers)
    with (
        source.open(newline="", **_ANY_BYTES) as old,
        target.open("w", newline="", **_ANY_BYTES) as new,
        _long_cells(),
    ):
        csv.writer(new).writerows(row for row in csv.reader(old) if named.isdisjoint(_named_in(row)))


def named_in(path: Path, climbers: set[str]) -> set[str]:
    """Those of the climbers that a row is of."""
    found = set[str]()
    with path.open(newline="", **_ANY_BYTES) as file, _long_cells():
        rows = csv.reader(file)
        header = next(rows, [])
        for row in rows:
            found |= climbers.intersection(_named_in(_climber_of(row, header)))
    return found


def _climber_of(row: Sequence[str], header: Sequence[str]) -> Sequence[str]:
    """The cell with the climber's id; all that were read of a row where another name or none tells it."""
    if c.CLIMBER_ID in header and len(row) == len(header):
        return [row[header.index(c.CLIMBER_ID)]]
    return row[2:]  # after its number and the reasons


def _named_in(row: Sequence[str]) -> Iterator[str]:
    """What the cells of a row may name."""
    for cell in row:
        for part in (cell, *_DELIMITERS.split(cell)):
            plain = part.strip()
            yield from (plain, restored(plain), plain.strip("\"'").strip())


@contextlib.contextmanager
def _long_cells() -> Iterator[None]:
    """Let a cell be as long as a reject's line may have been."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
