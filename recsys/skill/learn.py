"""The constants of a ladder from training sends: expectation maximisation (Baum et al. 1970)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from recsys.arrays import Array
from recsys.skill.ladder import BREAKS, HABITS, STEP, Ladder, breaks
from recsys.skill.posterior import both, total
from recsys.skill.tracks import Tracks

ROUNDS: Final = 8
FEWEST: Final = 200  # sends of a discipline below which nothing is learnt
MARGIN: Final = (2.0, 4.0)  # room of the grid below the easiest and above the hardest send
SUPPLY: Final = 0.5  # power of the sends of a grade that stands for how much of it there is to climb
SHARE: Final = 0.1  # correlation of the sends of one session
PROJECT, EASY, SPREAD = 1.5, 2.0, 3.0  # largest values of a ladder's; chosen by the Brier score of `reach`
MOST: Final = 250  # tracks that are learnt from: there are few constants
_PRIOR: Final = 2.0  # sessions that the starting chances are worth


@dataclass
class _Counts:
    """Expected counts of one round."""

    weight: Array  # of difficulty (row) at ability (column), by component: [2, n_states, n_states]
    moves: Array  # falls, stays and rises by length of the break, [n_breaks, 3]
    habits: Array  # tracks by habit, [n_habits]
    first: Array  # tracks by their first ability, [n_states]


def learn(tracks: Tracks, rounds: int = ROUNDS) -> Ladder:
    """The ladder that makes the tracks most probable, near enough; a plain one for too few sends."""
    low = np.floor(tracks.difficulty.min(initial=0.0)) - MARGIN[0]
    high = np.ceil(tracks.difficulty.max(initial=10.0)) + MARGIN[1]
    ladder = Ladder.plain(float(low), float(high))
    if len(tracks.difficulty) < FEWEST:
        return ladder
    supply = np.bincount(ladder.code(tracks.difficulty), minlength=len(ladder.states)) ** SUPPLY
    supply = np.convolve(supply, np.array([1, 2, 3, 2, 1]) / 9, "same") + 1e-3 * supply.max()
    ladder = replace(ladder, supply=supply / supply.sum(), share=SHARE)
    few = tracks.every(MOST)
    for _ in range(rounds):
        ladder = _updated(ladder, _expect(ladder, few))
    return ladder


def _expect(ladder: Ladder, tracks: Tracks) -> _Counts:
    n, kinds = len(ladder.states), len(BREAKS) + 1
    counts = _Counts(np.zeros((2, n, n)), np.zeros((kinds, 3)), np.zeros(len(HABITS)), np.zeros(n))
    likelihood = [ladder.likelihood(tracks, habit) for habit in range(len(HABITS))]
    passes = [ladder.forward(tracks, each) for each in likelihood]
    logs = np.stack([total(tracks, each) for each in passes]) + np.log(ladder.habits)[:, None]
    shares = np.exp(logs - logs.max(0))
    shares /= shares.sum(0)  # [n_habits, n_tracks]
    codes = ladder.code(tracks.difficulty)
    for habit, (given, passed) in enumerate(zip(likelihood, passes, strict=True)):
        share = shares[habit][tracks.track_of][:, None]
        later = ladder.backward(tracks, given)
        states = both(passed, later) * share
        joint = np.zeros((n, n))
        np.add.at(joint, codes, states[tracks.session_of])
        hard = ladder.hard(habit)
        counts.weight += np.stack([joint * hard, joint * (1 - hard)])
        counts.habits[habit] = shares[habit].sum()
        counts.first += states[tracks.sessions[:-1]].sum(0)
        counts.moves += _moves(ladder, tracks, passed.states, given, later, share[:, 0])
    return counts


def _moves(
    ladder: Ladder, tracks: Tracks, states: Array, likelihood: Array, later: Array, share: Array
) -> Array:
    """Expected falls, stays and rises by length of the break, [n_breaks, 3]."""
    inside = np.ones(len(states), dtype=bool)
    inside[tracks.sessions[:-1]] = False
    at = np.flatnonzero(inside)
    ahead = np.exp(likelihood[at] - likelihood[at].max(1, keepdims=True)) * later[at]
    kinds, counted = breaks(tracks.gaps)[at], np.zeros((len(BREAKS) + 1, 3))
    for kind, kernel in enumerate(ladder.kernels):
        mine = kinds == kind
        before, after, weight = states[at[mine] - 1], ahead[mine], share[at[mine]]
        fall = (before[:, 1:] * after[:, :-1]).sum(1) * ladder.down[kind]
        rise = (before[:, :-1] * after[:, 1:]).sum(1) * ladder.up[kind]
        stay = (before * after) @ np.diag(kernel)
        parts = np.stack([fall, stay, rise], axis=1)
        counted[kind] = (weight[:, None] * parts / parts.sum(1, keepdims=True)).sum(0)
    return counted


def _updated(ladder: Ladder, counts: _Counts) -> Ladder:
    moves = counts.moves + _PRIOR * np.array([0.02, 0.93, 0.05])
    moves = moves / moves.sum(1, keepdims=True)
    first = np.convolve(counts.first, np.array([1, 4, 6, 4, 1]) / 16, "same") + 1e-3
    hard, easy = counts.weight
    project, _ = _fitted(ladder, hard, [(0.0, each) for each in _around(ladder.project, PROJECT)])
    away = [min(max(ladder.easy + each, 1.0), EASY) for each in (-0.25, 0.0, 0.25)]
    spread, below = _fitted(
        ladder, easy, [(b, each) for b in away for each in _around(ladder.spread, SPREAD)]
    )
    return replace(
        ladder,
        project=project,
        easy=below,
        spread=spread,
        habits=(counts.habits + 1) / (counts.habits + 1).sum(),
        up=np.minimum(moves[:, 2], 0.45),
        down=np.minimum(moves[:, 0], 0.45),
        first=first / first.sum(),
    )


def _around(value: float, most: float) -> list[float]:
    return [min(max(value * factor, 2 * STEP), most) for factor in (0.8, 0.9, 1.0, 1.1, 1.25)]


def _fitted(ladder: Ladder, weight: Array, choices: list[tuple[float, float]]) -> tuple[float, float]:
    """The deviation and the distance below, of those to choose from, that explain the weights best."""
    fits = [float((weight * np.log(ladder.component(*each))).sum()) for each in choices]
    below, deviation = choices[int(np.argmax(fits))]
    return deviation, below
