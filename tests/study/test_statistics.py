"""The study's bootstrap over seeds and climbers, against hand arithmetic and the one over climbers alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.evaluation.bootstrap import intervals, paired_difference, two_sided
from recsys.study.statistics import Resamples, compare, estimate


def test_two_climbers_give_the_four_equal_draws():
    drawn = Resamples(np.array([7, 9]), resamples=4000).means({"row": np.array([[0.0, 1.0]])})["row"]
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [0.0, 0.5, 1.0]
    assert counts / 4000 == pytest.approx([0.25, 0.5, 0.25], abs=0.03)


def test_a_climber_with_more_cases_weighs_more():
    # Climber 0 has three cases of 1, climber 1 one case of 0: drawn one of each, the mean is 3/4.
    drawn = Resamples(np.array([0, 0, 0, 1]), 500).means({"row": np.array([[1.0, 1.0, 1.0, 0.0]])})["row"]
    assert set(drawn.tolist()) == {0.0, 0.75, 1.0}


def test_seeds_are_resampled_too():
    # One value in all cases, so that climbers change nothing: what is left is which of two seeds is drawn.
    values = np.array([[0.0] * 6, [1.0] * 6])
    drawn = Resamples(np.arange(6), 4000).means({"row": values})["row"]
    found, counts = np.unique(drawn, return_counts=True)
    assert found.tolist() == [0.0, 0.5, 1.0]
    assert counts / 4000 == pytest.approx([0.25, 0.5, 0.25], abs=0.03)


def test_which_seeds_are_drawn_hangs_on_the_study_s_own_seed():
    values = {"row": np.array([[0.0] * 6, [1.0] * 6])}  # as above: what is drawn is seeds alone
    first, same, other = (Resamples(np.arange(6), 50, seed=each).means(values)["row"] for each in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_one_seed_agrees_with_the_bootstrap_over_climbers():
    draw = np.random.default_rng(0)
    climbers, values = draw.integers(0, 40, 400), draw.random(400)
    resamples = Resamples(climbers, 4000)
    ours = estimate(float(values.mean()), resamples.means({"a": values[None]})["a"], resamples.n_climbers)
    low, high = intervals({"a": values}, climbers, resamples=4000)["a"]
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=0.003)


def test_rows_are_compared_on_the_same_climbers():
    draw = np.random.default_rng(1)
    climbers, a = draw.integers(0, 30, 300), draw.random(300)
    b = a + draw.normal(0.02, 0.1, 300)
    resamples = Resamples(climbers, 10_000)
    drawn = resamples.means({"a": a[None], "b": b[None]})
    ours = compare({"a": a.mean(), "b": b.mean()}, drawn, [("b", "a")], resamples.n_climbers)[0]
    theirs = paired_difference(b, a, climbers)
    assert ours.difference.value == pytest.approx(theirs.value)
    assert (ours.difference.low, ours.difference.high) == pytest.approx((theirs.low, theirs.high), abs=0.001)
    assert ours.p_value == pytest.approx(theirs.p_value, abs=0.01)
    same = resamples.means({"a": a[None], "copy": a[None]})
    assert np.array_equal(same["a"], same["copy"])


def test_holm_is_over_as_many_rows_as_are_compared():
    draw = np.random.default_rng(2)
    climbers, base = np.repeat(np.arange(50), 4), draw.random(200)
    rows = {"reference": base, "up": base + 0.3 + draw.normal(0, 0.1, 200), "same": draw.random(200)}
    resamples = Resamples(climbers)
    drawn = resamples.means({name: each[None] for name, each in rows.items()})
    means = {name: each.mean() for name, each in rows.items()}
    up, same = compare(means, drawn, [("up", "reference"), ("same", "reference")], 50)
    assert up.p_value == pytest.approx(2 / 10_001)
    assert up.corrected == pytest.approx(4 / 10_001)
    assert same.corrected == same.p_value > 0.05


def test_rows_of_one_outcome_are_drawn_alike():
    values = np.random.default_rng(0).random((3, 40))
    rows = {"a": values, "also-a": values, "b": values}
    drawn = Resamples(np.arange(40) % 8, 100, outcomes={"a": "k", "also-a": "k"}).means(rows)
    assert (drawn["a"] == drawn["also-a"]).all()
    assert (drawn["a"] != drawn["b"]).any()


def test_one_climber_says_nothing_of_chance():
    resamples = Resamples(np.zeros(5), 100)
    drawn = resamples.means({"a": np.ones((1, 5)), "b": np.zeros((1, 5))})
    assert estimate(1.0, drawn["a"], 1).low is None
    assert compare({"a": 1.0, "b": 0.0}, drawn, [("a", "b")], 1)[0].p_value is None


def test_a_stratum_has_only_its_cases():
    values = np.array([[1.0, 0.0, 1.0, 0.0]])
    drawn = Resamples(np.array([0, 0, 1, 1]), 50).means({"a": values}, np.array([True, False, True, False]))
    assert set(drawn["a"].tolist()) == {1.0}
    nobody = Resamples(np.array([0, 0, 1, 1]), 50).means({"a": values}, np.array([True, True, False, False]))
    assert np.isnan(nobody["a"]).any()  # climber 1 drawn twice has no such case
    assert estimate(0.5, nobody["a"], 2).low == 0.5


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=50))
def test_p_is_a_probability_and_the_same_either_way_round(values):
    drawn = np.array(values)
    assert 0 < two_sided(drawn) <= 1
    assert two_sided(drawn) == two_sided(-drawn)
