"""A logbook file in memory: parsed, summed up, handed back, and never stored or logged."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from recsys.errors import DataError
from recsys.logbooks.importing import parse_logbook
from recsys.serving.insights import day_of, insights
from recsys.serving.settings import MAX_HISTORY

SOURCES: Final = ("auto", "sendage", "mountainproject", "8anu", "thecrag", "ukc", "kaya", "boardlib", "sends")
_TEXTS: Final = ("climb_name", "region", "area", "climb_type", "style", "grade")
_LONGEST: Final = {"grade": 40}
_SHOWN_REJECTS: Final = 20
_REMEDY: Final = "export it again from the site, or write the columns climb_id and date"


@dataclass(frozen=True)
class Parsed:
    """Rows in the contract's columns, and what was not used."""

    rows: Sequence[Any]
    rejects: Sequence[Any]
    source: str


def read_upload(content: bytes, name: str, source: str) -> dict[str, Any]:
    """A logbook file's answer, in the fields of `recsys.serving.models.Logbook`.

    Raises
    ------
    DataError
        The file holds no sends that can be read.
    """
    parsed = _parse(content, name, source)
    kept: list[dict[str, Any]] = []
    rejects = [_reject(each) for each in parsed.rejects]
    for number, row in enumerate(parsed.rows, 1):
        send = _send(row)
        if send is None:
            rejects.append({"row": number, "reason": "no climb or no readable date"})
        else:
            kept.append(send)
    if not kept:
        reason = f"{rejects[0]['reason']}, for example" if rejects else "it has no rows"
        raise DataError(f"no send in it can be read: {reason}", path="the file", remedy=_REMEDY)
    kept.sort(key=lambda send: str(send["date"]))
    return {
        **insights(kept),
        "source": parsed.source,
        "n_rejects": len(rejects),
        "rejects": rejects[:_SHOWN_REJECTS],
        "left_out": max(0, len(kept) - MAX_HISTORY),
        "sends": kept[-MAX_HISTORY:],
    }


def _parse(content: bytes, name: str, source: str) -> Any:
    """The importer's reading; a climber's own CSV in the contract's columns needs no climber_id here."""
    columns = content[:4096].lstrip(b"\xef\xbb\xbf").partition(b"\n")[0].strip().split(b",")
    if {b"climb_id", b"date"} <= set(columns) and b"climber_id" not in columns:
        return parse_contract(content)
    return parse_logbook(content, name, source)


def parse_contract(content: bytes) -> Parsed:
    """Read a CSV in the contract's columns (climb_id and date at least).

    Raises
    ------
    DataError
        It is no CSV of these columns.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise DataError(f"is no CSV ({error})", path="the file", remedy=_REMEDY) from None
    if not rows:
        raise DataError("is empty or has no rows", path="the file", remedy=_REMEDY)
    missing = [column for column in ("climb_id", "date") if column not in rows[0]]
    if missing:
        problem = f"has no column {' and no column '.join(missing)}"
        raise DataError(problem, path="the file", remedy=_REMEDY)
    return Parsed(rows, [], "contract")


def _send(row: Any) -> dict[str, Any] | None:
    """The row as `recsys.serving.models.Send`, its notes reduced to whether there were any."""
    read = _reader(row)
    climb, day = _text(read("climb_id")), day_of(read("date"))
    if climb is None or day is None:
        return None
    send: dict[str, Any] = {"climb_id": climb, "date": day.isoformat()}
    send.update(_given((name, _text(read(name), _LONGEST.get(name, 200))) for name in _TEXTS))
    send.update(_given((name, "yes" if _text(read(name)) else None) for name in ("comment", "beta")))
    rating = _rating(read("rating"))
    return {**send, "rating": rating} if rating is not None else send


def _given(pairs: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    return {name: value for name, value in pairs if value is not None}


def _text(value: object, limit: int = 200) -> str | None:
    if value is None or value != value or isinstance(value, (list, dict)):
        return None
    return str(value).strip()[:limit] or None


def _rating(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if 1 <= number <= 5 else None


def _reject(each: Any) -> dict[str, Any]:
    read = _reader(each)
    return {"row": read("row"), "reason": str(read("reason"))[:200]}


def _reader(row: Any) -> Callable[[str], Any]:
    """Reads a value by name off a mapping, or off an object such as the importer's."""
    return row.get if isinstance(row, Mapping) else lambda name: getattr(row, name, None)
