"""What all methods that count, or solve by algebra, share: histories, and blindness to the test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from recsys.baselines.als import ImplicitALS
from recsys.baselines.counting import Method
from recsys.baselines.ease import EASE
from recsys.baselines.itemknn import ItemKNN
from recsys.baselines.matrices import training_matrix
from recsys.baselines.popularity import Popularity
from recsys.baselines.random import Random
from recsys.baselines.recent import RecentPopularity
from recsys.baselines.vectors import cooccurrence_vectors
from recsys.config.run import RunConfig
from recsys.errors import UsageError
from recsys.evaluation.metrics import pessimistic_rank
from recsys.recommending.counted.popularity import CountedPopularity
from recsys.sequences.cases import Cases
from recsys.sequences.split import TEST, TRAIN, VALIDATION
from recsys.training.methods import fit_settings
from tests.builders.interaction_tables import METHODS, history_matrix, matrix_of, of, random_log, scores


def test_histories_are_what_was_before_and_count_once():
    interactions = matrix_of([[0, 1, 1], [-1], [3]], [[2, -1, 2, 0, 1]])
    assert training_matrix(interactions).toarray().tolist() == [[1, 1, 0, 0], [0, 0, 0, 1]]
    cases = Cases.of(interactions.sequences, interactions.parts, "test")
    every, some = np.arange(4), np.array([3, 0])
    assert history_matrix(cases, every, 4).toarray().tolist() == [
        [0, 0, 1, 0],
        [0, 0, 1, 0],
        [0, 0, 1, 0],
        [1, 0, 1, 0],
    ]
    assert history_matrix(cases, some, 4, last=1).toarray().tolist() == [[1, 0, 0, 0], [0, 0, 1, 0]]
    assert history_matrix(cases, every, 4, last=1).toarray()[1].tolist() == [0, 0, 0, 0]  # item -1 was last


def test_popularity_and_chance_are_their_scorers():
    interactions = matrix_of([[0, 0, 2, -1], [2, 2]], [[1, 1, 1]])
    assert scores(Popularity(), interactions).tolist() == [[2, 0, 3, 0]] * 2
    assert (scores(Random(), interactions, seed=1) != scores(Random(), interactions, seed=2)).all()


@pytest.mark.parametrize("method", METHODS)
def test_the_target_never_moves_its_own_rank_and_nothing_is_learnt_from_the_test(method):
    """A climber's last test send is a target alone: whatever its climb, the scores stay, to the bit."""
    rng = np.random.default_rng(0)
    histories, extra = [], {"region": [], "grade_bin": []}
    for climber in range(30):
        part = TEST if climber >= 20 else TRAIN
        days = np.sort(rng.integers(0, 60, 9))
        histories.append([(int(rng.integers(0, 15)), part, float(day)) for day in days])
        extra["region"].append(rng.integers(3, 6, 9).tolist())
        extra["grade_bin"].append(rng.integers(2, 5, 9).tolist())
    interactions = of(histories, 15, **extra)
    cases = Cases.of(interactions.sequences, interactions.parts, "test")
    lasts = cases.sends == interactions.sequences.offsets[cases.climbers + 1] - 1
    before = [scores(method(), interactions, prompted)[lasts] for prompted in (True, False)]
    interactions.sequences.features["climb"][cases.sends[lasts]] = rng.integers(3, 18, lasts.sum())
    after = [scores(method(), interactions, prompted)[lasts] for prompted in (True, False)]
    np.testing.assert_array_equal(before, after)
    # And with every other climber of the test gone, those who stay get the same scores.
    keep = 25
    fewer = of(histories[:keep], 15, **{name: column[:keep] for name, column in extra.items()})
    fewer.sequences.features["climb"][:] = interactions.sequences.features["climb"][: len(fewer.sequences)]
    part = scores(method(), fewer)
    np.testing.assert_allclose(part, scores(method(), interactions)[: len(part)], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_batches_change_nothing_and_grids_are_small(method):
    interactions = random_log(4)
    cases = Cases.of(interactions.sequences, interactions.parts, "test")
    scorer = method().fit(interactions, 0)(cases, method.prompted)
    whole = scorer.scores(np.arange(len(cases)))
    assert whole.shape == (len(cases), interactions.n_items)
    assert whole.dtype == np.float32
    some = np.array([7, 2, 7])
    np.testing.assert_allclose(scorer.scores(some), whole[some], rtol=1e-5, atol=1e-6)
    assert pessimistic_rank(whole, cases.targets).min() >= 1
    assert 1 <= len(method.GRID) <= 8
    assert len(set(method.GRID)) == len(method.GRID)
    assert all(isinstance(entry, method) for entry in method.GRID)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ItemKNN(neighbours=0), "ItemKNN: neighbours must be at least 1, not 0"),
        (lambda: ItemKNN(last=0), "ItemKNN: last must be at least 1, not 0"),
        (lambda: EASE(0), "EASE: regularization must be at least 1e-06, not 0"),
        (lambda: ImplicitALS(alpha=float("nan")), "ImplicitALS: alpha must be at least 0, not nan"),
        (lambda: RecentPopularity(0), "RecentPopularity: window_days must be at least 1, not 0"),
    ],
)
def test_settings_that_cannot_be_are_one_line(make, words):
    with pytest.raises(UsageError) as error:
        make()
    assert str(error.value) == words


@dataclass(frozen=True)
class InOrder(Method):
    """Scores every case alike: the climbs in an order, the best first."""

    prompted: ClassVar[bool] = False
    sequential: ClassVar[bool] = False
    order: tuple[int, ...] = ()

    def count(self, interactions, seed):
        counts = -np.argsort(self.order).astype(np.float32)
        return CountedPopularity(np.ones((len(counts), 1), np.float32), counts)


@pytest.mark.parametrize("turned", [1, -1])
def test_the_best_of_a_grid_is_kept_as_a_run_is_asked(monkeypatch, turned):
    """Climb 3 after 0, 1, 2: second of one order, fourth of the other; there first without those."""
    second, behind = InOrder((4, 3, 0, 1, 2)), InOrder((0, 1, 2, 3, 4))
    monkeypatch.setattr(InOrder, "GRID", (second, behind)[::turned], raising=False)
    interactions = of([[(0, TRAIN, 0), (1, TRAIN, 1), (2, TRAIN, 2), (3, VALIDATION, 3), (4, TEST, 4)]], 5)

    def kept(**settings):
        return fit_settings(InOrder(), interactions, None, RunConfig(**settings), 0, Path()).method

    assert kept(exclude_seen=False) == second
    assert kept(exclude_seen=True) == behind


def test_climbs_are_likened_by_the_cosine_of_who_sent_them():
    """However many that are: climbs 1 and 2 by the same two, climb 0 by these and two more."""
    units = cooccurrence_vectors(matrix_of([[0, 1, 2], [0, 1, 2], [0], [3], [3, 0]]))
    both, half = 2 / np.sqrt(2 * 4), 1 / np.sqrt(2 * 4)
    expected = [[1, both, both, half], [both, 1, 1, 0], [both, 1, 1, 0], [half, 0, 0, 1]]
    np.testing.assert_allclose(units @ units.T, expected, atol=1e-6)
