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
    """Climbers who keep to the lower or the upper half of the climbs, but one; the last climb is held out."""
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 2, climbers)
    rows = [rng.integers(0, n_items // 2, 8) + half * (n_items // 2) for half in low]
    history = [[(int(i), TRAIN, float(day)) for day, i in enumerate(row)] for row in rows]
    held_out = [(n_items, TEST, 0.0), (0, TEST, 0.0), (n_items - 1, TEST, 0.0)]
    across = [(1, TRAIN, 0.0), (n_items - 2, TRAIN, 1.0)]
    return of([*history, across, held_out], n_items + 1)


@pytest.mark.parametrize("dense", [pairs.DENSE, 0])
def test_dot_products_are_the_matrix_where_vectors_are_as_wide_as_it_is_positive(dense, monkeypatch):
    """Its part of eigenvalues above zero; nothing of it is below zero, or of the test."""
    monkeypatch.setattr(pairs, "DENSE", dense)
    log = drawn()
    counts = near_pairs(log, log.training).toarray()
    sums = counts.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = np.maximum(np.nan_to_num(np.log(counts * sums.sum() / np.outer(sums, sums))), 0)
    own, vectors = np.linalg.eigh(whole)
    kept = own > 0
    nearest = (vectors[:, kept] * own[kept]) @ vectors[:, kept].T
    assert (counts > 0).sum() > (whole > 0).sum()  # some are rarer than by chance
    found = pair_vectors(log, 64 if dense else 9)
    assert found.dtype == np.float32
    assert kept.sum() < 9
    np.testing.assert_allclose(found @ found.T, nearest, atol=1e-3 if dense else 0.02)
    np.testing.assert_array_equal(found, pairs._vectors(log, found.shape[1]))  # by no chance
    assert pair_vectors(log, 3).shape == (13, 3)


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
    assert climbers.max() > 50  # not the first alone
    assert 0.25 < len(some) / len(log.training) < 0.4
    for climber in np.unique(climbers):
        assert (climbers == climber).sum() == (log.climbers[log.training] == climber).sum()


@pytest.mark.parametrize("couples", [2, 30, 200])
def test_what_is_alike_comes_out_alike_each_time(couples):
    """Eigenvalues that repeat leave their vectors open."""
    log = of([[(2 * i, TRAIN, 0.0), (2 * i + 1, TRAIN, 0.0)] for i in range(couples)], 2 * couples + 5)
    np.testing.assert_array_equal(pairs._vectors(log, 96), pairs._vectors(log, 96))


def test_where_a_training_streams_the_first_parts_are_counted():
    log, read = drawn(), []

    class Shards:
        def __len__(self):
            return 9

        def read(self, numbers):
            read.extend(numbers)
            return log

    streamed = replace(of([[(0, TEST, 0.0)]], log.n_items), shards=Shards())
    assert streamed.training.tolist() == []
    np.testing.assert_array_equal(pair_vectors(streamed, 4), pair_vectors(log, 4))
    assert read == [0, 1, 2, 3]
