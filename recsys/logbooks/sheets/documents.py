"""JSON as rows of text: a list of objects, one object a line, or a table by columns."""

from __future__ import annotations

import json
from typing import Any, Final

from recsys.errors import DataError
from recsys.logbooks.cells import as_cell

_MAX_COLUMNS: Final = 2_000
_FORMS: Final = "write a list of objects, one a send, or save it as CSV (UTF-8)"


def json_rows(text: str, name: str) -> list[list[str]]:
    """The header (every key, in the order of its first use) and the rows.

    Raises
    ------
    DataError
        It is not JSON, or not a table.
    """
    records = _records(_parsed(text, name))
    if records is None:
        raise DataError("is JSON, but not a list of sends", path=name, remedy=_FORMS)
    names = list(dict.fromkeys(key for record in records for key in record))
    if len(names) > _MAX_COLUMNS:
        raise DataError(f"holds more than {_MAX_COLUMNS} columns", path=name, remedy=_FORMS)
    return [names, *([_cell(record.get(key)) for key in names] for record in records)]


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


def _records(data: Any) -> list[dict[str, Any]] | None:
    """The objects, one a row, in whichever of the usual forms they are; None where they are in none."""
    if isinstance(data, list):
        return data if all(isinstance(each, dict) for each in data) else None
    if not isinstance(data, dict) or not data:
        return None
    columns = list(data.values())
    if all(isinstance(each, dict) for each in columns):  # pandas' to_json: {column: {row: value}}
        keys = list(dict.fromkeys(key for each in columns for key in each))
        return [{name: column.get(key) for name, column in data.items()} for key in keys]
    lists = [each for each in columns if isinstance(each, list)]
    tables = [each for each in lists if each and all(isinstance(row, dict) for row in each)]
    if tables:
        return max(tables, key=len)
    if len(lists) == len(columns) and len({len(each) for each in lists}) == 1:
        return [dict(zip(data, row, strict=True)) for row in zip(*lists, strict=True)]
    return [data] if not any(isinstance(each, (list, dict)) for each in columns) else None


def _cell(value: Any) -> str:
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return as_cell(value)
