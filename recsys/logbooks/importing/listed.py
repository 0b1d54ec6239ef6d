"""A table that a person writes beside the model (closed climbs, limits), of any kind of file that is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from recsys.errors import DataError
from recsys.logbooks.importing.text import key
from recsys.logbooks.sheets import Sheet, open_path
from recsys.logbooks.sheets.open import read_content
from recsys.logbooks.sheets.sheet import DELIMITERS

_BLANK = b"\xef\xbb\xbf \t\r\n"


class Listed(NamedTuple):
    """The names of the columns, and each row's cells by them; a column without a name is left out."""

    header: list[str]
    rows: list[dict[str, str]]


def open_list(path: Path) -> Sheet:
    """The file's sheet; one without rows where it is blank: nothing is closed today.

    Raises
    ------
    DataError
        It cannot be read, or is something that is not read.
    """
    if path.is_file() and not read_content(path).strip(_BLANK):
        return Sheet(str(path), "CSV", text="")
    return open_path(path, max_rows=None)


def listed(sheet: Sheet, names: Sequence[str]) -> Listed | None:
    """The table below a header with some of the names, in whichever case; None where there is no such header.

    Raises
    ------
    DataError
        A row cannot be read; the first one is named.
    """
    known = {_name(each): each for each in names}
    heads: dict[str, list[str]] = {}
    for delimiter, cells in sheet.heads():
        heads.setdefault(delimiter, [known.get(_name(cell), cell.strip()) for cell in cells])
    delimiter = max(heads, key=lambda each: len(set(heads[each]) & set(names)), default="")
    header = heads.get(delimiter, [])
    if not set(header) & set(names):
        return None
    rows = list(sheet.rows(delimiter if len(header) > 1 else DELIMITERS[0]))
    for number, row in enumerate(rows):
        if row.problem:
            raise DataError(row.problem, path=sheet.name, row=number, value=row.text, remedy="correct it")
    named = [
        {name: cell.strip() for name, cell in zip(header, row.cells, strict=False) if name}
        for row in rows[1:]
    ]
    return Listed([name for name in header if name], named)


def _name(cell: str) -> str:
    """A column's name, however its words are parted: "climb_id", "Climb ID" and "climbId" are one."""
    return key(cell).replace(" ", "")
