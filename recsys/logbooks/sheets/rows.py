"""Rows of a delimited text, with the line of each, whatever state its quotes are in.

A quote that is never closed would swallow the rows below it into one cell. Such a row is given up alone:
reading goes on at its next line. Everything that a hostile file could make long is bounded: lines, cells, and
how often a row is tried again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

from recsys.errors import DataError

NEVER_CLOSED: Final = "a quoted value is never closed"
LONG_VALUE: Final = "a quoted value is never closed, or very long"
TOO_LONG: Final = "a line is longer than a million characters"
MAX_LINE: Final = 1_000_000
MAX_COLUMNS: Final = 2_000
_MAX_LINES: Final = 400
_MAX_BROKEN: Final = 100
"""A file with more rows that cannot be read is no CSV, and would take long."""


class RawRow(NamedTuple):
    """A row's cells and the line of the file that it begins on (from 1); `problem` is why it has no cells."""

    line: int
    cells: list[str]
    problem: str = ""
    text: str = ""


def raw_rows(text: str, delimiter: str, path: str) -> Iterator[RawRow]:
    """Every row that is not blank, in order.

    Raises
    ------
    DataError
        More than a hundred rows have a quote that is never closed.
    """
    lines = list(io.StringIO(text, newline=""))
    quoted = '"' in text
    at = broken = 0
    while at < len(lines):
        taken, row = _next(lines, at, delimiter, quoted)
        at += taken
        if row is None:
            continue
        if row.problem:
            broken += 1
            if broken > _MAX_BROKEN:
                problem = "quoted values are never closed in more than 100 rows"
                raise DataError(problem, path=path, remedy="export it again as CSV")
        yield row


def cells_of(line: str) -> list[str]:
    """The cells of a line that was a row of a CSV; what cannot be parted is one cell, whole."""
    row = next(raw_rows(line, ",", ""), None)
    if row is None:
        return []
    return [line] if row.problem else row.cells


def as_text(cells: Sequence[str]) -> str:
    """Cells as one CSV line."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _next(lines: Sequence[str], at: int, delimiter: str, quoted: bool) -> tuple[int, RawRow | None]:
    """(how many lines the row at `at` takes, the row); no row where it is blank."""
    line = lines[at]
    if len(line) > MAX_LINE or line.count(delimiter) >= MAX_COLUMNS:
        problem = TOO_LONG if len(line) > MAX_LINE else f"more than {MAX_COLUMNS} values"
        return 1, RawRow(at + 1, [], problem, line[:200])
    if not quoted or '"' not in line:
        if line.isspace():
            return 1, None
        taken, cells = 1, line.rstrip("\r\n").split(delimiter)
    else:
        taken, found = _row(lines, at, delimiter)
        if found is None:
            problem = LONG_VALUE if len(line) > csv.field_size_limit() else NEVER_CLOSED
            return 1, RawRow(at + 1, [], problem, line.strip()[:20_000])
        cells = found
    return taken, RawRow(at + 1, cells) if any(cell and not cell.isspace() for cell in cells) else None


def _row(lines: Sequence[str], at: int, delimiter: str) -> tuple[int, list[str] | None]:
    """(how many lines the row at `at` takes, its cells); (1, None) where its quotes are broken.

    Strictly first: a quote that was left open meets the quotes of a later row, and shows there. Then the line
    alone, as leniently as spreadsheets read it ("he said "go" twice").
    """
    rows = (
        _read(lines, at, end, delimiter, strict) for end, strict in ((at + _MAX_LINES, True), (at + 1, False))
    )
    return next((row for row in rows if row is not None), (1, None))


def _read(
    lines: Sequence[str], at: int, end: int, delimiter: str, strict: bool
) -> tuple[int, list[str]] | None:
    end = min(end, len(lines))
    # Only an open quote makes the reader go on to the line after the last.
    window = chain((lines[i] for i in range(at, end)), [""])
    reader = csv.reader(window, delimiter=delimiter, strict=strict)
    try:
        cells = next(reader, [])
    except csv.Error:
        return None
    return None if reader.line_num > end - at else (max(reader.line_num, 1), cells)
