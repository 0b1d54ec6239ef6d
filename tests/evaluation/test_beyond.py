"""What lists are like, by hand and against a plain count."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recsys.evaluation.beyond import CUTOFF, MEASURES, Lists, describe, sender_units
from recsys.evaluation.evaluate import evaluate


def test_by_hand() -> None:
    sent = csr_matrix(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0]], dtype=np.float32))
    counts = np.array([4, 2, 2, 0])
    lists = np.array([[0, 1], [0, 2], [3, -1]])
    found = describe(lists, counts, sender_units(sent))
    assert list(found) == list(MEASURES)
    assert found["coverage@10"] == 1.0
    assert found["popularity@10"] == pytest.approx((4 + 2 + 4 + 2 + 0) / 5)
    assert found["novelty@10"] == pytest.approx((1 + 2 + 1 + 2 + 3) / 5)  # of 8 sends; none counts as one
    cosines = 2 / np.sqrt(3 * 2), 1 / np.sqrt(3 * 1)
    assert found["diversity@10"] == pytest.approx(1 - np.mean(cosines))  # the list of one is left out


def test_more_lists_than_are_read_at_once_count_once_each() -> None:
    """Of one kind the first 1,200, whose two climbs are sent by the same; of another the last 400."""
    units = sender_units(csr_matrix(np.array([[1, 1, 0], [0, 0, 1]], dtype=np.float32)))
    lists = np.array([[0, 1]] * 1200 + [[0, 2]] * 400)
    assert describe(lists, np.ones(3, np.int64), units)["diversity@10"] == pytest.approx(400 / 1600)


def test_diversity_is_the_mean_over_pairs() -> None:
    rng = np.random.default_rng(0)
    sent = csr_matrix((rng.random((30, 20)) < 0.3).astype(np.float32))
    sent[:, 7] = 0  # nobody sent it: like none
    sent.eliminate_zeros()
    lists = np.array([rng.permutation(20)[:5] for _ in range(8)])
    lists[0, 3:] = -1
    dense = sent.toarray()
    norms = np.linalg.norm(dense, axis=0)
    unit = dense / np.where(norms > 0, norms, 1)
    each = []
    for row in lists:
        own = row[row >= 0]
        each.append(np.mean([1 - unit[:, a] @ unit[:, b] for a in own for b in own if a != b]))
    found = describe(lists, np.ones(20, np.int64), sender_units(sent))
    assert found["diversity@10"] == pytest.approx(np.mean(each), abs=1e-6)


def test_what_is_gathered() -> None:
    """The candidates with the highest scores: no excluded one, no NaN, fewer where there are fewer."""
    lists = Lists()
    scores = np.arange(24, dtype=np.float32).reshape(2, 12) % 13 - 13  # log-probabilities are below 0
    scores[0, 11] = np.nan
    excluded = np.zeros((2, 12), np.bool_)
    excluded[1, :5] = True
    lists.add(scores, excluded)
    first, second = (set(row) for row in lists.items.tolist())
    assert first == set(range(1, 11))
    assert second == {-1, *range(5, 12)}
    few = Lists()
    few.add(np.zeros((1, 3), np.float32), None)
    assert few.items.shape == (1, CUTOFF)
    assert set(few.items[0].tolist()) == {-1, 0, 1, 2}


def test_the_evaluator_gathers_them() -> None:
    class Same:
        def scores(self, cases: np.ndarray) -> np.ndarray:
            return np.tile(np.arange(40, dtype=np.float32), (len(cases), 1))

    def seen(cases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.arange(len(cases)), np.full(len(cases), 39)

    lists = Lists()
    targets, climbers = np.zeros(7, np.int64), np.arange(7)
    evaluate(Same(), targets, climbers, seen, 40, batch_size=3, lists=lists)
    assert np.array_equal(np.sort(lists.items, axis=1), np.tile(np.arange(29, 39), (7, 1)))
    assert describe(lists.items, np.ones(40, np.int64))["coverage@10"] == 0.25


def test_nothing_named_says_nothing() -> None:
    assert describe(np.full((2, 3), -1), np.ones(4, np.int64)) == {}
