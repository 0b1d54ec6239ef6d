"""The simulated logbooks against the published figures and habits (paper, section 3)."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from recsys import columns
from recsys.errors import UsageError
from recsys.logbooks.simulate import PRESETS, simulate

STYLE_WORDS = {
    "jugs": "jug|bucket|huge",
    "crimps": "crimp|edges",
    "slopers": "slop",
    "slab": "slab|smear",
    "highball": "highball|tall!|scary|high finish",
}


def core(sends: pd.DataFrame, least: int = 5) -> pd.DataFrame:
    """Keep climbs and climbers with `least` sends, over and over until none is dropped."""
    while True:
        kept = sends
        for column in (columns.CLIMB_ID, columns.CLIMBER_ID):
            kept = kept[kept.groupby(column)[column].transform("size") >= least]
        if len(kept) == len(sends):
            return kept.reset_index(drop=True)
        sends = kept


def grades(sends: pd.DataFrame) -> pd.Series:
    return sends[columns.GRADE].str.slice(1).astype(int)


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    return simulate("bc", seed=0)


@pytest.fixture(scope="module")
def bc(raw: pd.DataFrame) -> pd.DataFrame:
    return core(raw)


@pytest.fixture(scope="module")
def same_day(bc: pd.DataFrame) -> np.ndarray:
    """Whether a send follows one of the same climber on the same day [sends - 1]."""
    pair = bc[[columns.CLIMBER_ID, columns.DATE]].to_numpy()
    return (pair[1:] == pair[:-1]).all(axis=1)


def test_columns_and_types(raw: pd.DataFrame) -> None:
    wanted = [c for c in (*columns.REQUIRED, *columns.OPTIONAL) if c != columns.STYLE]
    assert list(raw.columns) == wanted
    assert raw[columns.RATING].dtype == "Int64"
    assert raw[columns.CLIMBER_ID].str.fullmatch(r"sim-climber-\d{4}").all()
    assert raw[columns.CLIMB_ID].str.fullmatch(r"sim-climb-\d{5}").all()
    assert raw[columns.DATE].str.fullmatch(r"20\d\d-\d\d-\d\d").all()
    assert raw[columns.GRADE].str.fullmatch(r"V(\d|1[0-4])").all()
    assert set(raw[columns.CLIMB_TYPE]) == {"boulder"}


def test_bc_has_the_published_size(bc: pd.DataFrame) -> None:
    climbs, climbers = bc[columns.CLIMB_ID].value_counts(), bc[columns.CLIMBER_ID].value_counts()
    assert (len(climbs), len(climbers), len(bc)) == (2844, 1069, 68_336)
    assert climbers.max() == 1281
    assert round(climbers.mean()) == 64
    assert round(climbs.mean()) == 24
    assert 670 <= climbs.max() <= 700
    assert 30 <= (climbs > 240).sum() <= 55


def test_bc_has_the_published_shares(bc: pd.DataFrame) -> None:
    assert bc[columns.RATING].notna().mean() == pytest.approx(0.74, abs=0.005)
    assert bc[columns.RATING].mean() == pytest.approx(3.3, abs=0.02)
    assert set(bc[columns.RATING].dropna()) == {1, 2, 3, 4, 5}
    assert bc[columns.COMMENT].notna().mean() == pytest.approx(0.38, abs=0.005)
    assert bc[columns.BETA].notna().mean() == pytest.approx(0.02, abs=0.002)


def test_grades_peak_at_v4_and_fall_to_v11(bc: pd.DataFrame) -> None:
    share = grades(bc).value_counts(normalize=True).reindex(range(15), fill_value=0).to_numpy()
    assert share.argmax() == 4
    assert share[:4].sum() < share[4:8].sum()
    slope, start = np.polyfit(range(4, 12), share[4:12], 1)
    assert slope < 0
    np.testing.assert_allclose(share[4:12], start + slope * np.arange(4, 12), atol=0.025)
    assert 0 < share[12:].sum() < 0.03


def test_logged_grades_agree(raw: pd.DataFrame, bc: pd.DataFrame) -> None:
    assert grades(raw).groupby(raw[columns.CLIMB_ID]).agg(np.ptp).max() <= 2
    assert 0.2 < grades(bc).groupby(bc[columns.CLIMB_ID]).agg(np.ptp).mean() < 1


def test_squamish_is_the_largest_region(bc: pd.DataFrame) -> None:
    share = bc[columns.REGION].value_counts(normalize=True)
    assert share.index[0] == "Squamish"
    assert 0.4 < share.iloc[0] < 0.6
    assert 8 <= len(share) <= 12


def test_rows_are_ordered_and_first_sends_only(raw: pd.DataFrame) -> None:
    key = [columns.CLIMBER_ID, columns.DATE, columns.SEQUENCE]
    assert raw.sort_values(key, kind="stable").index.equals(raw.index)
    assert not raw.duplicated(key).any()
    assert not raw.duplicated([columns.CLIMBER_ID, columns.CLIMB_ID]).any()
    assert raw[columns.DATE].max() <= "2023-03-26"


def test_a_climb_has_one_name_and_place(raw: pd.DataFrame) -> None:
    for column in (columns.REGION, columns.AREA, columns.CLIMB_NAME):
        assert raw.groupby(columns.CLIMB_ID)[column].nunique().max() == 1
    assert raw.groupby(columns.CLIMB_NAME)[columns.CLIMB_ID].nunique().max() == 1
    assert raw.groupby(columns.AREA)[columns.REGION].nunique().max() == 1


def test_skill_grows(bc: pd.DataFrame) -> None:
    by_climber = bc.groupby(columns.CLIMBER_ID)
    share = by_climber.cumcount() / by_climber[columns.CLIMB_ID].transform("size")
    early = grades(bc)[share < 1 / 3].groupby(bc[columns.CLIMBER_ID]).mean()
    late = grades(bc)[share >= 2 / 3].groupby(bc[columns.CLIMBER_ID]).mean()
    assert (late - early).mean() > 0.3


def test_sessions_stay_near(bc: pd.DataFrame, same_day: np.ndarray) -> None:
    area, region = bc[columns.AREA].to_numpy(), bc[columns.REGION].to_numpy()
    assert same_day.mean() > 0.5
    assert (area[1:] == area[:-1])[same_day].mean() > 0.5
    assert (region[1:] == region[:-1])[same_day].mean() > 0.95


def test_comments_hint_at_the_hidden_style(bc: pd.DataFrame) -> None:
    comments = bc[columns.COMMENT].fillna("").str.lower()
    named = pd.DataFrame({style: comments.str.contains(words) for style, words in STYLE_WORDS.items()})
    hints = named.groupby(bc[columns.CLIMB_ID]).sum()
    told = hints[hints.sum(axis=1) >= 3]
    assert len(told) > 1000
    assert (told.max(axis=1) / told.sum(axis=1)).mean() > 0.95
    assert hints.sum().min() > 500
    assert (
        bc[columns.BETA].dropna().map(lambda text: re.fullmatch(r"[^,;\n].{10,}\.", text) is not None).all()
    )


def test_the_next_climb_is_predictable_and_more_so_with_a_prompt(bc: pd.DataFrame) -> None:
    """First-order counts of 85% of the climbers land near the paper's 0.08 to 0.10, and 0.24 prompted."""
    hits = markov_hits(bc)
    assert 0.06 < hits["plain"] < 0.13
    assert hits["prompted"] > 2.3 * hits["plain"]
    assert hits["prompted"] > 5 * hits["popular"]
    assert 0.004 < hits["popular"] < 0.025


def markov_hits(sends: pd.DataFrame) -> dict[str, float]:
    climber, climb, region = (
        pd.factorize(sends[c])[0] for c in (columns.CLIMBER_ID, columns.CLIMB_ID, columns.REGION)
    )
    grade, count = grades(sends).to_numpy(), int(climb.max()) + 1
    held_out = np.random.default_rng(0).permutation(climber.max() + 1) < 0.15 * climber.max()
    test, follows = held_out[climber], np.r_[False, climber[1:] == climber[:-1]]
    follow = np.zeros((count, count), dtype=np.float32)
    learnt = np.flatnonzero(follows & ~test)
    np.add.at(follow, (climb[learnt - 1], climb[learnt]), 1.0)
    popular = np.bincount(climb[~test], minlength=count)
    as_graded = np.zeros((15, count), dtype=np.float32)
    np.add.at(as_graded, (grade[~test], climb[~test]), 1.0)
    as_graded /= np.maximum(popular, 1)
    region_of = np.zeros(count, dtype=int)
    region_of[climb] = region
    asked = np.flatnonzero(follows & test)[::3]
    score = follow[climb[asked - 1]] + popular / popular.sum()
    fits = as_graded[grade[asked]] * (region_of == region[asked][:, None])
    return {
        "plain": float((score.argmax(axis=1) == climb[asked]).mean()),
        "prompted": float(((score * fits).argmax(axis=1) == climb[asked]).mean()),
        "popular": float((popular.argmax() == climb[asked]).mean()),
    }


@pytest.mark.slow
def test_world_has_the_published_figures() -> None:
    world = core(simulate("world", seed=1))
    climbs, climbers = world[columns.CLIMB_ID].value_counts(), world[columns.CLIMBER_ID].value_counts()
    assert (len(climbs), len(climbers), len(world)) == pytest.approx((5367, 1428, 116_997), rel=0.01)
    assert climbers.max() == pytest.approx(1578, rel=0.01)
    assert world[columns.REGION].nunique() == len(PRESETS["world"].regions) == 25
    assert world[columns.RATING].notna().mean() == pytest.approx(0.72, abs=0.01)
    assert world[columns.RATING].mean() == pytest.approx(3.2, abs=0.03)
    assert world[columns.COMMENT].notna().mean() == pytest.approx(0.41, abs=0.01)
    assert world[columns.BETA].notna().mean() == pytest.approx(0.017, abs=0.003)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_small_community_keeps_its_size_for_any_seed(seed: int) -> None:
    small = core(simulate("bc", seed=seed, scale=0.05))
    figures = PRESETS["bc"].scaled(0.05)
    assert len(small) == figures.sends == 3417
    assert small[columns.CLIMB_ID].nunique() == figures.climbs
    assert small[columns.CLIMBER_ID].nunique() == figures.climbers


def test_the_seed_decides_everything() -> None:
    first, again, other = (simulate("bc", seed=seed, scale=0.05) for seed in (4, 4, 5))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


def test_wrong_calls_say_how_to_comply() -> None:
    with pytest.raises(UsageError, match="unknown preset 'moon'; choose one of bc, world"):
        simulate("moon")
    with pytest.raises(UsageError, match="scale 0 is out of range"):
        simulate("bc", scale=0)
    with pytest.raises(UsageError, match="seed -1 is negative"):
        simulate("bc", seed=-1)
