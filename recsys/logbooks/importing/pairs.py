"""A mapping of ids in a file: its first two columns, an id and the id of the same climb to use instead."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from recsys.errors import DataError
from recsys.logbooks.sheets import RawRow, Sheet, open_path

_REMEDY: Final = "write two columns: an id, and the id to use instead"


class Pair(NamedTuple):
    """A row of the mapping, and its number in the file (the header, if there is one, is not counted)."""

    row: int
    ours: str
    theirs: str


def read_pairs(path: Path) -> list[Pair]:
    """The rows of a mapping, with or without a header, of any kind of file that is read.

    Raises
    ------
    DataError
        It cannot be read, has no second column, a row has one id alone, or two rows say different things of
        one id.
    """
    sheet = open_path(path)
    rows = [_two(row) for row in _rows(sheet, path)]
    if rows and _is_header(*rows[0]):
        del rows[0]
    pairs: dict[str, Pair] = {}
    for number, (ours, theirs) in enumerate(rows, 1):
        if not ours or not theirs:
            raise DataError("has one id alone", path=path, row=number, value=ours + theirs, remedy=_REMEDY)
        first = pairs.setdefault(ours, Pair(number, ours, theirs))
        if first.theirs != theirs:
            problem = f"maps {ours!r} to {first.theirs!r} in row {first.row} and to another here"
            raise DataError(problem, path=path, row=number, value=theirs, remedy="keep one of the two")
    return list(pairs.values())


def _rows(sheet: Sheet, path: Path) -> list[RawRow]:
    """The rows, by the delimiter that parts most of them; without the nameless index that pandas writes."""
    tried: dict[str, int] = {}
    for delimiter, cells in sheet.heads():
        tried[delimiter] = tried.get(delimiter, 0) + (len(cells) > 1)
    if not any(tried.values()):
        raise DataError("has no two columns", path=path, remedy=_REMEDY)
    rows = list(sheet.rows(max(tried, key=lambda each: tried[each])))
    if len(rows[0].cells) > 2 and not rows[0].cells[0].strip():
        return [row._replace(cells=row.cells[1:]) for row in rows]
    return rows


def _two(row: RawRow) -> tuple[str, str]:
    ours, theirs = ([cell.strip() for cell in row.cells[:2]] + ["", ""])[:2]
    return ours, theirs


def _is_header(ours: str, theirs: str) -> bool:
    """Whether a first row names the columns: words alone, where ids have a number or an "@"."""
    return not any(c.isdigit() or c == "@" for c in ours + theirs)
