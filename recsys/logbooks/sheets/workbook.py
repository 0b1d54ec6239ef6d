"""Excel workbooks (.xlsx) as rows of text, through openpyxl where it is at hand."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from recsys.errors import DataError
from recsys.extras import install
from recsys.logbooks.cells import as_cell

_SAVE: Final = "save it as CSV (UTF-8)"
_MAX_UNPACKED: Final = 100_000_000
_MAX_ROWS: Final = 250_000
_MAX_COLUMNS: Final = 2_000
_MAX_CELLS: Final = 20_000_000
_MAX_SHEETS: Final = 20
_DECIMALS: Final = re.compile(r"0\.(0{1,4})")
"""Formats that show a number of that many decimals, 5.1 as 5.10."""


def is_workbook(names: Sequence[str]) -> bool:
    """Whether an archive with these files is an Excel workbook."""
    return any(name.startswith("xl/") for name in names)


def workbook_rows(content: bytes, name: str) -> tuple[list[list[str]], tuple[str, ...]]:
    """The rows of the first sheet that has two or more, of two columns or more; else of one with a header.

    And remarks on the other sheets.

    Raises
    ------
    DataError
        openpyxl is missing, or the workbook is broken, protected or too large.
    """
    try:
        import openpyxl
    except ModuleNotFoundError:
        remedy = f"{install('xlsx')}, or {_SAVE}"
        raise DataError(
            "is an Excel workbook (.xlsx), which needs openpyxl", path=name, remedy=remedy
        ) from None
    _check_size(content, name)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheets = [(sheet.title, _rows(sheet)) for sheet in book.worksheets[:_MAX_SHEETS]]
    # A workbook is XML in a zip: what is broken in it shows as one of a dozen kinds of error.
    except Exception as error:
        problem = f"is an Excel workbook (.xlsx) that cannot be read: {' '.join(str(error).split())[:80]}"
        raise DataError(problem, path=name, remedy=f"open it and {_SAVE}") from error
    filled = [(title, rows) for title, rows in sheets if len(rows) > 1]
    filled.sort(key=lambda sheet: len(sheet[1][0]) < 2)  # lines of one cell each are a note, not a table
    filled = filled or [(title, rows) for title, rows in sheets if rows and len(rows[0]) > 1][:1]
    if not filled:
        raise DataError(
            "is an Excel workbook (.xlsx) without a table", path=name, remedy=f"open it and {_SAVE}"
        )
    (title, rows), *others = filled
    notes = tuple(
        f"sheet {other!r} ({len(more) - 1} rows) is not read, only {title!r}" for other, more in others
    )
    further = len(book.worksheets) - _MAX_SHEETS
    if further > 0:
        notes = (*notes, f"{further} sheets behind the first {_MAX_SHEETS} are not read")
    return rows, notes


def _rows(sheet: Any) -> list[list[str]]:
    if hasattr(sheet, "reset_dimensions"):
        sheet.reset_dimensions()
    # Without `max_col`: openpyxl would fill every row between two far cells up to it.
    rows = islice(sheet.iter_rows(), _MAX_ROWS + 2)
    texts = [row for each in rows if (row := _trimmed([_shown(cell) for cell in each[:_MAX_COLUMNS]]))]
    if len(texts) > _MAX_ROWS + 1:
        raise ValueError(f"its table has more than {_MAX_ROWS} rows")
    width = max(map(len, texts), default=0)
    if width * len(texts) > _MAX_CELLS:
        raise ValueError(f"its table has {len(texts)} rows and {width} columns")
    return [row + [""] * (width - len(row)) for row in texts]


def _shown(cell: Any) -> str:
    """A cell's value; a number with the zeros at its end that it shows: 5.10 is another grade than 5.1."""
    value = cell.value
    if not isinstance(value, float) or value.is_integer():
        return as_cell(value)
    text = as_cell(value)
    form = _DECIMALS.fullmatch(cell.number_format or "")
    shown = f"{value:.{len(form[1])}f}" if form else text
    return shown if float(shown) == value else text


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


def _check_size(content: bytes, name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > _MAX_UNPACKED:
        limit = f"{_MAX_UNPACKED // 1_000_000} MB once unpacked"
        raise DataError(f"holds more than {limit}", path=name, remedy=f"open it and {_SAVE}")
