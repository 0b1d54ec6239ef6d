"""Ability and difficulty: tracks by hand, the exact filter against brute force, and the simulator's truth."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.rivals import RIVALS, levels
from recsys.errors import DataError, UsageError
from recsys.recommending import hardness
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.logbook import read_logbook
from recsys.skill import reach
from recsys.skill.difficulty import difficulty
from recsys.skill.ladder import HABITS, Ladder
from recsys.skill.model import Skill
from recsys.skill.posterior import filtered, latest, smoothed
from recsys.skill.tracks import Tracks, steps_of

NAN = np.nan


def tracks() -> Tracks:
    """Two climbers: sessions (3, 5), (4); (6), (NaN is left out), (7)."""
    return Tracks.of(
        np.array([0, 0, 0, 1, 1, 1]),
        np.array([10.2, 10.9, 110, 5, 6, 9]),
        np.array([3.0, 5, 4, 6, NAN, 7]),
    )


def test_tracks_are_sessions_of_calendar_days():
    made = tracks()
    assert made.sends.tolist() == [0, 2, 3, 4, 5]
    assert made.sessions.tolist() == [0, 2, 4]
    assert made.rows.tolist() == [0, 1, 2, 3, 5]
    assert made.gaps[[1, 3]].tolist() == [100, 4]
    assert np.isnan(made.gaps[[0, 2]]).all()
    assert made.every(1).difficulty.tolist() == [3, 5, 4]
    assert Tracks.of(np.zeros(2, int), np.full(2, NAN), np.ones(2)).sends.tolist() == [0, 1, 2]


def test_a_route_is_no_boulder():
    assert steps_of(np.array([4, 110, NAN]), "route").tolist()[1] == 10
    assert np.isnan(steps_of(np.array([4, 110, NAN]), "route")[[0, 2]]).all()
    assert steps_of(np.array([4.0, 110]), "boulder")[0] == 4


def tiny() -> Ladder:
    ladder = Ladder.plain(2.0, 3.0)  # five states
    assert len(ladder.states) == 5
    return ladder


def test_filter_and_smoother_are_those_of_brute_force():
    ladder, made = tiny(), Tracks.of(np.zeros(3, int), np.array([0.0, 1, 200]), np.array([2.0, 3.0, 2.5]))
    joint = np.zeros((5, 5, 5))
    for habit, a, b, c in itertools.product(range(len(HABITS)), range(5), range(5), range(5)):
        d = ladder.density(habit)[ladder.code(made.difficulty)]
        joint[a, b, c] += (
            ladder.habits[habit] * ladder.first[a] * d[0, a]
            * ladder.kernels[0, a, b] * d[1, b] * ladder.kernels[2, b, c] * d[2, c]
        )  # fmt: skip
    by_hand = [joint.sum(axis) for axis in ((1, 2), (0, 2), (0, 1))]
    means = [float(each @ ladder.states / each.sum()) for each in by_hand]
    assert smoothed(ladder, made).mean == pytest.approx(means, abs=1e-9)
    now = filtered(ladder, made)
    assert now.mean[-1] == pytest.approx(means[-1], abs=1e-9)
    assert latest(ladder, made) == pytest.approx((now.mean[-1], now.deviation[-1]), abs=1e-9)


def test_votes_are_drawn_towards_the_usual_grade_by_how_few_they_are():
    draw = np.random.default_rng(0)
    true = draw.normal(0, 0.3, 400)
    climbs = np.repeat(np.arange(400), np.tile([2, 50], 200))
    logged = 5 + true[climbs] + draw.normal(0, 0.5, len(climbs))
    found = difficulty(climbs, logged, np.full(400, 5.0))
    few, many = np.arange(400) % 2 == 0, np.arange(400) % 2 == 1
    assert np.abs(found.value[few] - 5).mean() < np.abs(found.value[many] - 5).mean()
    assert (found.deviation[few] > found.deviation[many]).all()
    assert np.abs(found.value - 5 - true)[many].mean() < 0.08
    assert np.isnan(difficulty(np.array([0]), np.array([NAN]), np.array([NAN])).value).all()


def test_reach_falls_with_the_margin_and_is_learnt():
    draw = np.random.default_rng(1)
    margins = draw.uniform(-4, 4, 20_000)
    true = reach.Reach(0.7, 1.3)
    reached = draw.random(len(margins)) < 1 / (1 + np.exp(-(true.level - true.slope * margins)))
    found = reach.Reach.fit(margins, reached)
    assert (found.level, found.slope) == pytest.approx((0.7, 1.3), abs=0.08)
    chances = found.chance(np.array([2.0, 5, 8, NAN]), np.zeros(4), 5.0, 0.0)
    assert reach.names(chances) == ["comfortable", "project", "beyond", None]
    assert reach.names(np.array([0.95, 0.75, 0.35, 0.349])) == ["comfortable", "stretch", "project", "beyond"]


@pytest.fixture(scope="module")
def simulated():
    from recsys.logbooks.filter import core_filter
    from recsys.logbooks.grades import ordinals
    from recsys.logbooks.simulate import simulate
    from recsys.logbooks.simulate.truth import Truth, numbers

    frame = simulate("bc", seed=3, scale=0.15)
    truth = Truth.of("bc", 3, 0.15)
    frame["true"] = truth.skill(frame)
    frame["day"] = pd.to_datetime(frame["date"]).to_numpy().astype("datetime64[D]").astype(float)
    book = truth.crags.grade[numbers(frame["climb_id"])]
    logged = ordinals(frame["grade"].tolist())
    assert np.abs(book - logged).max() <= 1  # the crags drawn again are those of the log
    frame = core_filter(frame, 5).reset_index(drop=True)
    return (
        frame,
        numbers(frame["climber_id"]),
        numbers(frame["climb_id"]),
        ordinals(frame["grade"].tolist()),
        truth,
    )


def test_skill_of_simulated_climbers_is_recovered(simulated, tmp_path):
    frame, climber, climb, logged, truth = simulated
    held = np.isin(climber, np.unique(climber)[::4])
    usual = truth.crags.grade.astype(float)
    day = frame["day"].to_numpy()
    skill = Skill.fit(climber[~held], day[~held], climb[~held], logged[~held], usual)
    made = Tracks.of(climber[held], day[held], skill.difficulty.value[climb[held]])
    ends = made.sessions[1:] - 1
    true = frame["true"].to_numpy()[held][made.rows[made.sends[1:] - 1]]
    whole, now = smoothed(skill.ladders["boulder"], made), filtered(skill.ladders["boulder"], made)
    assert _spearman(whole.mean, true) >= 0.85
    assert _spearman(now.mean[ends], true[ends]) >= 0.8
    inside = []  # of intervals of 95%, as they are told; some three quarters without `UNSEEN`
    for who in np.unique(climber[held])[:40]:
        own = held & (climber == who)
        rows, _, told = skill.over_time(skill.difficulty.value[climb[own]], day[own])["boulder"]
        inside += list(np.abs(told.mean - frame["true"].to_numpy()[own][rows]) <= 1.96 * told.deviation)
    assert 0.88 <= np.mean(inside) <= 0.99
    for name, rival in RIVALS.items():
        assert _spearman(rival(made)[ends], true[ends]) < _spearman(now.mean[ends], true[ends]) + 0.05, name
    assert (np.diff(levels(made))[np.setdiff1d(np.arange(len(made.gaps) - 1), ends)] >= 0).all()
    _check_kept(skill, tmp_path, day[climber == climber[0]], logged[climber == climber[0]])


def _check_kept(skill, folder, day, logged):
    skill.save(folder / "skill.npz")
    again = Skill.load(folder / "skill.npz", len(skill.difficulty.value))
    one, two = (each.chances(each.now(logged, day)) for each in (skill, again))
    assert np.array_equal(one, two, equal_nan=True)
    with pytest.raises(DataError, match="no skill of 7 climbs"):
        Skill.load(folder / "skill.npz", 7)
    (folder / "skill.npz").write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(DataError, match="train or export again"):
        Skill.load(folder / "skill.npz", 7)


def _spearman(a, b):
    return np.corrcoef(pd.Series(a).rank(), pd.Series(b).rank())[0, 1]


def catalogue() -> Catalogue:
    grades = ["V0", "V2", "V4", "V5", "V6", "V7", "V8", "V10", None, "7a"]
    return Catalogue.from_columns({"climb_id": [f"c{i}" for i in range(10)], "grade": grades})


def test_a_curve_that_older_runs_kept_for_want_of_data_is_read_as_today_s(tmp_path):
    skill = Skill.plain(np.array([3.0, 4.0]))
    old = replace(skill, reaches={**skill.reaches, "route": reach.Reach(-0.5, 1.5)})
    old.save(tmp_path / "skill.npz")
    assert Skill.load(tmp_path / "skill.npz", 2).reaches == skill.reaches


def test_modes_are_parts_of_the_catalogue():
    table = catalogue()
    skill = Skill.plain(table.ordinals)
    book = read_logbook([{"climb_id": "x", "grade": "V5", "date": f"2024-01-{d:02d}"} for d in range(1, 29)])
    climber = hardness.levels(skill, table, book)
    assert set(climber) == {"boulder"}
    assert climber["boulder"].mean == pytest.approx(5, abs=1.5)
    chances = skill.chances(climber)
    assert np.isnan(chances[8:]).all()
    assert (np.diff(chances[:8]) < 0).all()
    masks = {m: hardness.in_mode(m, chances, skill, climber) for m in hardness.MODES}
    assert masks["any"].all()
    assert masks["auto"][8:].all()
    assert not masks["auto"][0]
    alike = np.where(np.isnan(chances), np.nan, 0.5)
    likely = hardness.in_mode("auto", alike, skill, climber)  # whatever the chances: a band of grades
    assert not likely[[0, 7]].any()
    assert likely[[1, 2, 3, 4, 8, 9]].all()
    assert not (masks["stretch"] & masks["project"])[chances != reach.EDGES[1]].any()
    for mode in ("warmup", "stretch", "project"):
        assert not masks[mode][8:].any()
    difficulty_of = skill.difficulty.value
    assert difficulty_of[masks["warmup"]].max() < difficulty_of[masks["project"]].min()
    with pytest.raises(UsageError, match="choose one of any, auto"):
        hardness.in_mode("hard", chances, skill, climber)
    with pytest.raises(UsageError, match="no send of the logbook has a grade"):
        hardness.in_mode("project", chances, skill, {})
    assert hardness.in_mode("auto", chances, skill, {}).all()
    assert hardness.sorted_by("hardest", [0, 8, 3], skill) == [3, 0, 8]
    assert hardness.sorted_by("easiest", [3, 8, 0], skill) == [0, 3, 8]
