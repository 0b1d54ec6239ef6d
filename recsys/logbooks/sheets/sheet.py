"""A file as rows of cells, before anyone has said which row is the header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import Final

from recsys.columns import CLIMB_ID, DATE
from recsys.errors import DataError
from recsys.logbooks.sheets.rows import RawRow, raw_rows

DELIMITERS: Final = ",;\t|"
BLANKS_BETWEEN: Final = 'part the values by commas, not by blanks (in R, write.table with sep = ",")'
_ROW_NUMBER: Final = re.compile(r"[1-9]\d{0,9}", re.ASCII)
_SEARCHED_ROWS: Final = 60
_SEARCHED_LETTERS: Final = 1 << 16


@dataclass(frozen=True)
class Sheet:
    """Either `text`, which a delimiter parts into cells, or `cells`, rows that are parted already.

    `kind` says what the file is ("CSV", "Parquet", "an Excel workbook"); `notes` what a person should know of
    how it was read.
    """

    name: str
    kind: str
    text: str | None = None
    cells: Sequence[Sequence[str]] = ()
    notes: tuple[str, ...] = ()

    def heads(self) -> Iterator[tuple[str, list[str]]]:
        """(delimiter, cells) of the first rows, for every delimiter that could be the file's."""
        if self.text is None:
            yield from (("", list(cells)) for cells in self.cells[:_SEARCHED_ROWS])
            return
        start = self.text[:_SEARCHED_LETTERS]
        for delimiter in [each for each in DELIMITERS if each in start] or DELIMITERS[0]:
            rows = _with_row_names(raw_rows(start, delimiter, self.name))
            yield from ((delimiter, row.cells) for row in islice(rows, _SEARCHED_ROWS))

    def rows(self, delimiter: str) -> Iterator[RawRow]:
        """Every row that is not blank, the header among them."""
        if self.text is not None:
            return _with_row_names(raw_rows(self.text, delimiter, self.name))
        # A row of Parquet is there even where it is blank: no editor leaves such rows by itself.
        every = self.kind == "Parquet"
        return (RawRow(0, list(cells)) for cells in self.cells if every or any(map(str.strip, cells)))

    def no_header(self) -> DataError:
        """Why there is no header: nothing is there, or the first row cannot be read."""
        start = (self.text or "")[:_SEARCHED_LETTERS]
        rows = [next(raw_rows(start, delimiter, self.name), None) for delimiter in DELIMITERS]
        problems = [row.problem for row in rows if row is not None and row.problem]
        if problems:
            problem, remedy = (
                f"has a first row that cannot be read: {problems[0]}",
                "give a row of column names",
            )
        else:
            problem, remedy = "is empty", "give a logbook as its site exports it"
        return DataError(problem, path=self.name, remedy=remedy)


def has_blanks_between(first: Sequence[str]) -> bool:
    """Whether the names of raw sends stand in one cell of a first row, so that blanks part its values."""
    filled = [cell for cell in first if cell.strip()]
    return len(filled) == 1 and {CLIMB_ID, DATE} <= {word.strip("\"'") for word in filled[0].split()}


def has_row_names(first: Sequence[RawRow]) -> bool:
    """Whether a file's first rows are a header, and rows that have a number before its columns.

    R's write.table numbers its rows so, and leaves the header one value short.
    """
    width = len(first[0].cells) + 1 if first else 0
    below = first[1:]
    if width < 3 or not below or any(len(row.cells) != width for row in below):
        return False
    numbers = [int(row.cells[0]) for row in below if _ROW_NUMBER.fullmatch(row.cells[0])]
    return len(numbers) == len(below) and all(a < b for a, b in pairwise(numbers))


def _with_row_names(rows: Iterator[RawRow]) -> Iterator[RawRow]:
    """The rows; where they have names and the header has none for these, it is given a blank one."""
    first = list(islice(rows, _SEARCHED_ROWS))
    if has_row_names(first):
        first[0] = first[0]._replace(cells=["", *first[0].cells])
    return chain(first, rows)
