"""Drafts with their dates as ascents: ids, texts on one line, grades read beside each other, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from recsys.logbooks.days import DAY_SECONDS, iso_microseconds
from recsys.logbooks.grade_context import Logged, settle
from recsys.logbooks.importing.dates import ORDER, When
from recsys.logbooks.importing.ids import climb_id
from recsys.logbooks.importing.model import Ascent, Draft


class Dated(NamedTuple):
    """A row's number, what its source made of it, when it was, and its rating where the column tells the
    scale.
    """

    row: int
    draft: Draft
    when: When
    rated: str = ""


def ascents_of(dated: Sequence[Dated], climber: str, source: str, file: str) -> tuple[list[Ascent], int]:
    """The ascents, [len(dated)], and how many grades' systems are a guess."""
    logged = [Logged(_line(d.grade), d.discipline, d.kind or d.climb_type, d.country) for _, d, *_ in dated]
    grades = settle(logged)
    pairs = zip(dated, grades, strict=True)
    ascents = [_ascent(each, grade.text, climber, source, file) for each, grade in pairs]
    return ascents, sum(grade.guessed for grade in grades)


def oldest_first(rows: Sequence[Ascent]) -> Sequence[Ascent]:
    """By day, oldest first. A file that lists the newest first does so within a day too, so it is turned."""
    pairs = list(pairwise(rows))
    falls = sum(later.day < earlier.day for earlier, later in pairs)
    rises = sum(later.day > earlier.day for earlier, later in pairs)
    turned = rows[::-1] if falls > rises else rows
    return sorted(turned, key=lambda each: each.day)


def _ascent(each: Dated, grade: str, climber: str, source: str, file: str) -> Ascent:
    number, draft, when, _ = each
    return Ascent(
        climber_id=draft.climber or climber,
        climb_id=draft.site_id or climb_id(draft.name, draft.crag or draft.region),
        date=when.date,
        sequence=draft.sequence,
        region=_line(draft.region),
        area=_line(draft.area),
        climb_name=_line(draft.name),
        climb_type=_line(draft.climb_type),
        style=_line(draft.style),
        grade=grade,
        rating=draft.rating,
        comment=draft.comment,
        beta=draft.beta,
        outcome=draft.outcome,
        repeat=draft.repeat,
        tries=draft.tries,
        pitches=draft.pitches,
        discipline=draft.discipline,
        date_precision=when.precision,
        source=source,
        crag=_line(draft.crag),
        file=file,
        row=number,
        day=_day(when),
    )


def _day(when: When) -> float:
    """Days since the Unix epoch of an ascent's date, or the plain order; a day comes before its moments."""
    if when.precision == ORDER:
        return float(when.date)
    found = iso_microseconds(when.date)
    return found[0] / 1e6 / DAY_SECONDS if found else 0.0


def _line(text: str) -> str:
    return " ".join(text.split())[:500]
