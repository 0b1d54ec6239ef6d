"""JSON as rows of text: a list of objects or of rows, one object a line, or a table by columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from recsys.columns import CLIMBER_ID
from recsys.errors import DataError
from recsys.logbooks.cells import as_cell

_MAX_COLUMNS: Final = 2_000
MAX_CELLS: Final = 20_000_000
"""Values of a table: a row without any costs three bytes, and becomes one of as many cells as the widest."""
_FORMS: Final = "write a list of objects, one a send, or save it as CSV (UTF-8)"
_LARGE: Final = "leave out what are no sends, or give them as Parquet or CSV"


_DEEPEST: Final = 4
"""Objects within a row's object whose values are columns of their own; what lies deeper stays text."""
_LONGEST_NAME: Final = 100
_MOST_NAMED: Final = 20
_NO_SENDS: Final = ("attempt", "project", "todo", "to do", "wish", "plan")
"""How lists are called that are not read where there is another one."""
Record = dict[str, Any]


def json_rows(text: str, name: str) -> tuple[list[list[str]], tuple[str, ...]]:
    """The header (every key, in the order of its first use) and the rows; and remarks on what is not read.

    A value of an object in a row's object has a column by both names: {"climb": {"id": 7}} is "climb.id".

    Raises
    ------
    DataError
        It is not JSON, or not a table, or one of too many columns or values.
    """
    data = _parsed(text, name)
    columns = list(data.values()) if isinstance(data, dict) else []
    if len(columns) * max((len(each) for each in columns if isinstance(each, dict)), default=0) > MAX_CELLS:
        raise _too_many(name)
    records, notes = _records(data)
    if records is None:
        raise DataError("is JSON, but not a list of sends", path=name, remedy=_FORMS)
    if not records and (header := _header(data)):
        return [header], notes
    if not records:
        raise DataError("is JSON without a send", path=name, remedy=_FORMS)
    records = [_flat(record) for record in records]
    names = list(dict.fromkeys(key for record in records for key in record))
    if len(names) > _MAX_COLUMNS:
        raise DataError(f"holds more than {_MAX_COLUMNS} columns", path=name, remedy=_FORMS)
    if len(names) * len(records) > MAX_CELLS:
        raise _too_many(name)
    return [names, *([_cell(record.get(key)) for key in names] for record in records)], notes


def _too_many(name: str) -> DataError:
    return DataError(f"holds more than {MAX_CELLS // 1_000_000} million values", path=name, remedy=_LARGE)


def _parsed(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        first = error
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        problem = f"is JSON that cannot be read: {' '.join(str(first).split())[:100]}"
        raise DataError(problem, path=name, remedy="export it again, or as CSV (UTF-8)") from first


def _records(data: Any) -> tuple[list[Record] | None, tuple[str, ...]]:
    """The objects, one a row, in whichever of the usual forms they are; None where they are in none.

    And remarks on the lists beside the one that is read.
    """
    if not isinstance(data, dict):
        return _one_table(data), ()
    if _is_split(data):
        return _one_table(data), _beside(data, ("data", "columns", "index"))
    tables = {name: each for name, each in data.items() if _is_table(each)}
    if not tables:
        return _one_table(data), ()
    read = max(tables, key=lambda name: (not name.casefold().startswith(_NO_SENDS), len(tables[name])))
    records = _of_owner(tables[read], data)
    return records, _beside(data, (read, "schema"))  # pandas' to_json(orient="table") has a schema


def _of_owner(records: list[Record], data: Record) -> list[Record]:
    """The rows' objects, each with the climber whose id stands beside the list."""
    owner = data.get(CLIMBER_ID)
    if owner is None or isinstance(owner, (list, dict)) or any(CLIMBER_ID in record for record in records):
        return records
    return [{CLIMBER_ID: owner, **record} for record in records]


def _is_split(data: Record) -> bool:
    """Whether it is of pandas' to_json(orient="split")."""
    return isinstance(data.get("columns"), list) and isinstance(data.get("data"), list)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _beside(data: Record, read: Sequence[str]) -> tuple[str, ...]:
    """A remark on each list that is not read: somebody else's sends, it may be, or attempts."""
    others = list(_lists({name: each for name, each in data.items() if name not in read}))
    further = len(others) - _MOST_NAMED
    more = (f"{further} further lists are not read",) if further > 0 else ()
    only = f"is not read, only {_short(read[0])}"
    return (*(f"list {_short(name)} ({n} rows) {only}" for name, n in others[:_MOST_NAMED]), *more)


def _lists(data: Record, depth: int = 1) -> Iterator[tuple[str, int]]:
    """The lists in an object and in those below it that hold something: paths, and how many rows."""
    for name, each in data.items():
        if isinstance(each, list) and each:
            yield name[:_LONGEST_NAME], len(each)
        elif isinstance(each, dict) and depth < _DEEPEST:
            yield from ((f"{name[:_LONGEST_NAME]}.{below}", n) for below, n in _lists(each, depth + 1))


def _short(name: str) -> str:
    return repr(" ".join(name.split())[:40])


def _one_table(data: Any) -> list[Record] | None:
    if isinstance(data, list):
        if data and all(isinstance(each, list) for each in data):  # a header, and rows below it
            return _with_names(data[0], data[1:])
        return data if all(isinstance(each, dict) for each in data) else None
    if not isinstance(data, dict) or not data:
        return None
    if _is_split(data):
        return _with_names(data["columns"], data["data"])
    columns = list(data.values())
    if all(isinstance(each, dict) for each in columns) and all(key.isdigit() for key in data):
        return columns if any(columns) else None  # pandas' to_json(orient="index"): {row: {column: value}}
    if all(isinstance(each, dict) for each in columns):  # pandas' to_json: {column: {row: value}}
        keys = list(dict.fromkeys(key for each in columns for key in each))
        return [{name: column.get(key) for name, column in data.items()} for key in keys]
    if all(isinstance(each, list) for each in columns) and len({len(each) for each in columns}) == 1:
        return [dict(zip(data, row, strict=True)) for row in zip(*columns, strict=True)]
    return [data] if not any(isinstance(each, (list, dict)) for each in columns) else None


def _flat(record: Record, depth: int = 1) -> Record:
    """A row's object with the values of the objects in it under both names."""
    if not any(isinstance(value, dict) and value for value in record.values()):
        return record
    flat: Record = {}
    for name, value in record.items():
        if not isinstance(value, dict) or not value or depth > _DEEPEST or len(name) > _LONGEST_NAME:
            flat[name] = value
            continue
        for below, each in _flat(value, depth + 1).items():
            flat.setdefault(f"{name}.{below}", each)
    return flat


def _header(data: Any) -> list[str]:
    """The names of a table without rows."""
    names = data
    if isinstance(data, dict):
        names = data["columns"] if isinstance(data.get("columns"), list) and data["columns"] else list(data)
    elif data and isinstance(data[0], list):
        names = data[0]
    return [each for each in names if isinstance(each, str)]


def _with_names(names: list[Any], rows: list[Any]) -> list[dict[str, Any]] | None:
    """Rows under their names; None where they are not as long as these, or a name is no text or twice."""
    if len(set(map(str, names))) < len(names) or not all(isinstance(each, str) for each in names):
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return None
    return [dict(zip(names, row, strict=True)) for row in rows]


def _cell(value: Any) -> str:
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return as_cell(value)
