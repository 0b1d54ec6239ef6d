"""Limits by climber for a batch: who wants which grades, which region, how many stars."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from recsys import columns as c
from recsys.errors import DataError, RecsysError
from recsys.logbooks.cells import number
from recsys.logbooks.importing.listed import Listed, listed, open_list
from recsys.recommending.forms import Forms
from recsys.recommending.recommender import Recommender

NAMES: Final = (c.GRADE, c.REGION, "min_stars", "k")


def read_limits(path: Path, recommender: Recommender) -> dict[str, dict[str, Any]]:
    """Climber to the limits that are filled in: ``{"ada": {"grade": "V4:V6", "min_stars": 3.0}}``.

    Climbers without a stored logbook are among them: a site's newest have too few sends to be in a run, and
    must not keep the others from their answers.

    Raises
    ------
    DataError
        The file cannot be read, has another column, names a climber twice, or a limit of a row cannot be; it
        names the row.
    """
    table = listed(open_list(path), (c.CLIMBER_ID, *NAMES)) or Listed([], [])
    for name in table.header:
        if name not in (c.CLIMBER_ID, *NAMES):
            remedy = f"write climber_id and any of {', '.join(NAMES)}"
            raise DataError("is no column of limits", path=path, value=name, remedy=remedy)
    if c.CLIMBER_ID not in table.header:
        raise DataError("has no column climber_id", path=path, remedy="say whose limits they are")
    found: dict[str, dict[str, Any]] = {}
    known = Forms(recommender.climbers)
    for index, row in enumerate(table.rows, 1):
        climber, limits = _row(row, index, path, recommender)
        climber = known.known(climber) or climber  # a limit that is passed over is one that is broken
        if climber in found:  # the last would go before the others, and nobody would know
            problem = f"names a climber whom row {1 + list(found).index(climber)} names"
            raise DataError(problem, path=path, row=index, value=climber, remedy="keep one of the two")
        found[climber] = limits
    return found


def _row(
    row: Mapping[str, str], index: int, path: Path, recommender: Recommender
) -> tuple[str, dict[str, Any]]:
    climber = row.get(c.CLIMBER_ID, "")
    if not climber:
        raise DataError("names no climber", path=path, row=index, remedy="say whose limits they are")
    found: dict[str, Any] = {}
    for name in NAMES:
        if text := row.get(name):
            try:
                found[name] = _read(name, text)
            except ValueError:
                remedy = "write a number from 1 to 5" if name == "min_stars" else "write a whole number"
                raise DataError(
                    f"{name} cannot be read", path=path, row=index, value=text, remedy=remedy
                ) from None
    try:
        recommender.request(climber, **found)
    except RecsysError as error:
        raise DataError(str(error), path=path, row=index, remedy="correct the row") from None
    return climber, found


def _read(name: str, text: str) -> Any:
    if name not in ("min_stars", "k"):
        return text
    value = number(text)
    if value is None or (not 1 <= value <= 5 if name == "min_stars" else not value.is_integer()):
        raise ValueError(text)
    return value if name == "min_stars" else int(value)  # spreadsheets and pandas write 2.0 beside blanks
