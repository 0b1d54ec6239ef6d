"""Ranks and metrics: arithmetic by hand, agreement with torchmetrics, and properties on random cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.retrieval import RetrievalMRR, RetrievalNormalizedDCG, RetrievalRecall

from recsys.evaluation.metrics import METRICS, case_values, pessimistic_rank

NAN = math.nan


@pytest.mark.parametrize(
    ("scores", "target", "rank"),
    [
        ([0.9, 0.5, 0.1], 0, 1),
        ([0.9, 0.5, 0.1], 2, 3),
        ([0.9, 0.9, 0.1], 0, 2),  # a tie goes against the target
        ([0.9, 0.9, 0.1], 1, 2),  # wherever the target stands
        ([0.5, 0.5, 0.5], 0, 3),  # a constant scorer ranks last
        ([NAN, 0.5, 0.1], 0, 3),  # NaN for the target: last
        ([0.1, NAN, 0.0], 0, 2),  # NaN for another: above
        ([-math.inf, -math.inf, 0.0], 0, 3),
        ([math.inf, 0.0, 0.0], 0, 1),
        ([0.9, 0.5, 0.1], -1, 4),  # not in the catalogue: a miss
    ],
)
def test_rank_by_hand(scores: list[float], target: int, rank: int) -> None:
    found = pessimistic_rank(np.array([scores], dtype=np.float32), np.array([target]))
    assert found.tolist() == [rank]
    assert found.dtype == np.int64


def test_rank_with_excluded_items() -> None:
    scores = np.array([[0.9, 0.5, 0.5, 0.1]] * 3)
    excluded = np.array([[1, 0, 1, 0], [0, 1, 0, 0], [1, 1, 1, 0]], dtype=bool)
    assert pessimistic_rank(scores, np.array([1, 1, -1]), excluded).tolist() == [1, 5, 5]
    nan = np.array([[NAN, 0.5, 0.4, 0.3]])
    assert pessimistic_rank(nan, np.array([0]), np.array([[False, True, False, False]])).tolist() == [3]


@pytest.mark.parametrize("target", [[3], [-2], [0, 1]])
def test_rank_refuses_wrong_targets(target: list[int]) -> None:
    with pytest.raises(ValueError, match=r"targets must be \[B\] indices in -1\.\.2"):
        pessimistic_rank(np.zeros((1, 3)), np.array(target))


def test_metrics_by_hand() -> None:
    values = case_values(np.array([1, 2, 7, 11, 21, 101]), n_items=100)
    assert tuple(values) == METRICS
    assert values["accuracy"].tolist() == [1, 0, 0, 0, 0, 0]
    assert values["recall@5"].tolist() == [1, 1, 0, 0, 0, 0]
    assert values["recall@10"].tolist() == [1, 1, 1, 0, 0, 0]
    assert values["recall@20"].tolist() == [1, 1, 1, 1, 0, 0]
    assert values["ndcg@10"] == pytest.approx([1, 0.6309298, 1 / 3, 0, 0, 0])
    assert values["ndcg@20"] == pytest.approx([1, 0.6309298, 1 / 3, 0.2789429, 0, 0])
    assert values["mrr@20"] == pytest.approx([1, 1 / 2, 1 / 7, 1 / 11, 0, 0])


def test_names_are_the_contract() -> None:
    expected = ["accuracy", "recall@5", "recall@10", "recall@20", "ndcg@10", "ndcg@20", "mrr@20"]
    assert list(METRICS) == expected


def test_a_miss_is_a_miss_in_a_tiny_catalogue() -> None:
    values = case_values(pessimistic_rank(np.zeros((1, 3)), np.array([-1])), n_items=3)
    assert all(column.tolist() == [0.0] for column in values.values())


def test_agrees_with_torchmetrics() -> None:
    generator = np.random.default_rng(7)
    n_cases, n_items = 60, 40
    scores = generator.permuted(np.tile(np.linspace(0.1, 0.9, n_items), (n_cases, 1)), axis=1)  # no ties
    target = generator.integers(0, n_items, n_cases)
    ours = case_values(pessimistic_rank(scores, target), n_items)
    relevant = torch.nn.functional.one_hot(torch.tensor(target), n_items).flatten()
    indexes = torch.arange(n_cases).repeat_interleave(n_items)
    theirs = {f"recall@{k}": RetrievalRecall(top_k=k) for k in (5, 10, 20)}
    theirs |= {f"ndcg@{k}": RetrievalNormalizedDCG(top_k=k) for k in (10, 20)}
    theirs |= {"accuracy": RetrievalRecall(top_k=1), "mrr@20": RetrievalMRR(top_k=20)}
    for name, metric in theirs.items():
        expected = metric(torch.tensor(scores).flatten(), relevant, indexes=indexes)
        assert ours[name].mean() == pytest.approx(float(expected), abs=1e-6), name


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, int, np.ndarray]:
    """One row of scores with many ties and some NaN, a target, and excluded items."""
    n_items = draw(st.integers(1, 12))
    row = st.lists(st.sampled_from([0.0, 0.5, 1.0, NAN]), min_size=n_items, max_size=n_items)
    flags = st.lists(st.booleans(), min_size=n_items, max_size=n_items)
    return np.array([draw(row)]), draw(st.integers(-1, n_items - 1)), np.array([draw(flags)])


@settings(max_examples=150, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_rank_properties(case: tuple[np.ndarray, int, np.ndarray], random: object) -> None:
    scores, target, excluded = case
    n_items = scores.shape[1]
    rank = pessimistic_rank(scores, np.array([target]), excluded)[0]
    others = [i for i in range(n_items) if i != target and not excluded[0, i]]
    if target < 0 or excluded[0, target]:
        assert rank == n_items + 1
    else:
        assert rank == 1 + sum(not scores[0, i] < scores[0, target] for i in others)
        assert 1 <= rank <= n_items - excluded.sum()
    order = list(range(n_items))
    random.shuffle(order)
    moved = np.array([order.index(target) if target >= 0 else -1])
    assert pessimistic_rank(scores[:, order], moved, excluded[:, order])[0] == rank


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 50), st.floats(allow_nan=True, width=32))
def test_all_equal_scores_rank_last(n_items: int, score: float) -> None:
    ranks = pessimistic_rank(np.full((n_items, n_items), score, dtype=np.float32), np.arange(n_items))
    assert ranks.tolist() == [n_items] * n_items
