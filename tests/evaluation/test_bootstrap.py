"""Intervals over climbers: exact on two climbers, near the theory on many, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.evaluation.bootstrap import holm, intervals, paired_difference


def test_two_climbers_exactly() -> None:
    """Climber a: 1 of 1; b: 0 of 3. The resamples aa, ab, ba, bb have means 1, 1/4, 1/4, 0."""
    values = {"hit": np.array([1.0, 0, 0, 0])}
    climbers = np.array(["a", "b", "b", "b"])
    assert intervals(values, climbers) == {"hit": (0.0, 1.0)}
    assert intervals(values, climbers, level=0.4) == {"hit": (0.25, 0.25)}


def test_one_climber_has_no_interval() -> None:
    assert intervals({"hit": np.array([1.0, 0])}, np.array([5, 5])) == {"hit": (None, None)}
    difference = paired_difference(np.ones(2), np.zeros(2), np.array([5, 5]))
    assert (difference.value, difference.low, difference.p_value) == (1.0, None, None)


def test_clusters_widen_the_interval() -> None:
    hits = np.repeat(np.arange(50) % 2, 20).astype(float)  # a climber's 20 cases are all hits or all misses
    alone = intervals({"hit": hits}, np.arange(1000))["hit"]
    clustered = intervals({"hit": hits}, np.repeat(np.arange(50), 20))["hit"]
    assert alone[1] - alone[0] == pytest.approx(2 * 1.96 * 0.5 / 1000**0.5, rel=0.15)
    assert clustered[1] - clustered[0] == pytest.approx(2 * 1.96 * 0.5 / 50**0.5, rel=0.15)


def test_interval_covers_the_truth_about_95_times_in_100() -> None:
    generator, covered = np.random.default_rng(1), 0
    for seed in range(200):
        sizes = generator.integers(1, 6, 60)
        climbers = np.repeat(np.arange(60), sizes)
        hits = (generator.random(len(climbers)) < 0.3).astype(float)
        low, high = intervals({"hit": hits}, climbers, resamples=200, seed=seed)["hit"]
        covered += low <= 0.3 <= high
    assert 0.89 <= covered / 200 <= 0.98


def test_seeded_and_order_free() -> None:
    generator = np.random.default_rng(2)
    values, climbers = {"x": generator.random(100), "y": np.ones(100)}, generator.integers(0, 20, 100)
    first = intervals(values, climbers, seed=3)
    assert first == intervals(values, climbers, seed=3)
    assert first != intervals(values, climbers, seed=4)
    assert first["y"] == (1.0, 1.0)
    order = generator.permutation(100)
    moved = intervals({name: column[order] for name, column in values.items()}, climbers[order], seed=3)
    assert moved["x"] == pytest.approx(first["x"])


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="every value needs one climber"):
        intervals({"x": np.ones(3)}, np.arange(2))
    with pytest.raises(ValueError, match="got 0 climbers"):
        intervals({"x": np.ones(0)}, np.arange(0))


def test_paired_difference() -> None:
    generator = np.random.default_rng(4)
    a, climbers = (generator.random(400) < 0.5).astype(float), np.repeat(np.arange(100), 4)
    same = paired_difference(a, a, climbers, resamples=200)
    assert (same.value, same.low, same.high, same.p_value) == (0.0, 0.0, 0.0, 1.0)
    better = paired_difference(np.maximum(a, generator.random(400) < 0.2), a, climbers, resamples=999)
    assert better.low is not None
    assert 0 < better.low < better.value
    assert better.p_value == 2 / 1000
    noise = paired_difference(generator.random(400), generator.random(400), climbers, resamples=999)
    assert noise.low is not None
    assert noise.p_value is not None
    assert (noise.p_value < 0.05) == (not noise.low <= 0 <= noise.high)
    forth, back = (paired_difference(*pair, climbers, resamples=99) for pair in ((a, 1 - a), (1 - a, a)))
    assert (forth.value, forth.p_value) == (-back.value, back.p_value)


def test_holm_by_hand() -> None:
    """Holm's steps: 4 x .005, 3 x .01, 2 x .03 and 1 x .04 raised to the step before it."""
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert list(adjusted) == ["a", "b", "c", "d"]
    assert adjusted == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}
