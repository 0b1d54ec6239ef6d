"""Questions about what may come: logbooks with climbs that were not sent yet, many at once.

`after` asks what follows each logbook; `between` asks what fills the gap before a climb that is to come, of
backends that can (`Filling`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

import numpy as np

from recsys import columns as c
from recsys.arrays import Array, softmax
from recsys.columns import GIVEN
from recsys.errors import UsageError
from recsys.logbooks.grades import label
from recsys.recommending.backend import Backend
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.counted.method import PREFIX
from recsys.recommending.features import ArrayBatch
from recsys.recommending.logbook import Logbook

AT_ONCE: Final = 256  # windows that go through the model together
GAP: Final = (1.0, 30.0)  # days between sends to come, at the least and at the most
_TARGET: Final = "\0"  # no climb has this id, so every vocabulary calls it unknown


@runtime_checkable
class Filling(Protocol):
    """A backend whose model sees both sides of a gap."""

    @property
    def fills(self) -> bool:
        """Whether its model was trained to."""

    def fill(self, batch: ArrayBatch) -> Array:
        """Scores of every climb for the first of ``hole``, bool [batch, length]: [batch, n_items]."""


def supposed(catalogue: Catalogue, index: int, day: float) -> dict[str, object]:
    """A climb of the catalogue as a send on a day (days since the epoch, or NaN)."""
    return {
        c.CLIMB_ID: catalogue.ids[index], c.GRADE: catalogue.grades[index],
        c.REGION: catalogue.regions[index], c.DAY: day,
    }  # fmt: skip


def pace(logbook: Logbook) -> float:
    """Days that usually lie between two days on the rock: the median of the last ones, within `GAP`."""
    days = np.unique(np.floor(logbook.columns[c.DAY][-200:]))
    gaps = np.diff(days[np.isfinite(days)])
    return float(np.clip(np.median(gaps), *GAP)) if len(gaps) else GAP[0]


def after(
    backend: Backend,
    logbooks: Sequence[Logbook],
    climber: str | None,
    region: str | None = None,
    grades: Sequence[float | None] | None = None,
    wait: float = 0.0,
    today: float = math.nan,
) -> Array:
    """Probability of every climb to follow each logbook, float64 [n_logbooks, n_items].

    Parameters
    ----------
    backend:
        A run or a bundle.
    logbooks:
        With one send or more each.
    climber:
        Whose they are, or None.
    region, grades:
        Prompts: one region for all, a grade (ordinal) or None for each.
    wait:
        Days after each last send on which is asked; 0 leaves the day open.
    today:
        Day of the last send that was really made. Those after it are supposed, and a method that counts by
        days takes them as of this one: supposed days would hide what was sent. NaN: none is supposed.
    """
    wanted = grades or [None] * len(logbooks)
    books, given, most = [], [], backend.reads(climber)
    for book, grade in zip(logbooks, wanted, strict=True):
        day = float(book.columns[c.DAY][-1]) + wait
        text = None if grade is None else label(grade)
        books.append(book.tail(most).then({c.CLIMB_ID: _TARGET, c.REGION: region, c.GRADE: text, c.DAY: day}))
        held = {
            c.REGION: region is not None,
            c.GRADE: grade is not None,
            c.ELAPSED_DAYS: wait > 0 and math.isfinite(day),
        }
        given.append([held.get(name, False) for name in backend.attributes])
    return _through(backend.logits, backend, books, climber, given, today=today)


def between(
    backend: Backend,
    logbooks: Sequence[Logbook],
    climber: str | None,
    missing: int,
    project: dict[str, object],
    region: str | None = None,
    today: float = math.nan,
) -> Array:
    """Probability of every climb to be the first of `missing` ones between each logbook and the project.

    float64 [n_logbooks, n_items]; `today` as of `after`.

    Raises
    ------
    UsageError
        The backend cannot look back from the project, or its windows are too short.
    """
    if not isinstance(backend, Filling):
        raise UsageError("`method` hole: a bundle cannot; give the folder of its run, or use `method` ahead")
    if not backend.fills:
        raise UsageError(
            "`method` hole: needs a run trained with `masking` mlm, span or rtd; use `method` ahead"
        )
    if missing + 2 > backend.length:
        raise UsageError(
            f"`method` hole: windows of {backend.length} sends hold no {missing} steps; ask for fewer"
        )
    books = []
    for book in logbooks:
        last = float(book.columns[c.DAY][-1])
        ahead = float(str(project[c.DAY]))
        for step in range(1, missing + 1):
            day = last + (ahead - last) * step / (missing + 1) if math.isfinite(ahead) else math.nan
            book = book.then({c.CLIMB_ID: _TARGET, c.REGION: region, c.DAY: day})
        books.append(book.then(project).tail(backend.reads(climber) + 1))
    given = [[name == c.REGION and region is not None for name in backend.attributes]] * len(books)
    index = np.arange(backend.length)
    hole = (index >= backend.length - 1 - missing) & (index < backend.length - 1)
    return _through(backend.fill, backend, books, climber, given, {"hole": hole}, today)


def _through(
    ask: object,
    backend: Backend,
    books: Sequence[Logbook],
    climber: str | None,
    given: Sequence[Sequence[bool]],
    extra: ArrayBatch | None = None,
    today: float = math.nan,
) -> Array:
    batch = backend.encode(books, [climber] * len(books))
    if (counted := PREFIX + c.DAY) in batch:
        days = batch[counted][:, :-1]
        days[days > today] = today
    batch[GIVEN] = np.array(given, dtype=bool).reshape(len(books), len(backend.attributes))
    batch |= {name: np.tile(row, (len(books), 1)) for name, row in (extra or {}).items()}
    assert callable(ask)
    parts = [
        ask({name: values[start : start + AT_ONCE] for name, values in batch.items()})
        for start in range(0, len(books), AT_ONCE)
    ]
    return softmax(np.concatenate(parts))
