"""Vectors of the climbs by pairs of sends: against the whole matrix, and of logs that hardly have any."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys.baselines import pairs
from recsys.baselines.pairs import near_pairs, pair_vectors
from recsys.sequences.split import TEST, TRAIN
from tests.builders.interaction_tables import of


def drawn(climbers=60, n_items=12, seed=0):
    """Climbers who stay among the lower or the upper half of the climbs; the last climb is in no training."""
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 2, climbers)
    rows = [rng.integers(0, n_items // 2, 8) + half * (n_items // 2) for half in low]
    history = [[(int(i), TRAIN, float(day)) for day, i in enumerate(row)] for row in rows]
    return of([*history, [(n_items, TEST, 0.0)]], n_items + 1)


def test_dot_products_are_the_matrix_where_vectors_are_as_wide_as_it_is_positive():
    log = drawn()
    counts = near_pairs(log, log.training).toarray()
    sums = counts.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = np.maximum(np.nan_to_num(np.log(counts * sums.sum() / np.outer(sums, sums))), 0)
    own, vectors = np.linalg.eigh(whole)
    kept = own > 0
    nearest = (vectors[:, kept] * own[kept]) @ vectors[:, kept].T
    found = pair_vectors(log, 64)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found @ found.T, nearest, atol=1e-3)


def test_climbs_of_the_same_people_are_near_and_one_without_a_pair_is_nowhere():
    found = pair_vectors(drawn(), 4)
    assert found.shape == (13, 4)
    assert not found[12].any()
    found = found[:12] / np.linalg.norm(found[:12], axis=1, keepdims=True)
    likeness = found @ found.T
    assert likeness[:6, :6].min() > likeness[:6, 6:].max()


@pytest.mark.parametrize("n_items", [1, 2, 3])
def test_logs_of_few_climbs(n_items):
    history = [(item, TRAIN, 0.0) for item in range(n_items)]
    found = pair_vectors(of([history, history], n_items), 8)
    assert len(found) == n_items
    assert np.isfinite(found).all()


def test_of_many_sends_those_of_some_climbers_are_counted(monkeypatch):
    log = drawn()
    monkeypatch.setattr(pairs, "MOST", len(log.training) // 3)
    some = pairs._spaced(log)
    climbers = log.climbers[some]
    assert 0.25 < len(some) / len(log.training) < 0.4
    for climber in np.unique(climbers):
        assert (climbers == climber).sum() == (log.climbers[log.training] == climber).sum()


def test_where_a_training_streams_the_first_parts_are_counted():
    log, read = drawn(), []

    class Shards:
        def __len__(self):
            return 9

        def read(self, numbers):
            read.extend(numbers)
            return log

    none = np.zeros(0, dtype=np.int64)
    streamed = replace(of([[(0, TEST, 0.0)]], log.n_items), shards=Shards())
    assert streamed.training.tolist() == none.tolist()
    np.testing.assert_array_equal(pair_vectors(streamed, 4), pair_vectors(log, 4))
    assert read == [0, 1, 2, 3]
