"""What a caller gives in Python as the rest of the code asks for it: ids and names as text, counts as `int`.

Ids of sends may be "any string or integer", and a DataFrame's are often NumPy's; `12` and `"12"` are one id.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from recsys.errors import UsageError


def text(value: Any, setting: str) -> str:
    """An id, a grade or a name: text, or a whole number as text.

    Raises
    ------
    UsageError
        It is neither.
    """
    if isinstance(value, (str, UUID)):
        return str(value)
    if isinstance(value, Integral) and not isinstance(value, bool):
        return str(int(value))  # a float holds no integer beyond 2^53 exactly
    if isinstance(value, Real) and not isinstance(value, bool) and float(value).is_integer():
        return str(int(float(value)))
    raise UsageError(f"`{setting}` {shown(value)}: give text, or a whole number")


def optional(value: Any, setting: str) -> str | None:
    """`text`, or None."""
    return None if value is None else text(value, setting)


def grade(value: Any) -> str | None:
    """A grade or a range of them as text; a whole number is read as the climbs' grades are written."""
    if (
        value is None
        or isinstance(value, str)
        or (isinstance(value, Integral) and not isinstance(value, bool))
    ):
        return optional(value, "grade")
    raise UsageError(f"`grade` {shown(value)}: write a grade or a range as text, as in 'V4' or 'V4:V6'")


def texts(values: Any, setting: str) -> list[str]:
    """One, or several."""
    if isinstance(values, (str, UUID, Real)):
        return [text(values, setting)]
    if not isinstance(values, Iterable):
        raise UsageError(f"`{setting}` {shown(values)}: give a text or several")
    return [text(each, setting) for each in values]


def place(value: Any, setting: str) -> Path:
    """The path of a file or a folder, here or in an object store; a `UsageError` where it is none."""
    if isinstance(value, (str, Path)) and str(value).strip():
        return Path(value)
    told = "is empty" if isinstance(value, str) else shown(value)
    raise UsageError(f"`{setting}` {told}: give a path")


def place_or_none(value: Any, setting: str) -> Path | None:
    """`place`, or None."""
    return None if value is None else place(value, setting)


def count(value: Any, setting: str) -> int:
    """A whole number."""
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise UsageError(f"`{setting}` {shown(value)}: give a whole number")
    return int(value)


def day(value: Any, setting: str = "when") -> str | dt.date | None:
    """A day as text or a date; of pandas' and NumPy's times, and datetimes, their day."""
    if value is None or isinstance(value, str):
        return value
    try:
        plain = value.astype("datetime64[D]").item() if hasattr(value, "astype") else value
        plain = plain.date() if isinstance(plain, dt.datetime) else plain
    except (TypeError, ValueError):
        plain = None
    if not isinstance(plain, dt.date) or plain != plain:  # NaT is a date that is not itself
        raise UsageError(f"`{setting}` {shown(value)}: write a day as 2026-06-01, or give a date")
    return plain


def ids_by_id(values: Any, setting: str) -> dict[str, str] | None:
    """A mapping of ids to ids."""
    if values is None:
        return None
    if not isinstance(values, Mapping):
        raise UsageError(f"`{setting}` {shown(values)}: give a mapping of ids to ids")
    return {text(key, setting): text(value, setting) for key, value in values.items()}


def settings(values: Mapping[str, Any], without: Collection[str] = ()) -> dict[str, Any]:
    """A request's further attributes by name, each of its kind; those of `without` cannot be set."""
    known = _KINDS.keys() - set(without)
    for name in values.keys() - known:
        raise UsageError(f"no setting `{name}`; there are {', '.join(sorted(known))}")
    return {name: _KINDS[name](value, name) for name, value in values.items()}


def _number(value: Any, setting: str) -> float | None:
    if value is None and setting == "min_stars":
        return None
    if not isinstance(value, Real) or isinstance(value, bool):
        raise UsageError(f"`{setting}` {shown(value)}: give a number")
    return float(value)


def _flag(value: Any, setting: str) -> bool:
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):  # NumPy's
        return bool(value)
    raise UsageError(f"`{setting}` {shown(value)}: give True or False")


def shown(value: Any) -> str:
    """What was given, in a clause."""
    return f"{str(value)[:60]!r} is a {type(value).__name__}" if value is not None else "is None"


_KINDS: Final[dict[str, Callable[[Any, str], Any]]] = {
    "k": count, "min_stars": _number, "diversity": _number, "novelty": _number, "mode": text, "sort": text,
    "exclude_seen": _flag, "explain": _flag,
}  # fmt: skip
