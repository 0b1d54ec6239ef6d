"""A file as rows of cells, before anyone has said which row is the header."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from recsys.logbooks.sheets.rows import RawRow, raw_rows

DELIMITERS: Final = ",;\t"
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
            rows = raw_rows(start, delimiter, self.name)
            yield from ((delimiter, row.cells) for row in islice(rows, _SEARCHED_ROWS))

    def rows(self, delimiter: str) -> Iterator[RawRow]:
        """Every row that is not blank, the header among them."""
        if self.text is not None:
            return raw_rows(self.text, delimiter, self.name)
        return (RawRow(0, list(cells)) for cells in self.cells if any(cells))
