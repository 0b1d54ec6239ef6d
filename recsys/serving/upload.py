"""A logbook file in memory: read as every command reads it, summed up, handed back, and never stored or
logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from recsys.columns import OUTCOME
from recsys.errors import DataError, UsageError
from recsys.logbooks.grades import label
from recsys.logbooks.importing import Wanted, parse_logbook
from recsys.logbooks.importing.sources import SOURCES as FORMATS
from recsys.logbooks.mapping import ColumnMapping
from recsys.logbooks.reasons import NO_ROWS
from recsys.recommending.logbook_file import Book, book_of
from recsys.serving.backend import LoadedBundle
from recsys.serving.insights import insights
from recsys.serving.policy import MAX_HISTORY, MAX_ID

SOURCES: Final = ("auto", *FORMATS)
_TEXTS: Final = ("climb_name", "region", "area", "climb_type", "style", "grade")
_LONGEST: Final = {"grade": 40}
_LONGEST_TEXT: Final = 200
_SHOWN_REJECTS: Final = 20
_REMEDY: Final = "export it again from the site, or write the columns climb_id and date"


def read_upload(
    content: bytes,
    name: str,
    source: str,
    columns: Mapping[str, str] | None = None,
    bundle: LoadedBundle | None = None,
) -> dict[str, Any]:
    """A logbook file's answer, in the fields of `recsys.serving.models.Logbook`.

    `bundle` is the one that is served: the file may have its mapping's columns, and is told of in its words.

    Raises
    ------
    DataError
        The file holds no sends that can be read, or the sends of several climbers.
    """
    say = str if bundle is None else bundle.say
    book = _book(content, name, source, columns, None if bundle is None else bundle.mapping)
    kept = [_send(row) for row in book.sends if len(row["climb_id"]) <= MAX_ID]
    rejects: list[dict[str, Any]] = [
        {"row": each.row, "reason": say(each.reason)[:200]} for each in book.rejects
    ]
    long = f"climb_id is longer than {MAX_ID} characters"
    rejects += [{"row": None, "reason": long}] * (len(book.sends) - len(kept))
    if not kept:
        reason = f"{rejects[0]['reason']}, for example" if rejects else "it has no rows"
        raise DataError(f"no send in it can be read: {reason}", path="the file", remedy=_REMEDY)
    return {
        **insights(kept, label if bundle is None else bundle.grade_of),
        "source": book.source,
        "n_rejects": len(rejects),
        "rejects": rejects[:_SHOWN_REJECTS],
        "notes": [f"{n}  {say(note)}"[:300] for note, n in book.notes.items()],
        "left_out": max(0, len(kept) - MAX_HISTORY),
        "sends": kept[-MAX_HISTORY:],
    }


def _book(
    content: bytes, name: str, source: str, columns: Mapping[str, str] | None, own: ColumnMapping | None
) -> Book:
    parsed = parse_logbook(content, name, source, Wanted("climber"), columns, own)
    if not parsed.n_read:
        raise DataError(NO_ROWS, path="the file", remedy=_REMEDY)
    try:
        return (
            book_of([parsed], None, "drop") if parsed.rows else Book([], parsed.rejects, {}, parsed.source, 0)
        )
    except UsageError:
        climbers = len({row.climber_id for row in parsed.rows})
        problem = f"holds the sends of {climbers} climbers"
        raise DataError(problem, path="the file", remedy="give one climber's logbook") from None


def _send(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as `recsys.serving.models.Send`, its notes reduced to whether there were any."""
    send: dict[str, Any] = {"climb_id": row["climb_id"], "date": row["date"]}
    send.update(_given((name, _text(row[name], _LONGEST.get(name, _LONGEST_TEXT))) for name in _TEXTS))
    send.update(_given((name, "yes" if _text(row[name]) else None) for name in ("comment", "beta")))
    # Without its sequence a day's order would be drawn anew, and the answer be another than of the file.
    send.update((name, row[name]) for name in ("sequence", "rating") if row[name] is not None)
    return send if OUTCOME not in row else {**send, OUTCOME: row[OUTCOME]}


def _given(pairs: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    return {name: value for name, value in pairs if value is not None}


def _text(value: object, limit: int = _LONGEST_TEXT) -> str | None:
    return None if value is None else str(value).strip()[:limit] or None
