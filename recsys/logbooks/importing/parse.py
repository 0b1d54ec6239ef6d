"""Reads one logbook, from bytes to ascents, in pure Python: what import, `recommend` and the service share.

What is refused as a whole is a `DataError`. A row that cannot be used is a `Reject`, with every reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import PurePath
from typing import Final

from recsys.logbooks.grade_context import GUESSED
from recsys.logbooks.importing.ascents import Dated, ascents_of, oldest_first
from recsys.logbooks.importing.contract import BLANK_TOKENS, read_contract
from recsys.logbooks.importing.dates import Order, When, order_of, read_date
from recsys.logbooks.importing.header import AUTO, Header, find_header, source_named
from recsys.logbooks.importing.model import Draft, Parsed, Reject, Wanted
from recsys.logbooks.importing.own import check_columns, own_source
from recsys.logbooks.importing.source import Cells, Seen
from recsys.logbooks.importing.unread import unread_columns
from recsys.logbooks.sheets import MAX_ROWS, RawRow, Sheet, open_sheet
from recsys.logbooks.sheets.open import too_large
from recsys.logbooks.sheets.rows import as_text
from recsys.logbooks.styles import ATTEMPT, UNKNOWN, UNKNOWN_KEPT

_PARTIAL: Final = {
    "month": "date known to the month: the middle of it is used",
    "year": "date known to the year: the middle of it is used",
    "logged": "date missing: the day it was logged is used",
}


@dataclass
class _Reading:
    """A logbook while it is read."""

    name: str
    header: Header
    wanted: Wanted
    order: Order
    seen: Seen = field(default_factory=Seen)
    drafts: list[Dated] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    n_read: int = 0

    def reject(self, row: RawRow, reasons: str, value: str = "") -> None:
        text = row.text or as_text(row.cells)
        self.rejects.append(Reject(self.name, self.n_read, row.line, reasons, value[:200], text[:20_000]))


def parse_logbook(
    content: bytes,
    name: str,
    source: str = AUTO,
    wanted: Wanted | None = None,
    columns: Mapping[str, str] | None = None,
) -> Parsed:
    """Read a logbook as its site exports it, or raw sends.

    Parameters
    ----------
    content:
        The file's bytes: CSV (commas, semicolons or tabs) in UTF-8, UTF-16 or Windows-1252, plain or gzipped;
        JSON; Parquet and Excel where pyarrow and openpyxl are at hand.
    name:
        The file's name, for messages; its stem is the climber's id where `wanted` gives none.
    source:
        A name in `SOURCES`, or "auto" to tell by the header.
    wanted:
        What to take; sends of every discipline by default, and ascents whose outcome is unknown.
    columns:
        The columns of a spreadsheet of one's own, {ours: theirs} (`own.parse_columns`), in place of a source.

    Raises
    ------
    DataError
        The file is too large, or is no logbook of the source (one line).
    UsageError
        There is no such source or column.
    """
    source_named(source)
    return parse_sheet(open_sheet(content, _printable(name) or "the logbook"), source, wanted, columns)


def parse_sheet(
    sheet: Sheet,
    source: str = AUTO,
    wanted: Wanted | None = None,
    columns: Mapping[str, str] | None = None,
    max_rows: int | None = MAX_ROWS,
) -> Parsed:
    """The same of a file that is open already; `max_rows` is None for no limit."""
    if columns is not None:
        check_columns(columns, sheet)
    header = find_header(sheet, source if columns is None else own_source(columns))
    rows = list(_data_rows(sheet, header, max_rows))
    wanted = _named(wanted or Wanted(), sheet.name)
    read = read_contract if header.source.name == "sends" else _parse_rows
    parsed = read(rows, sheet.name, header, wanted)
    notes = Counter(parsed.notes) + unread_columns(rows, header)
    notes.update(sheet.notes)
    return replace(parsed, notes=dict(notes))


def _parse_rows(rows: Sequence[RawRow], name: str, header: Header, wanted: Wanted) -> Parsed:
    """Rows of a site's logbook, in the order of the file, under a known header."""
    indices = [header.indices[column] for column in header.source.date_columns if column in header.indices]
    dates = (row.cells[index] for row in rows for index in indices if index < len(row.cells))
    reading = _Reading(name, header, wanted, order_of(dates, header.source.day_first))
    for row in rows:
        _read_row(row, reading)
    ascents, guessed = ascents_of(reading.drafts, str(wanted.climber), header.source.name, name)
    if guessed:
        reading.notes[GUESSED] = guessed
    if reading.seen.tokens:
        reading.notes[BLANK_TOKENS] = reading.seen.tokens
    names_climbers = any(draft.climber for _, draft, _ in reading.drafts)
    return Parsed(
        oldest_first(ascents), reading.rejects, header.source.name, dict(reading.notes), reading.n_read,
        names_climbers=names_climbers,
    )  # fmt: skip


def _data_rows(sheet: Sheet, header: Header, max_rows: int | None) -> Iterator[RawRow]:
    """The rows below the header, wherever that is."""
    rows = sheet.rows(header.delimiter)
    for row in rows:
        if tuple(row.cells) == header.cells:
            break
    yield from islice(rows, max_rows)
    if next(rows, None) is not None:
        raise too_large(sheet.name, f"{max_rows} rows")


def _named(wanted: Wanted, name: str) -> Wanted:
    stem = PurePath(name.replace("\\", "/")).name.partition(".")[0].strip()
    return wanted if wanted.climber is not None else replace(wanted, climber=stem or "climber")


def _printable(name: str) -> str:
    """A file's name as it can be shown: bytes that are no text, and control characters, do not stay."""
    return "".join(c for c in name.encode("utf-8", "replace").decode() if c.isprintable())


def _read_row(row: RawRow, reading: _Reading) -> None:
    reading.n_read += 1
    header = reading.header
    width = len(header.cells)
    if row.problem:
        reading.reject(row, row.problem)
    elif tuple(row.cells) == header.cells:
        reading.reject(row, "the header again")
    elif any(cell.strip() for cell in row.cells[width:]):
        reading.reject(row, f"more values than the header's {width}")
    else:
        _use(row, header.source.read(Cells(header.indices, row.cells, reading.seen)), reading)


def _use(row: RawRow, draft: Draft, reading: _Reading) -> None:
    """Keep the draft, or reject the row for all that is wrong with it."""
    when = _when(draft, reading)
    reasons = list(_reasons(draft, when, reading.wanted))
    if when is None or reasons:
        reading.reject(
            row, "; ".join(reason for reason, _ in reasons), next((v for _, v in reasons if v), "")
        )
        return
    reading.drafts.append(Dated(reading.n_read, draft, when))
    _note(draft, when, reading)


def _reasons(draft: Draft, when: When | None, wanted: Wanted) -> Iterator[tuple[str, str]]:
    """(reason, value) of everything that keeps a row out."""
    if draft.outcome == ATTEMPT and not wanted.attempts and not draft.problems:
        yield "attempt", draft.style
    if draft.outcome == UNKNOWN and not wanted.unknown and not draft.problems:
        yield "outcome unknown", draft.style
    for problem in draft.problems:
        yield problem, ""
    if wanted.discipline not in ("all", draft.discipline):
        yield f"not a {wanted.discipline}", draft.climb_type or draft.grade
    if not (draft.name or draft.site_id):
        yield "no name of the climb", ""
    if when is None:
        given = draft.date or draft.logged
        yield "date cannot be read" if given else "no date", given


def _when(draft: Draft, reading: _Reading) -> When | None:
    """The date of the ascent, else of its entry; a site that logs days alone fills in a time of its own."""
    when = read_date(
        draft.date or draft.logged, reading.order.day_first, local=True, settled=reading.order.settled
    )
    if when is None:
        return None
    if reading.header.source.days_only and when.precision == "time":
        when = When(when.date[:10], "day")
    known = draft.precision if draft.date else "logged"
    return when._replace(precision=known) if known else when


def _note(draft: Draft, when: When, reading: _Reading) -> None:
    reading.notes.update(draft.notes)
    if when.precision in _PARTIAL:
        reading.notes[_PARTIAL[when.precision]] += 1
    if when.unsure:
        order = "day/month" if reading.order.day_first else "month/day"
        reading.notes[f"date could be read two ways: read as {order}"] += 1
    if draft.outcome == UNKNOWN:
        reading.notes[UNKNOWN_KEPT] += 1
