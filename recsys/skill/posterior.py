"""Ability of tracks under a ladder: by the sessions so far (what a request knows), or by all of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recsys.arrays import Array
from recsys.skill.ladder import HABITS, Ladder, Passed, breaks
from recsys.skill.tracks import Tracks


class Ability(NamedTuple):
    """Mean and deviation of the ability after each session, float64 [n_sessions] each, in steps."""

    mean: Array
    deviation: Array


def filtered(ladder: Ladder, tracks: Tracks) -> Ability:
    """Ability after each session, nothing of the future used."""
    passes = [ladder.forward(tracks, ladder.likelihood(tracks, habit)) for habit in range(len(HABITS))]
    weights = np.stack([_so_far(tracks, each.evidence) for each in passes])  # [n_habits, n_sessions]
    return moments(ladder, [each.states for each in passes], _shares(weights, ladder.habits))


def smoothed(ladder: Ladder, tracks: Tracks) -> Ability:
    """Ability at each session by the whole track, the sessions after it too."""
    states, whole = [], []
    for habit in range(len(HABITS)):
        likelihood = ladder.likelihood(tracks, habit)
        passed = ladder.forward(tracks, likelihood)
        states.append(both(passed, ladder.backward(tracks, likelihood)))
        whole.append(total(tracks, passed)[tracks.track_of])
    return moments(ladder, states, _shares(np.stack(whole), ladder.habits))


def latest(ladder: Ladder, tracks: Tracks) -> tuple[float, float]:
    """What `filtered` says of the last session of a single track: mean and deviation, all habits at once."""
    logs = ladder.likelihoods(tracks, range(len(HABITS)))
    peak = logs.max(2)  # [n_habits, n_sessions]
    odds = np.exp(logs - peak[..., None])
    states, evidence = np.broadcast_to(ladder.first, odds[:, 0].shape), peak.sum(1)
    kernels = ladder.kernels
    for at, kind in enumerate(breaks(tracks.gaps).tolist()):
        joint = (states @ kernels[kind] if at else states) * odds[:, at]
        weight = joint.sum(1)
        states, evidence = joint / weight[:, None], evidence + np.log(weight)
    shares = _shares(evidence[:, None], ladder.habits)
    mixed = (shares * states).sum(0)
    mean = float(mixed @ ladder.states)
    return mean, float(np.sqrt(max(mixed @ ladder.states**2 - mean**2, 0.0)))


def both(passed: Passed, later: Array) -> Array:
    """Ability by the sessions before and after, float64 [n_sessions, n_states]; rows sum to one."""
    states = passed.states * later
    return np.asarray(states / states.sum(1, keepdims=True))


def total(tracks: Tracks, passed: Passed) -> Array:
    """Log-probability of each track, float64 [n_tracks]."""
    return np.bincount(tracks.track_of, weights=passed.evidence, minlength=len(tracks))


def moments(ladder: Ladder, states: list[Array], shares: Array) -> Ability:
    """Mean and deviation of states [n_sessions, n_states] mixed by shares [n_habits, n_sessions]."""
    mixed = sum(share[:, None] * each for share, each in zip(shares, states, strict=True))
    mean = mixed @ ladder.states
    square = mixed @ ladder.states**2
    return Ability(mean, np.sqrt(np.maximum(square - mean**2, 0.0)))


def _so_far(tracks: Tracks, evidence: Array) -> Array:
    """Log-probability of each track up to and with each session, float64 [n_sessions]."""
    running = np.cumsum(evidence)
    before = np.append(0.0, running)[tracks.sessions[:-1]]
    return np.asarray(running - before[tracks.track_of])


def _shares(logs: Array, priors: Array) -> Array:
    logs = logs + np.log(priors)[:, None]
    shares = np.exp(logs - logs.max(0))
    return np.asarray(shares / shares.sum(0))
