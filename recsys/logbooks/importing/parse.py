"""Reads one logbook, from bytes to ascents, in pure Python: what `recsys import` and a service share.

What is refused as a whole is a `DataError`. A row that cannot be used is a `Reject`, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from pathlib import PurePath
from typing import Final

from recsys.errors import DataError
from recsys.logbooks.importing.dates import When, day_first, read_date
from recsys.logbooks.importing.grades import readable
from recsys.logbooks.importing.header import AUTO, Header, find_header
from recsys.logbooks.importing.ids import climb_id
from recsys.logbooks.importing.model import ATTEMPT, UNKNOWN, Ascent, Draft, Parsed, Reject, Wanted
from recsys.logbooks.importing.source import Cells
from recsys.logbooks.importing.table import RawRow, as_text, raw_rows
from recsys.logbooks.importing.text import decode

MAX_BYTES: Final = 50_000_000
MAX_ROWS: Final = 250_000
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
    day_first: bool
    rows: list[Ascent] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    n_read: int = 0

    def reject(self, row: RawRow, reason: str, value: str = "") -> None:
        text = row.text or as_text(row.cells)
        self.rejects.append(Reject(self.name, self.n_read, row.line, reason, value[:200], text[:20_000]))


def parse_logbook(content: bytes, name: str, source: str = AUTO, wanted: Wanted | None = None) -> Parsed:
    """Read a logbook as its site exports it.

    Parameters
    ----------
    content:
        The file's bytes: CSV (commas, semicolons or tabs) in UTF-8, UTF-16 or Windows-1252.
    name:
        The file's name, for messages; its stem is the climber's id where `wanted` gives none.
    source:
        A name in `SOURCES`, or "auto" to tell by the header.
    wanted:
        What to take; sends of every discipline by default, and ascents whose outcome is unknown.

    Raises
    ------
    DataError
        The file is too large, or is no logbook of the source (one line).
    UsageError
        There is no such source.
    """
    name = _printable(name) or "the logbook"
    if len(content) > MAX_BYTES:
        raise _too_large(name, f"{MAX_BYTES // 1_000_000} MB")
    if content.startswith(b"PAR1"):
        raise DataError("is Parquet, not a logbook", path=name, remedy="give a logbook as CSV")
    text = decode(content)
    header = find_header(text, name, source)
    return parse_rows(_data_rows(text, name, header), name, header, wanted)


def parse_rows(rows: Iterable[RawRow], name: str, header: Header, wanted: Wanted | None = None) -> Parsed:
    """The same from rows that were read already, in the order of the file, under a known header."""
    listed = list(rows)
    places = [header.places[column] for column in header.source.date_columns if column in header.places]
    dates = (row.cells[place] for row in listed for place in places if place < len(row.cells))
    reading = _Reading(
        name, header, _named(wanted or Wanted(), name), day_first(dates, header.source.day_first)
    )
    for row in listed:
        _read_row(row, reading)
    return Parsed(
        _oldest_first(reading), reading.rejects, header.source.name, dict(reading.notes), reading.n_read
    )


def _data_rows(text: str, name: str, header: Header) -> Iterator[RawRow]:
    """The rows below the header, wherever that is."""
    rows = raw_rows(text, header.delimiter, name)
    for row in rows:
        if tuple(row.cells) == header.cells:
            break
    yield from islice(rows, MAX_ROWS)
    if next(rows, None) is not None:
        raise _too_large(name, f"{MAX_ROWS} rows")


def _too_large(name: str, limit: str) -> DataError:
    remedy = "give one climber's logbook, or raw sends as Parquet"
    return DataError(f"holds more than {limit}", path=name, remedy=remedy)


def _named(wanted: Wanted, name: str) -> Wanted:
    stem = PurePath(name.replace("\\", "/")).stem.strip()
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
        _use(row, header.source.read(Cells(header.places, row.cells)), reading)


def _use(row: RawRow, draft: Draft, reading: _Reading) -> None:
    """Keep the ascent, or reject it for the first reason that holds."""
    wanted, when = reading.wanted, _when(draft, reading)
    if draft.outcome == ATTEMPT and not wanted.attempts:
        reading.reject(row, "attempt", draft.style)
    elif draft.outcome == UNKNOWN and not wanted.unknown:
        reading.reject(row, "outcome unknown", draft.style)
    elif wanted.discipline not in ("all", draft.discipline):
        reading.reject(row, f"not a {wanted.discipline}", draft.climb_type or draft.grade)
    elif not (draft.name or draft.site_id):
        reading.reject(row, "no name of the climb")
    elif when is None:
        given = draft.date or draft.logged
        reading.reject(row, "date cannot be read" if given else "no date", given)
    else:
        reading.rows.append(_ascent(draft, when, reading))
        _note(draft, when, reading)


def _when(draft: Draft, reading: _Reading) -> When | None:
    """The date of the ascent, else of its entry; a site that logs days alone fills in a time of its own."""
    when = read_date(draft.date or draft.logged, reading.day_first)
    if when is None:
        return None
    if reading.header.source.days_only and when.precision == "time":
        when = When(when.date[:10], "day")
    known = draft.precision if draft.date else "logged"
    return when._replace(precision=known) if known else when


def _ascent(draft: Draft, when: When, reading: _Reading) -> Ascent:
    return Ascent(
        climber_id=draft.climber or str(reading.wanted.climber),
        climb_id=draft.site_id or climb_id(draft.name, draft.crag or draft.region),
        date=when.date,
        region=_line(draft.region),
        area=_line(draft.area),
        climb_name=_line(draft.name),
        climb_type=_line(draft.climb_type),
        style=_line(draft.style),
        grade=readable(_line(draft.grade), draft.discipline),
        rating=draft.rating,
        comment=draft.comment,
        beta=draft.beta,
        outcome=draft.outcome,
        repeat=draft.repeat,
        tries=draft.tries,
        pitches=draft.pitches,
        discipline=draft.discipline,
        date_precision=when.precision,
        source=reading.header.source.name,
        crag=_line(draft.crag),
        file=reading.name,
        row=reading.n_read,
    )


def _note(draft: Draft, when: When, reading: _Reading) -> None:
    reading.notes.update(draft.notes)
    if when.precision in _PARTIAL:
        reading.notes[_PARTIAL[when.precision]] += 1
    if when.unsure:
        order = "day/month" if reading.day_first else "month/day"
        reading.notes[f"date could be read two ways: read as {order}"] += 1
    if draft.outcome == UNKNOWN:
        reading.notes["outcome unknown: kept"] += 1


def _oldest_first(reading: _Reading) -> Sequence[Ascent]:
    """By day, oldest first. A file that lists the newest first does so within a day too, so it is turned."""
    rows = reading.rows
    pairs = list(pairwise(rows))
    falls = sum(later.date < earlier.date for earlier, later in pairs)
    rises = sum(later.date > earlier.date for earlier, later in pairs)
    turned = rows[::-1] if falls > rises and reading.header.source.name != "sends" else rows
    return sorted(turned, key=moment)


def moment(ascent: Ascent) -> str:
    """What ascents are sorted by: a day comes before the moments in it."""
    return ascent.date.removesuffix("Z")


def _line(text: str) -> str:
    return " ".join(text.split())[:500]
