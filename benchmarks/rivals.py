"""What the ladder is compared with: other estimates of ability from the same tracks, one a session each.

Each takes tracks and gives the ability after each session, float64 [n_sessions], in steps or in units of its
own: they are compared by rank.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from recsys.arrays import Array
from recsys.skill.tracks import Tracks

BEST, YEAR = 10, 365.0
SCALE: Final = 1.0  # grades that a logistic unit is worth
LEVELS: Final = 10


def hardest(tracks: Tracks) -> Array:
    """Mean of the ten hardest sends of the last 365 days: what a page shows that has no model."""
    found = np.empty(len(tracks.gaps))
    for first, last in _spans(tracks):
        day = np.cumsum(np.nan_to_num(tracks.gaps[first:last]))
        for session in range(first, last):
            since = first + int(np.searchsorted(day, day[session - first] - YEAR))
            sends = tracks.difficulty[tracks.sends[since] : tracks.sends[session + 1]]
            found[session] = np.sort(sends)[-BEST:].mean()
    return found


def elo(tracks: Tracks, gain: float = 0.5) -> Array:
    """Elo (1978): every send is a game won against a climb that is rated by its grade."""
    found = np.empty(len(tracks.gaps))
    for first, last in _spans(tracks):
        rating = float(tracks.difficulty[tracks.sends[first] : tracks.sends[first + 1]].mean())
        for session in range(first, last):
            for grade in tracks.difficulty[tracks.sends[session] : tracks.sends[session + 1]]:
                rating += gain * (1 - 1 / (1 + np.exp((grade - rating) / SCALE)))
            found[session] = rating
    return found


def glicko(tracks: Tracks, start: float = 3.0, wander: float = 0.02) -> Array:
    """Glicko (Glickman 1999): the same games, one rating period a session, with a deviation that grows."""
    found = np.empty(len(tracks.gaps))
    for first, last in _spans(tracks):
        rating, variance = float(tracks.difficulty[tracks.sends[first]]), start**2
        for session in range(first, last):
            variance = min(variance + wander, start**2)
            grades = tracks.difficulty[tracks.sends[session] : tracks.sends[session + 1]]
            chance = 1 / (1 + np.exp((grades - rating) / SCALE))
            variance = 1 / (1 / variance + (chance * (1 - chance)).sum() / SCALE**2)
            rating += variance / SCALE * (1 - chance).sum()
            found[session] = rating
    return found


def rasch(tracks: Tracks, seed: int = 0, unsent: int = 3, rounds: int = 30) -> Array:
    """Rasch (1960): one ability a climber; logs lack failures, so `unsent` ones a send are drawn.

    They are drawn from all sends, so that a popular grade is as often failed as sent.
    """
    draw = np.random.default_rng(seed)
    owner = np.repeat(tracks.track_of, np.diff(tracks.sends))
    failed = draw.choice(tracks.difficulty, size=unsent * len(owner))
    who, what = np.concatenate([owner, np.repeat(owner, unsent)]), np.concatenate([tracks.difficulty, failed])
    won = np.arange(len(who)) < len(owner)
    ability = np.full(len(tracks), tracks.difficulty.mean())
    middle = ability.mean()
    for _ in range(rounds):
        chance = 1 / (1 + np.exp((what - ability[who]) / SCALE))
        pull = np.bincount(who, weights=won - chance, minlength=len(tracks)) - 0.1 * (ability - middle)
        ability += np.clip(pull / (np.bincount(who, weights=chance * (1 - chance)) + 0.1), -1, 1)
    return ability[tracks.track_of]


def levels(tracks: Tracks, rounds: int = 8) -> Array:
    """Monotone levels (McAuley & Leskovec 2013): hard ones that never fall, by dynamic programming."""
    grade = np.rint(tracks.difficulty - tracks.difficulty.min()).astype(np.int64)
    edges = np.quantile(tracks.difficulty, np.linspace(0, 1, LEVELS + 1)[1:-1])
    level = np.digitize(hardest(tracks), edges)[tracks.session_of]
    for _ in range(rounds):
        counts = np.zeros((LEVELS, grade.max() + 1)) + 1.0
        np.add.at(counts, (level, grade), 1)
        score = np.log(counts / counts.sum(1, keepdims=True))[:, grade].T  # [n_sends, LEVELS]
        for first, last in _spans(tracks):
            start, stop = tracks.sends[first], tracks.sends[last]
            level[start:stop] = _rising(score[start:stop])
    return level[tracks.sends[1:] - 1].astype(np.float64)


RIVALS: Final[dict[str, Callable[[Tracks], Array]]] = {
    "ten hardest in a year": hardest,
    "Elo": elo,
    "Glicko": glicko,
    "Rasch, drawn failures": rasch,
    "monotone levels": levels,
}


def _rising(score: Array) -> Array:
    """The likeliest path of levels that never falls, int64 [n_sends]."""
    best = score.copy()
    for index in range(1, len(score)):
        best[index] += np.maximum.accumulate(best[index - 1])
    path = np.empty(len(score), dtype=np.int64)
    top = LEVELS
    for index in range(len(score) - 1, -1, -1):
        top = int(np.argmax(best[index, : top if index < len(score) - 1 else LEVELS])) + 1
        path[index] = top - 1
    return path


def _spans(tracks: Tracks) -> list[tuple[int, int]]:
    return list(zip(tracks.sessions[:-1].tolist(), tracks.sessions[1:].tolist(), strict=True))
