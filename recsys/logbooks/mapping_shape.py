"""What a mapping's TOML may hold: each key's type, and a file that lies beside the sends.

A mapping may be a stranger's, and what it names is looked up, opened and shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from recsys.columns import OPTIONAL, REQUIRED
from recsys.errors import DataError
from recsys.nouns import NOUNS, is_word

_LONGEST: Final = 1_000  # characters of a text
_REMEDY: Final = "see recsys/logbooks/mapping.py for the format"
Shape = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and "\0" not in value


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(_float(value))


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _numbers(value: Any) -> bool:
    return isinstance(value, list) and all(map(_number, value))


def _values(value: Any) -> bool:
    return isinstance(value, list) and all(_text(each) or each == "" or _number(each) for each in value)


def _file(value: Any) -> bool:
    """A name below the folder of the sends."""
    if not _text(value) or "\\" in value:
        return False
    path = PurePosixPath(value)
    return not path.is_absolute() and ".." not in path.parts


def _source(value: Any) -> bool:
    if not isinstance(value, dict):
        return _text(value)
    return (
        _text(value.get("column"))
        and value.keys() <= {"column", "first_of"}
        and all(map(_text, value.values()))
    )


_TEXT: Final = (_text, "a text")
_SHAPES: Final[Mapping[str, Mapping[str, tuple[Shape, str]]]] = {
    "detect": {"columns": (_texts, "a list of texts"), "file": (_file, "a file below the sends' folder")},
    "columns": dict.fromkeys(
        (*REQUIRED, *OPTIONAL), (_source, 'a column, or { column = "...", first_of = "..." }')
    ),
    "date": {"unit": _TEXT},
    "grade": {"unit": _TEXT},
    "rating": {
        "min": (_number, "a number"),
        "max": (_number, "a number"),
        "blank": (_numbers, "a list of numbers"),
    },
    "join": {"file": (_file, "a file below the sends' folder"), "on": _TEXT},
    "keep": {"column": _TEXT, "values": (_values, "a list of texts or numbers"), "reason": _TEXT},
    "leave": {"columns": (_texts, "a list of texts")},
    "nouns": dict.fromkeys(
        NOUNS, (is_word, "a word of letters, digits, spaces, hyphens and apostrophes, at most 40 characters")
    ),
}
_NEEDED: Final = {"join": ("file", "on"), "keep": ("column", "values"), "columns": REQUIRED}


def check_shape(data: Mapping[str, Any], path: Path) -> None:
    """Refuse a mapping with keys that there are not, that it lacks, or of another type, in a DataError."""
    for part, table in data.items():
        if part == "title":
            if not _text(table):
                raise _not(path, part, "a text")
            continue
        if part not in _SHAPES:
            raise DataError(f"has the unknown key {part[:80]!r}", path=path, remedy="remove or correct it")
        if not isinstance(table, dict):
            raise _not(path, part, "a table")
        _check_table(path, part, table)
    if "columns" not in data:
        raise DataError("has no [columns]", path=path, remedy=_REMEDY)


def _check_table(path: Path, part: str, table: Mapping[str, Any]) -> None:
    shapes = _SHAPES[part]
    for key, value in table.items():
        if key not in shapes:
            name = f"{part}.{key}"[:80]
            raise DataError(f"has the unknown key {name!r}", path=path, remedy="remove or correct it")
        fits, what = shapes[key]
        if not fits(value):
            raise _not(path, f"{part}.{key}", what)
    for key in _NEEDED.get(part, ()) if table or part == "columns" else ():
        if key not in table:
            if part == "columns":
                raise DataError(f"maps no column onto {key!r}", path=path, remedy="add it under [columns]")
            raise DataError(f"lacks {part}.{key}", path=path, remedy=_REMEDY)


def _not(path: Path, key: str, what: str) -> DataError:
    return DataError(f"{key} is not {what}", path=path, remedy=_REMEDY)
