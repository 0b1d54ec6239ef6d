"""Joins the ascents of several files into one community's sends, and accounts for what that leaves out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from recsys.logbooks.importing.ids import Alike, near_duplicates
from recsys.logbooks.importing.model import ATTEMPT, Ascent, Parsed, Reject
from recsys.logbooks.importing.parse import moment
from recsys.logbooks.importing.table import as_text


@dataclass(frozen=True)
class Merged:
    """All ascents, by climber and date; every reject; what was noted; ids that may be one climb."""

    rows: Sequence[Ascent]
    rejects: Sequence[Reject]
    notes: Counter[str]
    alike: Sequence[Alike]
    n_read: int


def merge(files: Iterable[Parsed]) -> Merged:
    """Merge logbooks, the first given first.

    A climber's send of a climb is a duplicate at the same moment, and, in another file, on the same day: two
    sites, or two exports, hold one ascent. The same goes for attempts. Repeats are marked by the logbook, or
    because the climber had a send of the climb before.
    """
    kept: list[Ascent] = []
    rejects: list[Reject] = []
    notes: Counter[str] = Counter()
    days: dict[tuple[str, ...], str] = {}
    n_read = 0
    for number, parsed in enumerate(files):
        fresh, twice = _fresh(parsed.rows, days, str(number))
        kept += fresh
        rejects += [*parsed.rejects, *twice]
        notes.update(parsed.notes)
        n_read += parsed.n_read
    rows = _marked(sorted(kept, key=lambda each: (each.climber_id, moment(each))))
    return Merged(rows, rejects, notes, near_duplicates(rows), n_read)


def _fresh(
    rows: Sequence[Ascent], days: dict[tuple[str, ...], str], file: str
) -> tuple[list[Ascent], list[Reject]]:
    """The new rows, and the others as rejects; `days` keeps the file that each day was first seen in."""
    fresh, twice, moments = [], [], set()
    for row in rows:
        sent = "" if row.outcome == ATTEMPT else "sent"
        day = (row.climber_id, row.climb_id, sent, row.date[:10])
        now = (*day, row.date)
        if now in moments or days.setdefault(day, file) != file:
            reason = "duplicate" if days[day] == file else "duplicate of another file"
            twice.append(Reject(row.file, row.row, 0, reason, row.climb_id, _text(row)))
        else:
            moments.add(now)
            fresh.append(row)
    return fresh, twice


def _marked(rows: Sequence[Ascent]) -> list[Ascent]:
    """Rows in order of time, with every send after a climber's first of a climb marked as a repeat."""
    sent: set[tuple[str, str]] = set()
    marked = []
    for row in rows:
        pair = (row.climber_id, row.climb_id)
        again = row.outcome != ATTEMPT and pair in sent and not row.repeat
        marked.append(replace(row, repeat=True) if again else row)
        if row.outcome != ATTEMPT:
            sent.add(pair)
    return marked


def _text(row: Ascent) -> str:
    return as_text([row.date, row.climb_name, row.crag, row.grade, row.style])
