"""Climbs and areas that are closed: nesting birds, access, a wall that was reset. They are never recommended.

A file has a climb or an area a line, or is a CSV with a column ``climb_id``, ``area`` or ``region``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recsys import columns as c
from recsys.errors import DataError

_COLUMNS: Final = (c.CLIMB_ID, c.AREA, c.REGION)


@dataclass(frozen=True)
class Blocked:
    """Ids of climbs, and names of areas and regions, upper or lower case; a plain entry may be either."""

    entries: frozenset[str] = frozenset()

    @classmethod
    def of(cls, entries: Iterable[str]) -> Blocked:
        """Of these ids and names; blank ones are left out."""
        return cls(frozenset(each.strip().casefold() for each in entries if each.strip()))


OPEN: Final = Blocked()  # nothing is closed


def read_blocked(path: Path) -> Blocked:
    """The closed climbs and areas of a file.

    Raises
    ------
    DataError
        The file cannot be read as text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", path=path, remedy="check the path") from error
    except UnicodeDecodeError as error:
        raise DataError("is not UTF-8 text", path=path, remedy="save it as CSV in UTF-8") from error
    return Blocked.of(_entries(text))


def _entries(text: str) -> Iterator[str]:
    header = next(csv.reader(io.StringIO(text)), [])
    known = [name for name in _COLUMNS if name in [each.strip() for each in header]]
    if not known:
        yield from text.splitlines()
        return
    for row in csv.DictReader(io.StringIO(text)):
        named = [row.get(name) or "" for name in known]
        yield next((each for each in named if each.strip()), "")
