"""Finds a logbook's header, below a preamble if there is one, and the source that writes such headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from recsys.errors import DataError, UsageError
from recsys.logbooks.importing.source import Source
from recsys.logbooks.importing.sources import SOURCES
from recsys.logbooks.importing.table import raw_rows
from recsys.logbooks.importing.text import key

AUTO: Final = "auto"
_SEARCHED_ROWS: Final = 60
_SEARCHED_LETTERS: Final = 1 << 16
_DELIMITERS: Final = ",;\t"


@dataclass(frozen=True)
class Header:
    """Whose it is, the delimiter, the places of the columns by `text.key`, and the raw cells themselves."""

    source: Source
    delimiter: str
    places: Mapping[str, int]
    cells: tuple[str, ...]


def source_named(name: str) -> Source | None:
    """The source of that name, None for "auto". Raises UsageError when there is none."""
    if name != AUTO and name not in SOURCES:
        raise UsageError(f"there is no source {name!r}; choose from {', '.join((AUTO, *SOURCES))}")
    return SOURCES.get(name)


def find_header(text: str, path: str, wanted: str = AUTO) -> Header:
    """The header: the row, among the first, of which the most columns are those of one source.

    Raises
    ------
    DataError
        No row is a header of the wanted source (or of any), or one is as much of one source as of another.
    UsageError
        There is no source of the wanted name.
    """
    sources = [source] if (source := source_named(wanted)) else list(SOURCES.values())
    found: list[tuple[int, Header]] = []
    for delimiter in _DELIMITERS:
        for row in _first_rows(text, delimiter):
            found += _claims(row, delimiter, sources)
    best = max((score for score, _ in found), default=0)
    headers = [header for score, header in found if score == best]
    names = sorted({header.source.name for header in headers})
    if not headers:
        raise _unknown(text, path, source)
    if len(names) > 1:
        problem = f"its header may be of {' or '.join(names)}"
        raise DataError(problem, path=path, remedy=f"name it, as in --source {names[0]}")
    return headers[0]


def _claims(row: list[str], delimiter: str, sources: list[Source]) -> Iterator[tuple[int, Header]]:
    keys = [key(cell) for cell in row[:200]]
    # Of two columns of one name the first counts.
    places = {name: place for place, name in reversed([*enumerate(keys)]) if name}
    for source in sources:
        if score := source.claims(set(places)):
            yield score, Header(source, delimiter, places, tuple(row))


def _first_rows(text: str, delimiter: str) -> Iterator[list[str]]:
    rows = raw_rows(text[:_SEARCHED_LETTERS], delimiter, "")
    return (row.cells for row in islice(rows, _SEARCHED_ROWS))


def _unknown(text: str, path: str, wanted: Source | None) -> DataError:
    first = next((row for row in _first_rows(text, ",") if any(cell.strip() for cell in row)), [])
    if not first:
        return DataError("is empty", path=path, remedy="give a logbook as its site exports it")
    shown = ", ".join(" ".join(cell.split()) for cell in first)
    if wanted is None:
        problem = "is of no known source by its header"
        return DataError(problem, path=path, value=shown, remedy=f"known are {', '.join(SOURCES)}")
    needed = ", ".join(sorted(wanted.required)) + f" and one of {', '.join(sorted(wanted.telling))}"
    problem = f"has no header of {wanted.title}"
    return DataError(problem, path=path, value=shown, remedy=f"it needs {needed}; or leave --source out")
