"""Finds a logbook's header, below a preamble if there is one, and the source that writes such headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from recsys import columns as c
from recsys.errors import DataError, UnknownSourceError, UsageError
from recsys.logbooks.importing.source import Source
from recsys.logbooks.importing.sources import SOURCES
from recsys.logbooks.importing.text import clean, key
from recsys.logbooks.sheets import Sheet
from recsys.logbooks.sheets.rows import MAX_COLUMNS
from recsys.logbooks.sheets.sheet import BLANKS_BETWEEN, has_blanks_between

AUTO: Final = "auto"
_MAX_COLUMNS: Final = 200
"""Looked at of a row below the first: a site has no more, and a file's sixty first rows are looked at."""
_LONGEST: Final = 200
"""Characters that are looked at of a cell which may bear a site's marks."""


@dataclass(frozen=True)
class Header:
    """Whose it is, the delimiter, the indices of the columns by `text.key`, and the raw cells themselves.

    `rating_range` and `rating_blank` are those of a mapping, where the file is read by one (`mapped`).
    """

    source: Source
    delimiter: str
    indices: Mapping[str, int]
    cells: tuple[str, ...]
    rating_range: tuple[float, float] = c.STARS
    rating_blank: tuple[float, ...] = ()
    mapped: bool = False


def source_named(name: str) -> Source | None:
    """The source of that name, None for "auto". Raises UsageError when there is none."""
    if name != AUTO and name not in SOURCES:
        raise UsageError(f"there is no source {name!r}; choose from {', '.join((AUTO, *SOURCES))}")
    return SOURCES.get(name)


def find_header(sheet: Sheet, wanted: str | Source = AUTO, hint: str = "") -> Header:
    """The header: the row, among the first, of which the most columns are those of one source.

    `hint` is what to do, before what else can be done, where there is none.

    Raises
    ------
    DataError
        No row is a header of the wanted source (or of any), or one is as much of one source as of another.
    UsageError
        There is no source of the wanted name.
    """
    source = source_named(wanted) if isinstance(wanted, str) else wanted
    sources = [source] if source else list(SOURCES.values())
    heads = list(_heads(sheet))
    found = [claim for head in heads for claim in _claims(head, sources, source is not None, heads)]
    best = max((score for score, _ in found), default=0)
    headers = [header for score, header in found if score == best]
    names = sorted({header.source.name for header in headers})
    if not headers:
        raise _unknown(sheet, heads, source, hint)
    if len(names) > 1:
        problem = f"its header may be of {' or '.join(names)}"
        raise DataError(problem, path=sheet.name, remedy=f"name it, as in `source` {names[0]}")
    return headers[0]


@dataclass(frozen=True)
class _Head:
    """One of the first rows, read with a delimiter; `first` when nothing stands above it."""

    delimiter: str
    cells: list[str]
    first: bool


def _heads(sheet: Sheet) -> Iterator[_Head]:
    before = None
    for delimiter, cells in sheet.heads():
        yield _Head(delimiter, cells, delimiter != before)
        before = delimiter


def _claims(
    head: _Head, sources: Sequence[Source], named: bool, heads: Sequence[_Head]
) -> Iterator[tuple[int, Header]]:
    indices = _indices(head.cells, MAX_COLUMNS if head.first else _MAX_COLUMNS)
    sources = sources if len(indices) > 1 or named else ()
    for source in sources:
        if source.first_row and not head.first:
            continue
        cells = (cell[:_LONGEST] for each in heads if each.delimiter == head.delimiter for cell in each.cells)
        if score := source.claims(set(indices), named, cells):
            # The contract's own names are no accident: they count before any site's.
            score += 1000 * source.own_columns
            yield score, Header(source, head.delimiter, indices, tuple(head.cells))


def _indices(cells: Sequence[str], most: int = _MAX_COLUMNS) -> dict[str, int]:
    """Column name to index; of two columns of one name the first counts."""
    keys = [key(cell) for cell in cells[:most]]
    return {name: index for index, name in reversed([*enumerate(keys)]) if name}


def _unknown(sheet: Sheet, heads: Sequence[_Head], wanted: Source | None, hint: str) -> DataError:
    first = next((head.cells for head in heads if head.cells), [])
    if not first or not heads[0].cells:
        return sheet.no_header()
    shown = ", ".join(" ".join(cell.split())[:40] for cell in first[:30])
    what = "" if sheet.kind == "CSV" else f"is {sheet.kind} that "
    if wanted is None:
        problem = f"{what}is of no known source by its header"
        remedy = BLANKS_BETWEEN if has_blanks_between(first) else hint + _nearest(heads)
        error = UnknownSourceError(problem, path=sheet.name, value=shown, remedy=remedy)
        error.columns = _named(heads)
        return error
    needed = ", ".join(sorted(wanted.required)) + f" and one of {', '.join(sorted(wanted.telling))}"
    problem = f"{what}has no header of {wanted.title}"
    return DataError(
        problem, path=sheet.name, value=shown, remedy=f"it needs {needed}; or leave `source` out"
    )


def _named(heads: Sequence[_Head]) -> tuple[str, ...]:
    """The names in the first of the rows that have most filled cells: what a person may choose from."""
    rows = [[" ".join(clean(cell).split()) for cell in head.cells[:_MAX_COLUMNS]] for head in heads]
    row = max(rows, key=lambda cells: sum(map(bool, cells)), default=[])
    return tuple(dict.fromkeys(cell for cell in row if cell))


def _nearest(heads: Sequence[_Head]) -> str:
    """The source that shares most columns with a row of the file, why it is not that one, and what to do."""
    rows = [set(_indices(head.cells)) for head in heads]
    pairs = [(len(source.columns & row), source, row) for row in rows for source in SOURCES.values()]
    shared, source, row = max(pairs, key=lambda pair: pair[0], default=(0, None, set()))
    near = ""
    if source and shared > 1:
        near = f"the nearest is {source.title}, which {source.lacks(row) or 'has nothing above its header'}; "
    columns = "map your own columns as in `columns` date=Date,climb=Route"
    return f"known are {', '.join(SOURCES)}; {near}{columns}"
