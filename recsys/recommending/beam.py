"""Beam search for a chain of climbs that ends below a project, grade by grade.

A chain is worth the logarithm of what the model gives to its steps one after the other and, where the method
looks ahead, of what it then gives to the project: the joint probability of the chain followed by the project.
The model tells what is sent next, mostly on the same day at the same place; a step may be sent at any time.
So a step's share of all sends counts as well (`Search.crowd`).

    ahead    that; any model
    hole     each step is asked for with the project already standing behind the gap; bidirectional models
    greedy   the likeliest step, one after the other; no thought of the project but for its grade
    popular  the most sent climb of the grades that fit
    random   any climb that fits
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from recsys.recommending.ahead import after, between, supposed
from recsys.recommending.backend import Backend
from recsys.recommending.logbook import Logbook

METHODS: Final = ("ahead", "hole", "greedy", "popular", "random")
BEAM: Final = 8  # chains that are kept
CROWD: Final = 1.0  # of 0, 0.5, 1, 1.5 and 2 the best recall on validation (docs/results/measurements.md)
WIDTH: Final = 12  # continuations of each that are looked at
LIKE: Final = 12  # continuations beside them, that are likest the project, of the last step
FALL: Final = 1.0  # grades that a step may lie below the hardest before it
WIDE: Final = ("ahead", "hole")
_LEAST: Final = 1e-12


@dataclass(frozen=True, eq=False)
class Search:
    """What is searched.

    Attributes
    ----------
    backend, logbook, climber, region:
        Whose chain it is, and the region asked for.
    project, steps:
        Index of the climb at the end, and number of climbs before it.
    start, leap:
        Ability as a difficulty, and the most that the grade changes from one climb to the next.
    allowed:
        The climbs that may be named, bool [n_items].
    method, beam, pace, seed:
        One of `METHODS`, chains kept, days between two sends, seed of the random one.
    likeness:
        Cosine of every climb's embedding with the project's, [n_items].
    crowd:
        Weight of a step's share of all sends beside its probability, of "ahead" and "hole".
    wait:
        Days after the last climb for which the next is asked.
    floor:
        The lowest difficulty of a step.
    fall:
        Most grades that a step may lie below the hardest before it.
    """

    backend: Backend
    logbook: Logbook
    climber: str | None
    region: str | None
    project: int
    steps: int
    start: float
    leap: float
    allowed: Array
    method: str
    beam: int
    pace: float
    likeness: Array
    seed: int = 0
    crowd: float = CROWD
    wait: float = 0.0
    floor: float = -np.inf
    fall: float = FALL

    def after(self, chains: Sequence[tuple[int, ...]]) -> Array:
        """Probability of every climb to follow each chain, float64 [n_chains, n_items]."""
        books = [self.book(chain) for chain in chains]
        return after(self.backend, books, self.climber, self.region, wait=self.wait, today=self.today)

    @property
    def today(self) -> float:
        """Day of the last send that was really made; NaN where it is not known."""
        return float(self.logbook.columns[c.DAY][-1])

    @cached_property
    def sent(self) -> Array:
        """What every climb's probability is multiplied by for being sent often, float64 [n_items]."""
        return np.asarray(np.maximum(self.backend.catalogue.popularity, _LEAST) ** self.crowd)

    def worth(self, chain: Chain, look: bool) -> float:
        """A chain's worth, and what its steps gain by being sent often."""
        return chain.worth(look) + float(np.log(self.sent[list(chain.indices)]).sum())

    @property
    def grades(self) -> Array:
        """Difficulty of every climb, float64 [n_items]."""
        return self.backend.catalogue.ordinals

    def fits(self, chain: tuple[int, ...]) -> Array:
        """The climbs that may follow a chain, bool [n_items]: near its last grade, and leading to the end.

        None is more than `fall` below the hardest before it.
        """
        line = [self.start, *self.grades[list(chain)]]
        with np.errstate(invalid="ignore"):
            fits = self.leading[len(chain)] & (np.abs(self.grades - line[-1]) <= self.leap + 1e-9)
            fits &= self.grades >= max(line) - self.fall - 1e-9
        fits[list(chain)] = False
        return fits

    @cached_property
    def leading(self) -> Array:
        """The climbs of each step from which allowed ones lead on to the project, bool [steps, n_items].

        Grades are few and uneven, so that how far it is in leaps alone does not tell.
        """
        end = self.grades[self.project]
        with np.errstate(invalid="ignore"):
            usable = self.allowed & (self.grades <= end + 1e-9) & (self.grades >= self.floor - 1e-9)
        usable[self.project] = False
        rungs, rung = np.unique(self.grades[usable], return_inverse=True)
        near = np.abs(rungs[:, None] - rungs) <= self.leap + 1e-9
        lead = np.abs(rungs - end) <= self.leap + 1e-9
        rows = np.zeros((self.steps, len(usable)), dtype=bool)
        for step in reversed(range(self.steps)):
            rows[step, usable] = lead[rung]
            lead = (near & lead).any(1)
        return rows

    def book(self, chain: tuple[int, ...]) -> Logbook:
        """The logbook as it would be after the chain."""
        book, day = self.logbook, self.today
        for step, index in enumerate(chain, 1):
            book = book.then(supposed(self.backend.catalogue, index, day + step * self.pace))
        return book


@dataclass(frozen=True)
class Chain:
    """Climbs, the probability of each, and that of the project before the first and after each."""

    indices: tuple[int, ...] = ()
    steps: tuple[float, ...] = ()
    project: tuple[float, ...] = ()

    @property
    def raises(self) -> bool:
        """Whether the project is likelier after the chain than before it."""
        return self.project[-1] > self.project[0]

    def worth(self, look: bool) -> float:
        """Logarithm of the steps' probability, and of the project's after the last one if one looks ahead."""
        ahead = float(np.log(max(self.project[-1], _LEAST))) if look else 0.0
        return float(np.log(np.maximum(self.steps, _LEAST)).sum()) + ahead


def search(query: Search) -> list[Chain]:
    """The best chains, best first, `query.beam` at the most; empty where no chain fits."""
    draw = np.random.default_rng(query.seed)
    known = query.after([()])
    beam = [(Chain(project=(float(known[0, query.project]),)), known[0])]
    look, keep = query.method == "ahead", query.beam if query.method in WIDE else 1
    sent = query.sent if query.method in WIDE else np.ones(len(known[0]))
    for _ in range(query.steps):
        chances = _weights(query, [chain for chain, _ in beam], np.stack([row for _, row in beam]), draw)
        grown = [
            Chain((*chain.indices, index), (*chain.steps, float(row[index])), chain.project)
            for (chain, _), row in zip(beam, chances, strict=True)
            for index in _next(query, chain, row * sent, keep)
        ]
        if not grown:
            return []
        beam = _kept(query, grown, look, keep)
    return [chain for chain, _ in beam]


def _kept(query: Search, grown: list[Chain], look: bool, keep: int) -> list[tuple[Chain, Array]]:
    """The best of the grown chains, each with what the model gives to all climbs after it."""
    if not look:
        grown = sorted(grown, key=lambda chain: -query.worth(chain, False))[:keep]
    known = query.after([each.indices for each in grown])
    seen = [
        (Chain(chain.indices, chain.steps, (*chain.project, float(row[query.project]))), row)
        for chain, row in zip(grown, known, strict=True)
    ]
    last = len(grown[0].indices) == query.steps
    seen.sort(key=lambda pair: (last and not pair[0].raises, -query.worth(pair[0], look)))
    sets, kept = set[frozenset[int]](), []
    for chain, row in seen:  # the same climbs in another order are no other way
        if frozenset(chain.indices) not in sets:
            sets.add(frozenset(chain.indices))
            kept.append((chain, row))
    return kept[:keep]


def _weights(query: Search, chains: list[Chain], known: Array, draw: np.random.Generator) -> Array:
    """What each chain's continuations are chosen by, float64 [n_chains, n_items]."""
    catalogue = query.backend.catalogue
    if query.method == "popular":
        return np.tile(catalogue.popularity, (len(chains), 1))
    if query.method == "random":
        return draw.random((len(chains), len(catalogue)))
    if query.method != "hole":
        return known
    missing = query.steps - len(chains[0].indices)
    day = query.today + (query.steps + 1) * query.pace
    project = supposed(catalogue, query.project, day)
    books = [query.book(each.indices) for each in chains]
    return between(query.backend, books, query.climber, missing, project, query.region, query.today)


def _next(query: Search, chain: Chain, row: Array, keep: int) -> list[int]:
    """The climbs that a chain may go on with: the best, and at the end those that are likest the project."""
    fits = query.fits(chain.indices)
    found = _best(row, fits, WIDTH if keep > 1 else 1)
    if query.method != "ahead" or len(chain.indices) + 1 < query.steps:
        return found
    return list(dict.fromkeys([*found, *_best(query.likeness, fits, LIKE)]))


def _best(row: Array, fits: Array, most: int) -> list[int]:
    indices = np.flatnonzero(fits)
    return [int(index) for index in indices[np.argsort(-row[indices], kind="stable")][:most]]
