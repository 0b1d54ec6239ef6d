"""Joins the ascents of several files into one community's sends, and accounts for what that leaves out."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, NamedTuple

from recsys.errors import DataError
from recsys.logbooks.days import PLAIN_ORDER, future, latest
from recsys.logbooks.grades import far_apart, ordinal
from recsys.logbooks.importing.ids import Alike, by_name, near_duplicates
from recsys.logbooks.importing.model import Ascent, Parsed, Reject
from recsys.logbooks.importing.spelling import alike_ids
from recsys.logbooks.importing.unread import unread_grades
from recsys.logbooks.reasons import BETTER_STAYS, DUPLICATE, NO_ROWS
from recsys.logbooks.sheets.rows import as_text
from recsys.logbooks.styles import ATTEMPT, UNKNOWN, UNKNOWN_KEPT, outcome_rank, style_rank

OF_ANOTHER: Final = f"{DUPLICATE} of another file"
OTHER_GRADE: Final = f"{DUPLICATE}: of one name and place, but another grade; another climb, maybe"
ONE_NAME: Final = "climbs of one name and place whose grades are far apart: taken for one"
LAP: Final = f"{DUPLICATE}: a further lap of the day, a repeat"
FILLED: Final = ("rating", "comment", "beta", "tries")
"""What an ascent takes from those that are one with it, where it says nothing itself."""
_told: Final = itemgetter(*map(Ascent._fields.index, FILLED))
_NOTHING: Final = (None, "", "", None)
_REPEAT: Final = Ascent._fields.index("repeat")


@dataclass(frozen=True)
class Merged:
    """All ascents, by climber and date; every reject; what was noted; ids that may be one climb."""

    rows: Sequence[Ascent]
    rejects: Sequence[Reject]
    notes: Counter[str]
    alike: Sequence[Alike]
    n_read: int
    used: Sequence[int] = ()
    """How many rows of each file are among the ascents."""

    @property
    def why_none(self) -> str:
        """Why there is no ascent, in a clause, where there is none."""
        return f"none of {self.n_read} rows can be used" if self.n_read else NO_ROWS


class _Ranked(NamedTuple):
    """An ascent, the file that it is of, and its rank among all."""

    ascent: Ascent
    file: int
    rank: int


def merge(files: Iterable[Parsed]) -> Merged:
    """Merge logbooks.

    A climber's ascents of a climb on a day are one, whatever the order of rows and files: a send beats an
    unknown outcome, which beats an attempt, and the better style stays; its blank stars, notes and tries are
    filled from the others whose grades are not far from its own. Sends at different times of a day, in
    one file, stay apart. Repeats are marked by the logbook, or because the climber had a send of the climb
    before.

    Raises
    ------
    DataError
        Some files have dates, and others a plain order: nothing says how the two lie to each other.
    """
    parsed = list(files)
    _check_times(parsed)
    listed = [
        _Ranked(ascent, number, rank)
        for rank, (number, ascent) in enumerate(
            (number, ascent) for number, each in enumerate(parsed) for ascent in each.rows
        )
    ]
    has_time = all(each.has_time for each in parsed)
    kept, twice = _without_duplicates(listed, has_time)
    rows = _marked([each.ascent for each in sorted(kept, key=_order)])
    notes: Counter[str] = Counter()
    for each in parsed:
        notes.update(each.notes)
    unknown = sum(row.outcome == UNKNOWN for row in rows)
    notes = notes - Counter({UNKNOWN_KEPT: notes[UNKNOWN_KEPT] - unknown}) + unread_grades(rows)
    notes += _of_dates(rows, has_time, parsed)
    written = {row.climb_id for row in rows if not by_name(row)}  # those of names have one form each
    notes += alike_ids(written, {row.climber_id for row in rows})
    notes += _of_names([each.ascent for each in listed])
    rejects = [reject for each in parsed for reject in each.rejects] + twice
    of_file = Counter(each.file for each in kept)
    used = [of_file[number] for number in range(len(parsed))]
    return Merged(rows, rejects, notes, near_duplicates(rows), sum(each.n_read for each in parsed), used)


def each_once(ascents: Iterable[Ascent], has_time: bool) -> list[Ascent]:
    """One file's ascents, those that are one by the rule of `merge` once; in no order."""
    ranked = [_Ranked(ascent, 0, rank) for rank, ascent in enumerate(ascents)]
    return [each.ascent for each in _without_duplicates(ranked, has_time)[0]]


def _of_dates(rows: Sequence[Ascent], has_time: bool, parsed: Sequence[Parsed]) -> Counter[str]:
    """Notes on dates that are to come, and on numbers that are taken for an order by nobody's word."""
    if has_time:
        last = latest()
        ahead = [row for row in rows if row.day > last]
        first = min(ahead, key=lambda row: (row.file, row.row), default=None)
        return Counter({future(first.row, first.date, first.file): len(ahead)} if first else {})
    told = any(each.mapping is not None and each.mapping.date_unit == "order" for each in parsed)
    return +Counter({PLAIN_ORDER: 0 if told else len(rows)})


def _of_names(rows: Iterable[Ascent]) -> Counter[str]:
    """A note on climbs that one name and place make one of, and whose grades are those of two."""
    grades: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.grade and by_name(row):
            grades[row.climb_id].add(row.grade)
    spans = ([ordinal(grade) for grade in each] for each in grades.values() if len(each) > 1)
    return +Counter({ONE_NAME: sum(far_apart(max(span), min(span)) for span in map(_known, spans))})


def _known(ordinals: Iterable[float]) -> list[float]:
    return [each for each in ordinals if not math.isnan(each)] or [math.nan]


def _check_times(parsed: Sequence[Parsed]) -> None:
    dated = [each for each in parsed if each.rows and each.has_time]
    ordered = [each for each in parsed if each.rows and not each.has_time]
    if dated and ordered:
        problem = f"its dates are a plain order, those of {dated[0].rows[0].file} are days"
        raise DataError(problem, path=ordered[0].rows[0].file, remedy="give both dates, or use them apart")


def _order(each: _Ranked) -> tuple[str, float, float, int]:
    sequence = each.ascent.sequence
    return each.ascent.climber_id, each.ascent.day, math.inf if sequence is None else sequence, each.rank


def _without_duplicates(listed: Sequence[_Ranked], has_time: bool) -> tuple[list[_Ranked], list[Reject]]:
    firsts: dict[tuple[str, str, float], _Ranked] = {}
    groups: dict[tuple[str, str, float], list[_Ranked]] = {}  # of several alone: most days have one
    for each in listed:
        day = math.floor(each.ascent.day) if has_time else each.ascent.day
        key = each.ascent.climber_id, each.ascent.climb_id, day
        first = firsts.setdefault(key, each)
        if first is not each:
            groups.setdefault(key, [first]).append(each)
    kept = [each for key, each in firsts.items() if key not in groups]
    twice = []
    for group in (groups[key] for key in firsts if key in groups):
        best, *others = sorted(group, key=_worth)
        moments = {best.ascent.day: best}
        for other in others:
            moment = other.ascent.day
            if reason := _reason(other, best, moments):
                twice.append(_reject(other.ascent, reason))
                if _told(other.ascent) != _NOTHING:
                    at = moment if moment in moments else best.ascent.day
                    moments[at] = _filled(moments[at], other)
            else:
                moments[moment] = other
        kept += moments.values()
    return kept, twice


def _filled(kept: _Ranked, other: _Ranked) -> _Ranked:
    """The ascent that is kept, with what it leaves blank and one that is left out for it tells.

    Not where their grades are far apart: the other is of another climb, maybe, whatever the id.
    """
    mine, more = _told(kept.ascent), _told(other.ascent)
    if mine == more or far_apart(ordinal(kept.ascent.grade), ordinal(other.ascent.grade)):
        return kept
    told = (new if old in _NOTHING else old for old, new in zip(mine, more, strict=True))
    return kept._replace(ascent=kept.ascent._replace(**dict(zip(FILLED, told, strict=True))))


def _worth(each: _Ranked) -> tuple[object, ...]:
    """The best first; of equals the one that comes first."""
    return (-outcome_rank(each.ascent.outcome), -style_rank(each.ascent.style), *_order(each)[1:])


def _reason(other: _Ranked, best: _Ranked, moments: Container[float]) -> str:
    """Why an ascent is one with the day's best, or ""."""
    a, b = other.ascent, best.ascent
    if by_name(a) and far_apart(ordinal(a.grade), ordinal(b.grade)):
        return OTHER_GRADE
    if outcome_rank(a.outcome) < outcome_rank(b.outcome):
        return BETTER_STAYS
    if other.file != best.file:
        return OF_ANOTHER
    if a.day not in moments:
        return ""
    same = (a.style, a.comment, a.grade, a.rating) == (b.style, b.comment, b.grade, b.rating)
    return DUPLICATE if same or b.source == "sends" else LAP


def _reject(row: Ascent, reason: str) -> Reject:
    text = as_text([row.date, row.climb_name, row.crag, row.grade, row.style])
    return Reject(row.file, row.row, 0, reason, row.climb_id, text)


def _marked(rows: Sequence[Ascent]) -> list[Ascent]:
    """Rows in order of time, with every send after a climber's first of a climb marked as a repeat."""
    sent: set[tuple[str, str]] = set()
    marked = []
    for row in rows:
        pair = (row.climber_id, row.climb_id)
        again = row.outcome != ATTEMPT and pair in sent and not row.repeat
        # `_replace(repeat=True)` takes twice as long, and most rows of a large logbook are repeats.
        marked.append(Ascent._make((*row[:_REPEAT], True, *row[_REPEAT + 1 :])) if again else row)
        if row.outcome != ATTEMPT:
            sent.add(pair)
    return marked
