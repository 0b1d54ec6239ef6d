"""A logbook file as posted sends: the contract's CSV here, other sites' formats through the importer."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recsys import columns as c
from recsys.errors import DataError, UsageError
from recsys.logbooks.importing import Ascent, parse_logbook
from recsys.recommending.request import nearest

_NEEDED = (c.CLIMB_ID, c.DATE)


def read_file(path: Path) -> list[dict[str, Any]]:
    """The sends of a file, one mapping a row.

    Raises
    ------
    DataError
        The file cannot be read, or is in no known format.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", path=path, remedy="check the path") from error
    return read_bytes(content, path.name)


def read_bytes(content: bytes, name: str) -> list[dict[str, Any]]:
    """The sends of a file's content; `name` is the file's, for messages and to recognise it by."""
    rows = _contract(content, name)
    if rows is not None:
        return rows
    return [_plain(ascent) for ascent in parse_logbook(content, name).rows]


def of_climber(sends: Sequence[dict[str, Any]], climber: str | None) -> list[dict[str, Any]]:
    """The sends of one climber: of the one named where the file names climbers, else all of them.

    Raises
    ------
    UsageError
        The file holds several climbers and none of them was named, or not the one that was.
    """
    owners = list(dict.fromkeys(str(row[c.CLIMBER_ID]) for row in sends if row.get(c.CLIMBER_ID)))
    if climber in owners:
        return [row for row in sends if str(row.get(c.CLIMBER_ID)) == climber]
    if len(owners) > 1:
        what = "name one with --climber" if climber is None else f"{climber!r} is none of them"
        raise UsageError(f"--logbook: holds {len(owners)} climbers; {what}{nearest(climber or '', owners)}")
    return list(sends)


def _contract(content: bytes, name: str) -> list[dict[str, Any]] | None:
    """The rows of a CSV in the contract's columns, or None if it is something else."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        if not set(_NEEDED) <= set(reader.fieldnames or ()):
            return None
        return [_row(row, number, name) for number, row in enumerate(reader, 1)]
    except csv.Error as error:
        raise DataError(f"is no CSV: {error}", path=name, remedy="quote values that hold quotes") from error


def _plain(ascent: Ascent) -> dict[str, Any]:
    """An imported ascent in the contract's columns, blanks as None."""
    return {name: getattr(ascent, name, None) or None for name in (*c.REQUIRED, *c.OPTIONAL)}


def _row(row: dict[Any, Any], number: int, name: str) -> dict[str, Any]:
    if None in row:
        remedy = "quote values that hold commas"
        raise DataError("has more values than the header", path=name, row=number, remedy=remedy)
    return row
