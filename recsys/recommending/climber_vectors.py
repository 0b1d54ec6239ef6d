"""What a transformer reads of each climber: the embedding of a known one, else of those with like logbooks.

Training learns an embedding for each of its climbers, and one for somebody unknown. A newcomer gets
the mean of the most similar climbers' embeddings, weighted by similarity (`recsys.recommending.newcomers`),
and that of somebody unknown where nothing in the logbook is known. A stored climber whom training held out
is somebody unknown: so the run was evaluated, and no stored climber's answer depends on who else is stored.

The climbers' profiles are worked out when the first newcomer asks: they take as many numbers as the climbers
have climbs' dimensions, 26 MB for 100,000 climbers of 64.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from recsys.arrays import Array
from recsys.columns import UNKNOWN_ID
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.logbook import Logbook
from recsys.recommending.newcomers import Acquaintances, profiles
from recsys.recommending.rerank import unit_rows

MOST: Final = 500  # of a newcomer's sends, the last ones, tell whom the newcomer is like


class Stored(NamedTuple):
    """Everybody's logbooks: ids of the climbers and their sends [n_climbers], climbs end to end [n_sends].

    The climbs are indices in the catalogue, -1 where it lacks one.
    """

    ids: Array
    lengths: Array
    climbs: Array


class ClimberVectors:
    """Climbers' embeddings, of newcomers too. Safe to share by threads.

    Parameters
    ----------
    table:
        What the network reads by id, float32 [n_ids, climber_dim]; row `UNKNOWN_ID` is of somebody unknown.
    embeddings:
        Of the climbs, float32 [n_items, dimension].
    catalogue:
        The climbs in that order.
    climbers:
        Whose logbooks are stored.
    stored:
        Reads them, when the first newcomer asks.
    """

    def __init__(
        self,
        table: Array,
        embeddings: Array,
        catalogue: Catalogue,
        climbers: Container[str | None],
        stored: Callable[[], Stored],
    ) -> None:
        self.table, self._embeddings, self._catalogue = table, embeddings, catalogue
        self._climbers, self._stored = climbers, stored

    def is_new(self, code: int, climber: str | None) -> bool:
        """Whether somebody, whose id in the batch is `code`, is read by those with like logbooks."""
        return code == UNKNOWN_ID and climber not in self._climbers

    def reads(self, code: int, climber: str | None, length: int) -> int:
        """Sends of a logbook that are looked at, the one asked for included, by a method of `length`."""
        return max(length, MOST + 1) if self.is_new(code, climber) else length

    def of(self, ids: Array, climbers: Sequence[str | None], logbooks: Sequence[Logbook]) -> Array:
        """What is read of each climber, float32 [n, climber_dim].

        Parameters
        ----------
        ids, climbers:
            Of the climbers in the batch, int64 [n], and as they are named, [n].
        logbooks:
            Of each, the send that is asked for, which is not looked at, last.
        """
        found: Array = self.table[ids]
        new = [i for i in np.flatnonzero(ids == UNKNOWN_ID) if self.is_new(ids[i], climbers[i])]
        books: dict[bytes, int] = {}  # a range of grades asks with one logbook many times
        which = np.array([books.setdefault(self._climbs(logbooks[i]), len(books)) for i in new], dtype=int)
        if any(books) and self._friends is not None:
            found[new] = self._newcomers([np.frombuffer(each, dtype=np.int64) for each in books])[which]
        return found

    def _climbs(self, logbook: Logbook) -> bytes:
        """Indices of the climbs that are known, without that of the last send."""
        return np.array(self._catalogue.found(logbook.climbs[-MOST - 1 : -1]), dtype=np.int64).tobytes()

    def _newcomers(self, books: Sequence[Array]) -> Array:
        """Of logbooks of known climbs, float32 [n, climber_dim]."""
        assert self._friends is not None, "asked for where there are some"
        mine = profiles(self._units, np.concatenate(books), np.array([len(each) for each in books]))
        return np.where(mine.any(1)[:, None], self._friends.similar(mine), self.table[UNKNOWN_ID])

    @cached_property
    def _units(self) -> Array:
        return unit_rows(self._embeddings)

    @cached_property
    def _friends(self) -> Acquaintances | None:
        """Those with a logbook and an embedding of their own; None where there is nobody."""
        stored = self._stored()
        found = profiles(self._units, stored.climbs, stored.lengths)
        own = (self.table != self.table[UNKNOWN_ID]).any(1)  # not of climbers who joined without one
        own[: UNKNOWN_ID + 1] = False
        kept = np.flatnonzero(own[stored.ids] & found.any(1))
        return Acquaintances(found[kept], self.table[stored.ids[kept]]) if len(kept) else None
