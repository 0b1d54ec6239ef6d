"""Raw sends a column at a time: the contract's columns as text, and what the import adds to them.

A column of a community's sends holds few different texts: each is looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from recsys import columns as c
from recsys.errors import DataError
from recsys.logbooks import reasons
from recsys.logbooks.cells import is_blank_token, on_distinct
from recsys.logbooks.grade_context import Logged
from recsys.logbooks.importing.climb_kinds import discipline
from recsys.logbooks.importing.header import Header
from recsys.logbooks.importing.model import Draft, Reject
from recsys.logbooks.importing.source import Cells, Seen
from recsys.logbooks.importing.text import key
from recsys.logbooks.sheets.rows import RawRow, as_text
from recsys.spreadsheet import restored

IDS: Final = (c.CLIMBER_ID, c.CLIMB_ID)
LONGEST_SHOWN: Final = 20_000
"""Characters of a row's text that a reject keeps."""
Texts = list[str | None]


@dataclass(frozen=True)
class Table:
    """The rows that have their cells: every list has one entry a row, None where blank.

    `numbers` counts the file's rows from 1. `added` are the cells that only the import reads (an outcome, a
    repeat), and `drafts` what they say, once for each different row of them. `n_tokens` counts blank tokens.
    """

    rows: Sequence[RawRow]
    numbers: Sequence[int]
    texts: Mapping[str, Texts]
    added: Sequence[tuple[str, ...]]
    drafts: Mapping[tuple[str, ...], Draft]
    n_tokens: int

    def column(self, name: str) -> Texts:
        """A column's texts, blank throughout where the file does not have it."""
        return self.texts.get(name) or [None] * len(self.rows)

    def of_draft(self, column: Callable[[Draft], str]) -> list[str]:
        """What the import adds, a column of it."""
        return on_distinct(lambda cells: column(self.drafts[cells]), self.added)

    def logged(self) -> list[Logged]:
        """The grades, and what tells the system of each."""
        return on_distinct(
            self._logged, zip(self.column(c.GRADE), self.column(c.CLIMB_TYPE), self.added, strict=True)
        )

    def _logged(self, cells: tuple[str | None, str | None, tuple[str, ...]]) -> Logged:
        grade, kind, draft = cells[0] or "", cells[1] or "", self.drafts[cells[2]]
        return Logged(grade, draft.discipline or discipline(kind, grade), kind, draft.country)


def read_table(rows: Sequence[RawRow], header: Header, name: str) -> tuple[Table, list[Reject]]:
    """The rows that have their cells, and those that do not as rejects.

    Raises
    ------
    DataError
        A column of the contract is there twice.
    """
    indices = _indices(header, name)
    width = len(header.cells)
    numbers = [n for n, row in enumerate(rows, 1) if not row.problem and len(row.cells) == width]
    whole = [rows[number - 1] for number in numbers]
    there = set(numbers)
    rejects = [_ragged(n, row, width, name) for n, row in enumerate(rows, 1) if n not in there]
    columns = list(zip(*(row.cells for row in whole), strict=True)) or [()] * width
    texts, n_tokens = {}, 0
    for column, index in indices.items():
        texts[column], tokens = _texts(column, columns[index])
        n_tokens += tokens
    more = _added(header)
    cells = [columns[index] for index in more.values()]
    added = list(zip(*cells, strict=True)) if cells else [()] * len(whole)
    places = {column: place for place, column in enumerate(more)}
    drafts = {each: header.source.read(Cells(places, each)) for each in dict.fromkeys(added)}
    return Table(whole, numbers, texts, added, drafts, n_tokens), rejects


def reject(row: RawRow, number: int, reason: str, value: str, name: str) -> Reject:
    """A row that is not used."""
    text = row.text or as_text(row.cells)
    return Reject(name, number, row.line, reason, value[:200], text[:LONGEST_SHOWN])


def _ragged(number: int, row: RawRow, width: int, name: str) -> Reject:
    value = row.problem or reasons.ragged(len(row.cells), width).problem
    return reject(row, number, row.problem or reasons.RAGGED, value, name)


def _indices(header: Header, name: str) -> dict[str, int]:
    """The contract's columns that the header has, by index: the exact name first, else without case and
    marks.
    """
    indices = {}
    for column in (*c.REQUIRED, *c.OPTIONAL):
        exact = [index for index, cell in enumerate(header.cells) if cell.strip().lstrip("\ufeff") == column]
        if len(exact) > 1:
            raise DataError(f"has the column {column!r} twice", path=name, remedy="rename or remove one")
        index = exact[0] if exact else header.indices.get(key(column))
        if index is not None:
            indices[column] = index
    return indices


def _added(header: Header) -> dict[str, int]:
    """The columns that the source itself asks for, by index."""
    seen = Seen()
    header.source.read(Cells({}, (), seen))
    return {column: header.indices[column] for column in sorted(seen.asked) if column in header.indices}


def _texts(column: str, cells: Sequence[str]) -> tuple[Texts, int]:
    """A column's texts, and how many of its cells hold a blank token, which stays what it is in an id."""
    texts: Texts = on_distinct(_text, cells)
    tokens = set() if column in IDS else {each for each in set(texts) if each and is_blank_token(each)}
    if not tokens:
        return texts, 0
    return [None if each in tokens else each for each in texts], sum(each in tokens for each in texts)


def _text(cell: str) -> str | None:
    return restored(cell.strip()) or None
