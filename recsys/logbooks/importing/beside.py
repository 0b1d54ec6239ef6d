"""A mapping's `[join]` of a logbook that is asked for: the columns of a file beside it.

`recsys.logbooks.project` does the same for training. A logbook without its folder (posted, or of standard
input) has no such file, and neither has one that was copied alone: then it is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from recsys.errors import DataError
from recsys.logbooks.importing.header import Header
from recsys.logbooks.mapping import ColumnMapping
from recsys.logbooks.sheets import Sheet
from recsys.logbooks.sheets.open import open_path
from recsys.logbooks.sheets.rows import RawRow

_KNOWN: Final = "climbs that the model knows bring their own"


def with_beside(
    rows: Sequence[RawRow], header: Header, mapping: ColumnMapping, folder: Path | None
) -> tuple[Sequence[RawRow], Header, str]:
    """The rows and the header with the columns that the file beside brings; a note where it is not there.

    `header` is as it stands in the file.

    Raises
    ------
    DataError
        The file beside cannot be read, or has no column to find its rows by.
    """
    theirs = [plain(cell) for cell in header.cells]
    lacking = {each.column: ours for ours, each in mapping.columns.items() if each.column not in theirs}
    if mapping.join is None or not lacking:
        return rows, header, ""
    name, key = mapping.join
    path = None if folder is None else folder / name
    unread = f"no {', '.join(lacking.values())} is read; {_KNOWN}"
    if path is None or not path.is_file():
        return rows, header, f"{name} is not beside the logbook: {unread}"
    if key not in theirs:
        why = f"the logbook has no column {key!r} to find the rows of {name} by"
        return rows, header, f"{why}: {unread}"
    names, table = _table(open_path(path, max_rows=None), key)
    brought = [(cell, at) for at, cell in enumerate(names) if cell in lacking]
    found, nothing, width = theirs.index(key), [""] * len(names), len(theirs)

    def longer(row: RawRow) -> RawRow:
        if row.problem or len(row.cells) != width:
            return row
        more = table.get(row.cells[found].strip(), nothing)
        return row._replace(cells=[*row.cells, *(more[at] for _, at in brought)])

    cells = (*header.cells, *(cell for cell, _ in brought))
    return [longer(row) for row in rows], replace(header, cells=cells), ""


def _table(sheet: Sheet, key: str) -> tuple[list[str], dict[str, list[str]]]:
    """The names of the columns, and the first row of each key."""
    heads = ((delimiter, cells) for delimiter, cells in sheet.heads() if key in map(plain, cells))
    delimiter, cells = next(heads, ("", None))
    if cells is None:
        raise DataError(f"has no column {key!r}", path=sheet.name, remedy="correct [join] of the mapping")
    names = [plain(cell) for cell in cells]
    at = names.index(key)
    table: dict[str, list[str]] = {}
    for row in sheet.rows(delimiter):
        if not row.problem and len(row.cells) == len(names):
            table.setdefault(row.cells[at].strip(), row.cells)
    return names, table


def plain(cell: str) -> str:
    """A column's name as a mapping writes it."""
    return cell.strip().lstrip("\ufeff")
