"""Item-kNN, EASE and ALS by hand, against `implicit`, and against float64 least squares."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recsys.baselines import ease, itemknn
from recsys.baselines.als import ImplicitALS
from recsys.baselines.ease import EASE
from recsys.baselines.itemknn import ItemKNN
from recsys.baselines.matrices import training_matrix
from recsys.sequences.cases import Cases
from tests.builders.interaction_tables import history_matrix, matrix_of, random_log, scores


def test_item_knn_by_hand():
    interactions = matrix_of([[0, 1], [0, 1, 2], [0, 3]], [[0, 3], [1, 2, 3]])
    # Together: 01 twice, 02 once, 12 once, 03 once. Sent: 3 2 1 1.
    root = np.sqrt
    pairs = {"01": 2 / root(6), "02": 1 / root(3), "12": 1 / root(2), "03": 1 / root(3)}
    got = scores(ItemKNN(neighbours=3, shrink=0), interactions)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got[0], [0, pairs["01"], pairs["02"], pairs["03"]], rtol=1e-6)
    both = [pairs["01"] + pairs["02"], pairs["12"], pairs["12"], 0]
    np.testing.assert_allclose(got[2], both, rtol=1e-6)
    np.testing.assert_allclose(
        scores(ItemKNN(3, 0, last=1), interactions)[2], [pairs["02"], pairs["12"], 0, 0], rtol=1e-6
    )
    # 0's second neighbour: climbs 2 and 3 are equally near, and 2 comes first.
    np.testing.assert_allclose(
        scores(ItemKNN(2, 0), interactions)[0], [0, pairs["01"], pairs["02"], 0], rtol=1e-6
    )
    shrunk = [0, 2 / (root(6) + 5), 1 / (root(3) + 5), 1 / (root(3) + 5)]
    np.testing.assert_allclose(scores(ItemKNN(3, 5), interactions)[0], shrunk, rtol=1e-6)


@pytest.mark.parametrize("neighbours", [2, 5, 11])
def test_item_knn_keeps_the_neighbours_that_implicit_keeps(neighbours):
    from implicit.nearest_neighbours import CosineRecommender

    matrix = training_matrix(random_log())
    theirs = CosineRecommender(K=neighbours + 1, num_threads=1)  # it counts a climb among its neighbours
    theirs.fit(matrix.astype(np.float64), show_progress=False)
    other = theirs.similarity.toarray()
    np.fill_diagonal(other, 0)
    ours = itemknn.nearest(itemknn.cosine(matrix, 0), neighbours).toarray()
    np.testing.assert_allclose(np.sort(ours, axis=1), np.sort(other, axis=1), atol=1e-12)
    if neighbours == 11:  # no ties to break
        np.testing.assert_allclose(ours, other, atol=1e-12)


def test_ease_by_hand():
    # X'X + I = [[3, 1], [1, 3]], its inverse [[3, -1], [-1, 3]] / 8, and so B_01 = B_10 = 1/3.
    weights = ease.weights(csr_matrix([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), 1.0)
    np.testing.assert_allclose(weights, [[0, 1 / 3], [1 / 3, 0]], rtol=1e-12)


def test_a_matrix_whose_factor_fails_is_inverted_all_the_same():
    gram = np.array([[1.0, 1.0], [1.0, 1.0 - 1e-12]])  # not positive definite, by rounding
    np.testing.assert_allclose(ease._inverse(gram), np.linalg.inv(gram))


def test_eases_weights_lie_by_rows_which_scores_read():
    # By columns, as LAPACK leaves them, each climb of a history touches every page of the matrix.
    assert EASE().count(random_log(1), 0).weights.flags.c_contiguous


def test_eases_weights_are_solved_once_a_ridge_and_go_with_their_data():
    interactions = random_log(1)
    first, again = EASE(5.0).count(interactions, 0), EASE(5.0, last=3).count(interactions, 0)
    assert again.weights is first.weights
    assert EASE(6.0).count(interactions, 0).weights is not first.weights
    weights = weakref.ref(EASE(6.0).count(interactions, 0).weights)
    assert weights() is not None
    del interactions
    gc.collect()
    assert weights() is None


@pytest.mark.parametrize("ridge", [0.5, 20.0])
def test_ease_solves_the_constrained_least_squares_of_each_climb(ridge):
    interactions = random_log(1)
    dense = training_matrix(interactions).toarray().astype(np.float64)
    n_items = interactions.n_items
    expected = np.zeros((n_items, n_items))
    for item in range(n_items):
        others = np.delete(np.arange(n_items), item)
        rows = np.vstack([dense[:, others], np.sqrt(ridge) * np.eye(n_items - 1)])
        wanted = np.concatenate([dense[:, item], np.zeros(n_items - 1)])
        expected[others, item] = np.linalg.lstsq(rows, wanted, rcond=None)[0]
    np.testing.assert_allclose(ease.weights(training_matrix(interactions), ridge), expected, atol=1e-10)
    cases = Cases.of(interactions.sequences, interactions.parts, "test")
    history = history_matrix(cases, np.arange(len(cases)), n_items).toarray()
    np.testing.assert_allclose(scores(EASE(ridge), interactions), history @ expected, atol=1e-5)


def test_als_folds_in_by_the_normal_equations_of_the_paper():
    interactions, method = random_log(2), ImplicitALS(factors=4, regularization=0.7, alpha=3.0)
    model = method.factorised(training_matrix(interactions), seed=5)
    items = model.item_factors.astype(np.float64)
    cases = Cases.of(interactions.sequences, interactions.parts, "test")
    histories = history_matrix(cases, np.arange(len(cases)), interactions.n_items).toarray()
    expected = []
    for history in histories:
        confidence = np.diag(1 + 3.0 * history)  # C in the paper
        climber = np.linalg.solve(
            items.T @ confidence @ items + 0.7 * np.eye(4), items.T @ confidence @ history
        )
        expected.append(items @ climber)
    got = scores(method, interactions, seed=5)
    np.testing.assert_allclose(got, expected, atol=1e-4)
    np.testing.assert_array_equal(got, scores(method, interactions, seed=5))


def test_als_lowers_the_loss_of_the_paper_to_that_of_exact_sweeps():
    matrix, method = training_matrix(random_log(3)), ImplicitALS(3, 0.5, 2.0, iterations=30)
    dense = matrix.toarray().astype(np.float64)

    def loss(climbers, items):
        errors = (1 + 2.0 * dense) * (dense - climbers @ items.T) ** 2
        return errors.sum() + 0.5 * ((climbers**2).sum() + (items**2).sum())

    def solved(fixed, wanted):
        ridge = 0.5 * np.eye(3)
        return np.array(
            [
                np.linalg.solve(fixed.T * (1 + 2 * row) @ fixed + ridge, fixed.T @ ((1 + 2 * row) * row))
                for row in wanted
            ]
        )

    items = np.random.default_rng(0).random((dense.shape[1], 3)) * 0.01
    for _ in range(200):
        climbers = solved(items, dense)
        items = solved(climbers, dense.T)
    model = method.factorised(matrix, seed=0)
    theirs = loss(model.user_factors.astype(np.float64), model.item_factors.astype(np.float64))
    assert theirs == pytest.approx(loss(climbers, items), rel=0.02)
