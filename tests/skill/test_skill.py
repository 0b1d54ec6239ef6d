"""Ability and difficulty: tracks by hand, the exact filter against brute force, and the simulator's truth."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from benchmarks.rivals import RIVALS, levels
from recsys.errors import DataError, UsageError
from recsys.recommending import hardness
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.logbook import read_logbook
from recsys.recommending.skills import off_grade
from recsys.skill import reach
from recsys.skill.difficulty import Difficulty, difficulty
from recsys.skill.ladder import HABITS, Ladder, breaks
from recsys.skill.learn import learn
from recsys.skill.model import Level, Skill
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


def test_a_break_of_two_weeks_is_short_and_one_of_ninety_days_long():
    assert breaks(np.array([NAN, 0, 14, 14.5, 90, 90.5])).tolist() == [0, 0, 0, 1, 1, 2]


@pytest.mark.parametrize("rise", [0.25, -0.25])
def test_a_ladder_learns_which_way_abilities_go(rise):
    """30 climbers whose sends get harder (easier) by a quarter grade a session, from V5 on."""
    sessions = np.arange(12)
    grades = np.tile(5 + rise * sessions, 30)
    ladder = learn(Tracks.of(np.repeat(np.arange(30), 12), np.tile(sessions * 7.0, 30), grades))
    assert (ladder.up[0] > ladder.down[0]) == (rise > 0)


N_VOTED = 80
SOFT, HARD = N_VOTED, N_VOTED + 1  # climbs without a vote


def voted():
    """Climb, grade logged and whether the climber is strong, of six sends each of climbs of V5.

    Half the strong ones' votes are V6, half the others' V4; for the last two climbs nobody votes.
    """
    climbs = np.append(np.repeat(np.arange(N_VOTED), 6), [SOFT] * 6 + [HARD] * 6)
    strong = np.where(climbs < SOFT, climbs % 2 == 1, climbs == HARD)
    logged = 5.0 + np.where(strong, 1, -1) * (np.random.default_rng(2).random(len(climbs)) < 0.5)
    return climbs, np.where(climbs < SOFT, logged, NAN), strong


def test_senders_say_how_hard_a_climb_is_where_they_foretell_the_votes():
    climbs, logged, strong = voted()
    usual, ability = np.full(N_VOTED + 2, 5.0), np.where(strong, 2.0, -2.0)
    told = difficulty(climbs, logged, usual, ability).value
    assert told[[SOFT, HARD]] == pytest.approx([4.5, 5.5], abs=0.1)
    chance = np.random.default_rng(0).normal(size=len(climbs))
    anyone = np.where(climbs < SOFT, chance, ability)  # foretells no vote: what there is, is noise
    assert (difficulty(climbs, logged, usual, anyone).value[[SOFT, HARD]] == 5).all()


def test_skill_tells_by_the_senders_what_nobody_voted_on():
    climbs, logged, strong = voted()
    climbers = np.arange(len(climbs)) % 6 + 6 * strong
    own = np.repeat(np.arange(12), 40)  # each sends V3s or V7s too, as becomes the climber
    level = N_VOTED + 2 + (own >= 6)
    usual = np.append(np.full(N_VOTED + 2, 5.0), [3.0, 7.0])
    who, what = np.append(climbers, own), np.append(climbs, level)
    order = np.argsort(who, kind="stable")
    who, what, votes = who[order], what[order], np.append(logged, usual[level])[order]
    skill = Skill.fit(who, np.arange(len(who), dtype=float), what, votes, usual)
    soft, hard = skill.difficulty.value[[SOFT, HARD]]
    assert soft < 4.7
    assert hard > 5.3


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


def test_what_is_not_known_draws_a_chance_towards_the_middle():
    """By hand: log-odds of 3 - 2 margin / scale; the scale is 1, or 2 of a deviation of sqrt(3) of either."""
    curve, sure = reach.Reach(3.0, 2.0), np.zeros(1)
    for deviation, spread, odds in ((0.0, 0.0, -1.0), (3**0.5, 0.0, 1.0), (0.0, 3**0.5, 1.0)):
        (chance,) = curve.chance(sure + 6.0, sure + deviation, 4.0, spread)
        assert np.log(chance / (1 - chance)) == pytest.approx(odds)


def test_a_session_stands_at_its_last_send():
    rows, sends, ability = Skill.plain(np.zeros(1)).over_time(np.array([3.0, 4, 5]), np.array([1.0, 1, 2]))[
        "boulder"
    ]
    assert (rows.tolist(), sends.tolist(), len(ability.mean)) == ([1, 2], [2, 1], 2)


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
    sessions, _, hardest = reach.cases(made)
    margins, reached = (each.ravel() for each in reach.at_margins(now, sessions, hardest))
    chance = skill.reaches["boulder"].chance(margins, np.zeros(len(margins)), 0.0, 0.0)
    assert chance.mean() == pytest.approx(reached.mean(), abs=0.03)  # of climbers it was not fit on
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


def test_many_levels_at_once_are_those_of_each():
    rng = np.random.default_rng(0)
    skill = Skill.plain(np.linspace(0, 12, 40))
    logbooks = []
    for sends in (0, 1, 3, 40, 200, 7):
        day = np.sort(rng.integers(0, 90, sends)).astype(float)
        grade = rng.normal(5, 2, sends) + (rng.random(sends) < 0.3) * 100  # some of them routes
        grade[rng.random(sends) < 0.2] = np.nan
        logbooks.append((grade, day))
    owners = np.repeat(np.arange(len(logbooks)), [len(grade) for grade, _ in logbooks])
    together = skill.now_each(len(logbooks), owners, *map(np.concatenate, zip(*logbooks, strict=True)))
    for (grade, day), found in zip(logbooks, together, strict=True):
        alone = skill.now(grade, day)
        assert found.keys() == alone.keys()
        for name, level in alone.items():
            assert found[name].mean == pytest.approx(level.mean, abs=1e-9)
            assert found[name].deviation == pytest.approx(level.deviation, abs=1e-9)
    assert together[3]  # which has more sessions than are read


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


def test_a_warm_up_lies_a_grade_below_the_ability():
    table = catalogue()  # V0, V2, V4, V5, ...
    alike, level = np.full(len(table), 0.97), {"boulder": Level(5.0, 0.5)}
    assert np.flatnonzero(hardness.in_mode("warmup", alike, Skill.plain(table.ordinals), level)).tolist() == [
        1,
        2,
    ]


def test_soft_and_hard_climbs_are_those_that_are_surely_so():
    table = Catalogue.from_columns(
        {
            "climb_id": list("abcde"),
            "grade": ["V5"] * 5,
            "region": ["North", "North", "South", "North", "North"],
        }
    )
    off, deviation = np.array([0.3, -0.4, 0.45, 0.4, 0.05]), np.array([0.1, 0.1, 0.1, 0.3, 0.01])
    skill = replace(Skill.plain(table.ordinals), difficulty=Difficulty(table.ordinals + off, deviation))
    known = SimpleNamespace(catalogue=table, skill=skill)
    told = [(each.climb_id, each.climbs_like) for each in off_grade(known)]
    assert told == [("c", "hard V5"), ("b", "soft V5"), ("a", "hard V5")]
    assert [each.climb_id for each in off_grade(known, "North")] == ["b", "a"]
