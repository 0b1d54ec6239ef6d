"""The evaluator and the baselines: exact on tiny catalogues, the same for every batch size."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.baselines.popularity import PopularityScorer
from recsys.baselines.random import RandomScorer
from recsys.errors import DataError
from recsys.evaluation.bootstrap import intervals
from recsys.evaluation.evaluate import evaluate, from_ranks, protocol
from recsys.evaluation.metrics import METRICS, case_values


class Table:
    """A scorer that reads its rows from a matrix [N, I] and notes the batches it was asked for."""

    def __init__(self, rows: np.ndarray) -> None:
        self.rows, self.batches = rows.astype(np.float32), list[int]()

    def scores(self, cases: np.ndarray) -> np.ndarray:
        self.batches.append(len(cases))
        return self.rows[cases]


ROWS = np.array([[3, 2, 1, 0], [3, 2, 1, 0], [3, 2, 1, 0], [0, 0, 0, 0]])
TARGETS = np.array([0, 2, -1, 1])
CLIMBERS = np.array(["a", "a", "b", "b"])


def test_by_hand() -> None:
    scorer = Table(ROWS)
    result = evaluate(scorer, TARGETS, CLIMBERS, None, 4, batch_size=3)
    assert result.ranks.tolist() == [1, 3, 5, 4]
    assert scorer.batches == [3, 1]
    assert result.values["accuracy"] == 0.25
    assert result.values["recall@5"] == 0.75  # the target outside the catalogue stays a miss
    assert result.values["mrr@20"] == pytest.approx((1 + 1 / 3 + 0 + 1 / 4) / 4)
    assert result.ci95["accuracy"] == (0.0, 0.5)


def test_seen_items_are_no_candidates() -> None:
    history = {0: [1], 1: [0, 1, -1, 0], 2: [], 3: [1]}

    def seen(cases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pairs = [(row, item) for row, case in enumerate(cases) for item in history[int(case)]]
        table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    for batch_size in (1, 2, 4):
        result = evaluate(Table(ROWS), TARGETS, CLIMBERS, seen, 4, batch_size=batch_size)
        assert result.ranks.tolist() == [1, 1, 5, 5]  # the last target was seen: a miss


def test_json_has_the_contract_order() -> None:
    block = evaluate(Table(ROWS), TARGETS, CLIMBERS, None, 4).to_json()
    assert list(block) == [*METRICS, "ci95"]
    assert list(block["ci95"]) == list(METRICS)
    assert json.loads(json.dumps(block, allow_nan=False)) == block
    one = from_ranks(np.array([1, 2]), np.array([7, 7]), 4).to_json()
    assert one["ci95"]["accuracy"] == [None, None]


def test_the_bootstrap_is_that_of_its_seed() -> None:
    ranks, climbers = np.arange(60) % 7 + 1, np.arange(60) % 20
    for seed in (0, 1):
        expected = intervals(case_values(ranks, 9), climbers, seed=seed)
        assert from_ranks(ranks, climbers, 9, seed).ci95 == expected
    assert from_ranks(ranks, climbers, 9, 0).ci95 != expected


def test_protocol_is_plain_json() -> None:
    assert json.loads(json.dumps(protocol(True)))["exclude_seen"] is True


@pytest.mark.parametrize(
    ("targets", "climbers", "words"),
    [
        ([], [], "no cases to evaluate; use more climbers"),
        ([0, 4], [1, 1], "row 2: the target is outside the catalogue of 4 items (4)"),
        ([-2], [1], "row 1"),
        ([0, 1], [1], "2 targets but 1 climbers"),
    ],
)
def test_bad_cases_are_one_line(targets: list[int], climbers: list[int], words: str) -> None:
    with pytest.raises(DataError) as error:
        evaluate(Table(ROWS), np.array(targets, dtype=np.int64), np.array(climbers), None, 4)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_scores_of_a_wrong_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Table gave scores \(4, 4\), not \(4, 5\)"):
        evaluate(Table(ROWS), TARGETS, CLIMBERS, None, 5)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 45), st.integers(0, 3))
def test_batch_size_changes_nothing(n_cases: int, batch_size: int, seed: int) -> None:
    targets, climbers = np.arange(n_cases) % 17, np.arange(n_cases) % 5
    whole = evaluate(RandomScorer(17, seed), targets, climbers, None, 17, seed=seed)
    parts = evaluate(RandomScorer(17, seed), targets, climbers, None, 17, batch_size=batch_size, seed=seed)
    assert (whole.ranks == parts.ranks).all()
    assert whole.to_json() == parts.to_json()


def test_popularity_is_exact() -> None:
    popularity = PopularityScorer(np.array([2, 1, 3, 0]))
    assert popularity.scores(np.array([5, 9])).tolist() == [[2, 1, 3, 0]] * 2
    assert popularity.scores(np.array([5])).dtype == np.float32
    ranks = evaluate(popularity, np.array([2, 0, 1, 3]), np.arange(4), None, 4).ranks
    assert ranks.tolist() == [1, 2, 3, 4]


def test_random_is_chance_and_depends_on_the_case_alone() -> None:
    scorer, n_items = RandomScorer(200, seed=1), 200
    rows = scorer.scores(np.array([3, 8, 3]))
    assert (rows[0] == rows[2]).all()
    assert (rows[0] != rows[1]).any()
    assert (scorer.scores(np.array([8]))[0] == rows[1]).all()
    assert (RandomScorer(200, seed=2).scores(np.array([3]))[0] != rows[0]).any()
    targets = np.arange(4000) % n_items
    result = evaluate(scorer, targets, np.arange(4000) % 400, None, n_items)
    low, high = result.ci95["recall@10"]
    assert low is not None
    assert high is not None
    assert low < 10 / n_items < high
    assert result.values["recall@10"] == pytest.approx(10 / n_items, abs=4 * (0.05 * 0.95 / 4000) ** 0.5)
