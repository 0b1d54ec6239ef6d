"""What a logbook tells its climber: skill over time and the pyramid of grades."""

from __future__ import annotations

import datetime
import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from recsys.columns import OUTCOME
from recsys.logbooks.grade_reading import ROUTE_OFFSET
from recsys.logbooks.grades import label, ordinal
from recsys.logbooks.styles import is_send

_BEST: Final = 10
_YEAR: Final = datetime.timedelta(days=365)


class _Graded(NamedTuple):
    day: datetime.date | None
    ordinal: float
    sent: bool


def insights(rows: Sequence[Mapping[str, Any]], grade_of: Callable[[float], str] = label) -> dict[str, Any]:
    """A summary of sends in the contract's columns, in the fields of `recsys.serving.skill_models.Insights`.

    A discipline's skill in a month is the mean ordinal of its ten hardest sends in the 365 days to the end of
    that month: one lucky day moves it little, and it falls when a climber stops. Sends without a day (whose
    dates were plain order, for example) are in the pyramid alone. Ascents of unknown outcome are counted
    apart; a discipline that has no others has neither skill nor pyramid. `grade_of` names the
    grade of an ordinal.
    """
    days = [day for row in rows if (day := day_of(row.get("date")))]
    graded = list(_graded(rows))
    n_sends = sum(is_send(row.get(OUTCOME)) for row in rows)
    routes = [each for each in graded if each.ordinal > ROUTE_OFFSET / 2]
    boulders = [each for each in graded if each.ordinal <= ROUTE_OFFSET / 2]
    parts = [("boulder", boulders), ("route", routes)]
    return {
        "rows": n_sends,
        "unknown": len(rows) - n_sends,
        "graded": sum(each.sent for each in graded),
        "first": min(days).isoformat() if days else None,
        "last": max(days).isoformat() if days else None,
        "disciplines": [
            {"discipline": name, **_told([each for each in own if each.sent], grade_of)}
            for name, own in sorted(parts, key=lambda part: -len(part[1]))
            if own
        ],
    }


def day_of(value: object) -> datetime.date | None:
    """The day of a date, a timestamp or ISO text; None where it is none of them."""
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(str(value).strip()[:10])
    except ValueError:
        return None


def _graded(rows: Iterable[Mapping[str, Any]]) -> Iterable[_Graded]:
    known: dict[str, float] = {}
    for row in rows:
        text, day = str(row.get("grade") or ""), day_of(row.get("date"))
        if text not in known:
            known[text] = ordinal(text)
        if not math.isnan(known[text]):
            yield _Graded(day, known[text], is_send(row.get(OUTCOME)))


def _told(sends: Sequence[_Graded], grade_of: Callable[[float], str]) -> dict[str, Any]:
    return {
        "skill": _skill(sends, grade_of),
        "pyramid": _pyramid(sends, grade_of),
        "sent": _sent(sends, grade_of),
    }


def _skill(sends: Sequence[_Graded], grade_of: Callable[[float], str]) -> list[dict[str, Any]]:
    months: dict[str, list[tuple[datetime.date, float]]] = defaultdict(list)
    for day, level, _ in sends:
        if day is not None:
            months[day.isoformat()[:7]].append((day, level))
    table = []
    recent: list[tuple[datetime.date, float]] = []
    for month, new in sorted(months.items()):
        last = max(day for day, _ in new)
        recent = [(day, level) for day, level in recent if last - day <= _YEAR] + new
        best = max(level for _, level in new)
        hardest = heapq.nlargest(_BEST, (level for _, level in recent))
        skill = sum(hardest) / len(hardest)
        table.append(
            {
                "month": month,
                "sends": len(new),
                "best": best,
                "best_grade": grade_of(best),
                "skill": round(skill, 2),
            }
        )
    return table


def _pyramid(sends: Sequence[_Graded], grade_of: Callable[[float], str]) -> list[dict[str, Any]]:
    """Sends a whole grade, hardest first; grades between that were never sent count none."""
    counts = Counter(ordinal(label(send.ordinal)) for send in sends)
    steps = range(round(max(counts)), round(min(counts)) - 1, -1) if counts else ()
    return [{"grade": grade_of(step), "ordinal": float(step), "sends": counts[step]} for step in steps]


def _sent(sends: Sequence[_Graded], grade_of: Callable[[float], str]) -> list[dict[str, Any]]:
    counts = Counter((send.day, send.ordinal) for send in sends if send.day is not None)
    return [
        {"day": day.isoformat(), "ordinal": level, "grade": grade_of(level), "sends": n}
        for (day, level), n in sorted(counts.items())
    ]
