"""From a preset and a seed to a table of raw sends: crags, climbers, their walk, and what they wrote down."""

from __future__ import annotations

from typing import Final
from zlib import crc32

import numpy as np
import pandas as pd

from recsys import columns
from recsys.errors import UsageError
from recsys.logbooks.simulate import diary, names, texts
from recsys.logbooks.simulate.books import simulate_books
from recsys.logbooks.simulate.climbers import Climbers, build_climbers
from recsys.logbooks.simulate.crags import Crags, build_crags
from recsys.logbooks.simulate.gym import simulate_gym
from recsys.logbooks.simulate.presets import BOOKS, GYM, Preset, checked_scale, preset_named
from recsys.logbooks.simulate.repair import repair
from recsys.logbooks.simulate.sizes import Array, Ints
from recsys.logbooks.simulate.walk import walk

RATING_HABIT: Final = 1.2  # how much of rating (or commenting) is a climber's habit, against chance
COMMENT_HABIT: Final = 1.5


def simulate(preset: str = "bc", seed: int = 0, scale: float = 1.0) -> pd.DataFrame:
    """Return simulated raw sends, one row a send, ordered by climber, date and sequence.

    Parameters
    ----------
    preset:
        A name in `PRESETS`: "bc" or "world"; "gym" (`recsys.logbooks.simulate.gym`); or "books", a library in
        its own columns (`recsys.logbooks.simulate.books`).
    seed:
        A number from 0; the same preset, seed and scale give the same table.
    scale:
        Size of the community as a share of its sends: 1 for the published figures, 0.05 for quick tests
        (see `Preset.scaled`).

    Returns
    -------
    The columns of the contract but the hidden style: climber_id and climb_id (both start with "sim-"), date
    ("YYYY-MM-DD"), sequence (from 0 within the date), region, area, climb_name, climb_type ("boulder"),
    grade ("V4"), rating (1 to 5 stars, or null), comment and beta (or null).
    """
    if seed < 0:
        raise UsageError(f"`seed` {seed} is negative; choose one from 0")
    if preset == GYM:
        return simulate_gym(seed, checked_scale(scale))
    if preset == BOOKS:
        return simulate_books(seed, checked_scale(scale))
    figures = preset_named(preset).scaled(scale)
    source = np.random.SeedSequence([crc32(preset.encode()), seed])
    layout, people, going, filing, writing = (np.random.default_rng(child) for child in source.spawn(5))
    crags = build_crags(figures, layout)
    climbers = build_climbers(figures, people)
    climber, climb, session, gaps = walk(crags, climbers, going)
    climb = diary.jumbled(climber, repair(climber, climb, crags, climbers), session, climbers, filing)
    days = diary.logged_days(climber, session, diary.session_days(gaps, filing), climbers, filing)
    table = _log(climber, climb, days, crags, climbers, figures, filing)
    table[columns.AREA] = _labels(names.area_names(len(crags.area_region), writing), crags.area[climb])
    table[columns.CLIMB_NAME] = _labels(names.climb_names(len(crags.grade), writing), climb)
    order = [name for name in (*columns.REQUIRED, *columns.OPTIONAL) if name in table]
    return pd.DataFrame({name: table[name] for name in order})


def _log(
    climber: Ints,
    climb: Ints,
    days: Ints,
    crags: Crags,
    climbers: Climbers,
    figures: Preset,
    rng: np.random.Generator,
) -> dict[str, object]:
    kept = ~climbers.fringe[climber] & ~crags.fringe[climb]
    grade = diary.logged_grades(climb, days, crags, rng)
    rated = diary.chosen(figures.rated, climber, kept, RATING_HABIT, rng)
    rating = diary.stars(climber, climb, kept & rated, crags, figures, rng)
    commented = diary.chosen(figures.commented, climber, kept, COMMENT_HABIT, rng)
    with_beta = diary.chosen(figures.with_beta, climber, kept, COMMENT_HABIT, rng)
    mean = np.bincount(climber, weights=grade) / np.bincount(climber)
    style = crags.style[climb]
    written = texts.comments(style[commented], rating[commented], (grade - mean[climber])[commented], rng)
    return {
        columns.CLIMBER_ID: _labels(
            [f"{columns.SIMULATED}climber-{k:04d}" for k in range(len(climbers.sends))], climber
        ),
        columns.CLIMB_ID: _labels(
            [f"{columns.SIMULATED}climb-{k:05d}" for k in range(len(crags.grade))], climb
        ),
        columns.DATE: np.datetime_as_string(days.astype("datetime64[D]")).astype(object),
        columns.SEQUENCE: _sequence(climber, days),
        columns.REGION: _labels([region.name for region in figures.regions], crags.region[climb]),
        columns.CLIMB_TYPE: _labels(["boulder"], np.zeros_like(climb)),
        columns.GRADE: _labels([f"V{k}" for k in range(18)], grade),
        columns.RATING: pd.arrays.IntegerArray(rating, ~rated),
        columns.COMMENT: _sparse(commented, written),
        columns.BETA: _sparse(with_beta, texts.betas(style[with_beta], rng)),
    }


def _labels(labels: list[str], index: Ints) -> Array:
    return np.array(labels, dtype=object)[index]


def _sparse(where: Array, values: list[str]) -> Array:
    column = np.full(len(where), None, dtype=object)
    column[where] = values
    return column


def _sequence(climber: Ints, days: Ints) -> Ints:
    """Return the index [sends], from 0, of every send within its climber's day."""
    new = np.ones(len(days), dtype=np.bool_)
    new[1:] = (climber[1:] != climber[:-1]) | (days[1:] != days[:-1])
    index = np.arange(len(days))
    return index - np.maximum.accumulate(np.where(new, index, 0))
