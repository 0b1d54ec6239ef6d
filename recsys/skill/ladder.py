"""Ability as a hidden Markov chain on a ladder of grades, exact on its grid.

A track's ability stands on a grid of quarter steps. From session to session it climbs a quarter with chance
`up`, falls one with chance `down`, else it stays; the chances differ by how long the break was. A send's
difficulty is drawn from two components: the climber tries hard, N(ability, project), or goes easy,
N(ability - easy, spread). How often a climber logs hard sends is one of a few habits, which the filter finds
out along with the ability, so that those who log no warm-ups are not taken for stronger.

It is the idea of McAuley & Leskovec (2013, doi:10.1145/2488388.2488466), experience as a latent level that
grows over a user's history, with soft levels, small falls and a full posterior in place of one best path.
Grades anchor the levels, so there is no drift to correct, as there is with Elo or Glicko.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from recsys.arrays import Array
from recsys.skill.tracks import Tracks

STEP: Final = 0.25  # of the grid, in grades
HABITS: Final = (0.15, 0.35, 0.6, 0.9)  # share of hard sends in a log
BREAKS: Final = (14.0, 90.0)  # days that part short, longer and long breaks
_FLOOR: Final = 1e-4  # of every send is anything: one typing error does not throw a track


class Passed(NamedTuple):
    """What one pass over the sessions leaves.

    states [n_sessions, n_states] are normalised; evidence [n_sessions] is the log-probability of each
    session given the ones before it.
    """

    states: Array
    evidence: Array


@dataclass(frozen=True, eq=False)
class Ladder:
    """Constants of one discipline.

    Attributes
    ----------
    low, high:
        Ends of the grid of abilities, in steps of the discipline's ladder.
    project, easy, spread:
        Deviation of hard sends about the ability; how far below it easy ones lie, and their deviation.
    habits:
        Chance of each of `HABITS`, float64 [n_habits].
    up, down:
        Chance of a quarter step at a new session, by length of the break, float64 [n_breaks] each.
    first:
        Ability at the first session, float64 [n_states].
    supply:
        How much there is to climb of each difficulty of the grid, float64 [n_states]; sums to one.
    share:
        Correlation of two sends of one session, 0 to 1, given the ability.
    """

    low: float
    high: float
    project: float
    easy: float
    spread: float
    habits: Array
    up: Array
    down: Array
    first: Array
    supply: Array
    share: float = 0.0

    @classmethod
    def plain(cls, low: float, high: float) -> Ladder:
        """Where learning starts from, and what stands where there was nothing to learn from."""
        states = _grid(low, high)
        middle = (states - states.mean()) / (0.35 * (high - low))
        first = np.exp(-0.5 * middle**2)
        breaks = len(BREAKS) + 1
        return cls(
            low, high, 1.0, 2.0, 2.0, np.full(len(HABITS), 1 / len(HABITS)),
            np.full(breaks, 0.05), np.full(breaks, 0.02), first / first.sum(),
            np.full(len(states), 1 / len(states)),
        )  # fmt: skip

    @cached_property
    def states(self) -> Array:
        """Abilities of the grid, float64 [n_states]."""
        return _grid(self.low, self.high)

    @cached_property
    def kernels(self) -> Array:
        """Chances from state (row) to state, by length of the break, [n_breaks, n_states, n_states]."""
        n = len(self.states)
        made = np.zeros((len(self.up), n, n))
        inner = np.arange(n - 1)
        for kernel, up, down in zip(made, self.up, self.down, strict=True):
            kernel[inner, inner + 1] = up
            kernel[inner + 1, inner] = down
            np.fill_diagonal(kernel, 1 - kernel.sum(1))
        return made

    def hard(self, habit: int) -> Array:
        """Share of the hard component by state and difficulty of the grid, [n_states, n_states]."""
        return self._parts[0] * HABITS[habit] / self.density(habit)

    def density(self, habit: int) -> Array:
        """Chance of a difficulty (row) at an ability (column), both on the grid, [n_states, n_states]."""
        hard, easy = self._parts
        return HABITS[habit] * hard + (1 - HABITS[habit]) * easy + _FLOOR

    def code(self, difficulty: Array) -> Array:
        """Indices of difficulties on the grid, int64 [n]."""
        indices = np.rint((difficulty - self.low) / STEP).astype(np.int64)
        return np.clip(indices, 0, len(self.states) - 1)

    @cached_property
    def _parts(self) -> tuple[Array, Array]:
        return self.component(0.0, self.project), self.component(self.easy, self.spread)

    def component(self, below: float, deviation: float) -> Array:
        """Chance of a difficulty (row) that is sought `below` an ability (column), [n_states, n_states].

        What is sought is met by what there is: N(ability - below, deviation) times the supply, normalised.
        """
        margin = self.states[:, None] - self.states[None, :]
        joint = self.supply[:, None] * np.exp(-0.5 * ((margin + below) / deviation) ** 2) + 1e-300
        return np.asarray(joint / joint.sum(0))

    @cached_property
    def logs(self) -> Array:
        """Logarithm of `density` of every habit, float64 [n_habits, n_states, n_states]."""
        return np.log(np.stack([self.density(habit) for habit in range(len(HABITS))]))

    def likelihood(self, tracks: Tracks, habit: int) -> Array:
        """Log-probability of each session's sends at every ability, float64 [n_sessions, n_states]."""
        return self.likelihoods(tracks, [habit])[0]

    def likelihoods(self, tracks: Tracks, habits: Sequence[int]) -> Array:
        """`likelihood` of several habits, float64 [n_habits, n_sessions, n_states]."""
        # How many sends of each difficulty a session has: sums of their logarithms are products then.
        width, sends = len(self.states), np.diff(tracks.sends)[:, None]
        cells = tracks.session_of * width + self.code(tracks.difficulty)
        counts = np.bincount(cells, minlength=len(sends) * width).reshape(-1, width).astype(np.float64)
        logs = counts @ self.logs[list(habits)]
        return np.asarray(logs / (1 + self.share * (sends - 1)))  # the design effect of a cluster

    def forward(self, tracks: Tracks, likelihood: Array) -> Passed:
        """Ability after each session, by that session and the ones before it."""
        states, evidence = np.empty_like(likelihood), np.empty(len(likelihood))
        peak = likelihood.max(1, keepdims=True)
        odds = np.exp(likelihood - peak)
        kinds = breaks(tracks.gaps)
        for at, before in _in_step(tracks):
            prior = np.broadcast_to(self.first, (len(at), len(self.first)))
            if before is not None:
                prior = self._moved(states[before], kinds[at])
            joint = prior * odds[at]
            total = joint.sum(1, keepdims=True)
            states[at], evidence[at] = joint / total, np.log(total[:, 0]) + peak[at, 0]
        return Passed(states, evidence)

    def backward(self, tracks: Tracks, likelihood: Array) -> Array:
        """Odds of all later sessions at each ability, up to a factor, float64 [n_sessions, n_states]."""
        later = np.ones_like(likelihood)
        odds = np.exp(likelihood - likelihood.max(1, keepdims=True))
        kinds = breaks(tracks.gaps)
        for at, before in reversed(list(_in_step(tracks))):
            if before is not None:
                moved = self._moved(odds[at] * later[at], kinds[at], back=True)
                later[before] = moved / moved.max(1, keepdims=True)
        return later

    def _moved(self, states: Array, kinds: Array, back: bool = False) -> Array:
        """States one session on (or back), each by the kernel of its break, [n, n_states]."""
        moved = np.empty_like(states)
        for kind, kernel in enumerate(self.kernels):
            mine = kinds == kind
            if mine.any():
                moved[mine] = states[mine] @ (kernel.T if back else kernel)
        return moved


def breaks(gaps: Array) -> Array:
    """Which of the lengths of a break each gap in days is; one that is not known is short, int64 [n]."""
    return np.digitize(np.nan_to_num(gaps, nan=0.0), BREAKS, right=True)


def _in_step(tracks: Tracks) -> Iterator[tuple[Array, Array | None]]:
    """The first sessions of all tracks, then their second ones with the firsts, and so on."""
    starts, lengths = tracks.sessions[:-1], np.diff(tracks.sessions)
    order = np.argsort(-lengths, kind="stable")
    starts, lengths = starts[order], lengths[order]
    for step in range(int(lengths[0]) if len(lengths) else 0):
        at = starts[: int(np.searchsorted(-lengths, -step, side="left"))] + step
        yield at, (at - 1 if step else None)


def _grid(low: float, high: float) -> Array:
    return np.arange(round((high - low) / STEP) + 1) * STEP + low
