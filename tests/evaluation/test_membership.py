"""The loss-threshold attack: right on what is known, and no figure where nothing can be told."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.evaluation.membership import auc, by_climber, losses, membership


class Given:
    def __init__(self, scores):
        self.table = np.asarray(scores, np.float32)

    def scores(self, cases):
        return self.table[cases]


def test_losses_are_negative_log_shares_and_nan_outside_the_catalogue():
    scores = np.log([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8], [1, 1, 1]]) + 3
    found = losses(Given(scores), np.array([0, 2, -1]))
    assert found[:2] == pytest.approx(-np.log([0.5, 0.8]), abs=1e-6)
    assert np.isnan(found[2])


def test_losses_of_many_batches():
    scores = np.random.default_rng(0).normal(size=(600, 4))
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    assert losses(Given(scores), np.ones(600, np.int64)) == pytest.approx(-np.log(shares[:, 1]), abs=1e-5)


def test_a_climber_is_the_mean_of_the_known():
    values = np.array([1.0, 3.0, np.nan, 5.0, np.nan])
    assert by_climber(values, np.array([7, 7, 7, 2, 9])).tolist() == [5.0, 2.0]


def test_the_area_counts_pairs():
    draw = np.random.default_rng(1)
    members, others = draw.integers(0, 5, 40).astype(float), draw.integers(1, 6, 30).astype(float)
    pairs = np.sign(others[None, :] - members[:, None])
    assert auc(members, others) == pytest.approx(((pairs + 1) / 2).mean())
    assert auc(np.zeros(3), np.ones(3)) == 1
    assert auc(np.ones(3), np.zeros(3)) == 0


def test_an_interval_or_nothing():
    draw = np.random.default_rng(2)
    found = membership(draw.normal(size=80), draw.normal(size=60))
    assert found is not None
    assert found.low < 0.5 < found.high
    assert found.low < found.auc < found.high
    assert found == membership(*_same())
    told = membership(draw.normal(size=80) - 3, draw.normal(size=60))
    assert told is not None
    assert told.low > 0.9
    assert membership(np.zeros(2), np.zeros(50)) is None
    assert membership(np.zeros(50), np.zeros(2)) is None


def _same():
    draw = np.random.default_rng(2)
    return draw.normal(size=80), draw.normal(size=60)


def test_the_interval_is_of_both_kinds_resampled_and_of_a_seed():
    """Draw by draw as here, the middle 95% of them."""
    members, others = _same()
    found = membership(members, others, seed=4)
    draw = np.random.default_rng(4)
    drawn = [auc(draw.choice(members, 80), draw.choice(others, 60)) for _ in range(1000)]
    assert found is not None
    assert (found.low, found.high) == pytest.approx(np.quantile(drawn, (0.025, 0.975)))
    assert found != membership(members, others, seed=5)
