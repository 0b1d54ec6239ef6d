"""Sequential item-kNN by hand, and against sums over every pair of sends."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.baselines import sequentialknn
from recsys.baselines.pairs import DECAY, SPAN
from recsys.baselines.sequentialknn import POPULARITY, SHRINK, SequentialKNN
from recsys.errors import UsageError
from recsys.sequences.split import TEST, TRAIN
from tests.builders.interaction_tables import of, scores

ELAPSED = "elapsed_days"


def dated(histories, n_items):
    """Interactions whose days are known."""
    return of(histories, n_items, **{ELAPSED: [[0.0] * len(each) for each in histories]})


def test_pairs_count_less_the_further_apart_in_sends_and_in_days():
    log = dated([[(0, TRAIN, 0.0), (1, TRAIN, 0.0), (2, TRAIN, 4.0)], [(0, TRAIN, 9.0)]], 3)
    together = {(0, 1): 1.0, (1, 2): np.exp(-4 / 2), (0, 2): DECAY * np.exp(-4 / 2)}
    sent = np.array([2, 1, 1]) + SHRINK
    expected = np.zeros((3, 3))
    for (i, j), value in together.items():
        expected[i, j] = value / (sent[i] * sent[j] ** POPULARITY)
        expected[j, i] = value / (sent[j] * sent[i] ** POPULARITY)
    np.testing.assert_allclose(sequentialknn.similarity(log, 2.0).toarray(), expected, rtol=1e-12)
    by_sends = sequentialknn.similarity(log, None).toarray()
    np.testing.assert_allclose(by_sends[0, 2], DECAY / (sent[0] * sent[2] ** POPULARITY), rtol=1e-12)


def test_no_pair_is_further_apart_than_the_span_nor_of_two_climbers_nor_of_one_climb():
    row = [(0, TRAIN, 0.0), *[(1, TRAIN, 0.0)] * (SPAN - 1), (2, TRAIN, 0.0), (3, TRAIN, 0.0)]
    near = sequentialknn.similarity(dated([row, [(4, TRAIN, 0.0), (5, TEST, 0.0)]], 6), None).toarray()
    assert near[0, 2] > 0  # as far as the span
    assert near[0, 3] == 0
    assert near[1, 1] == 0
    assert not near[4].any()  # alone, and what is of the test counts nothing
    assert not near[:, 5].any()


def test_the_latest_send_counts_most_and_a_day_counts_as_it_is_long_ago():
    train = [[(item, TRAIN, 0.0), (item + 1, TRAIN, 0.0)] for item in (0, 2)]
    asked = [(0, TEST, 0.0), (2, TEST, 6.0), (4, TEST, 9.0)]
    log = dated([*train, asked], 5)
    one = 1 / ((1 + SHRINK) * (1 + SHRINK) ** POPULARITY)
    by_sends = scores(SequentialKNN(fade=0.5, days=None), log)[-1]
    np.testing.assert_allclose(by_sends, [0, 0.5 * one, 0, one, 0], rtol=1e-6)
    by_days = scores(SequentialKNN(fade=0.5, days=3), log)[-1]
    np.testing.assert_allclose(by_days, [0, 0.5 * np.exp(-6 / 3) * one, 0, one, 0], rtol=1e-6)


def test_without_dates_days_do_not_count():
    history = [(0, TRAIN, 0.0), (1, TRAIN, 50.0)]
    known, unknown = dated([history], 2), of([history], 2)
    assert SequentialKNN().count(known, 0).similarities[0] < 1e-6
    found = SequentialKNN().count(unknown, 0)
    assert found.days is None
    np.testing.assert_array_equal(found.similarities, SequentialKNN(days=None).count(unknown, 0).similarities)


def test_the_nearest_alone_are_kept_and_counted_once_a_setting():
    log = dated([[(0, TRAIN, 0.0), (1, TRAIN, 0.0), (2, TRAIN, 0.0)], [(0, TRAIN, 0.0), (1, TRAIN, 0.0)]], 3)
    near = SequentialKNN(neighbours=1).count(log, 0)
    assert near.neighbours[near.starts[0] : near.starts[1]].tolist() == [1]
    assert SequentialKNN(neighbours=1, fade=0.9).count(log, 0).neighbours.tolist() == near.neighbours.tolist()
    assert len(sequentialknn._learnt[log]) == 1
    SequentialKNN(neighbours=1, days=None).count(log, 0)
    assert len(sequentialknn._learnt[log]) == 2


@pytest.mark.parametrize("setting", ["fade", "days", "neighbours"])
def test_settings_that_cannot_be_are_refused(setting):
    with pytest.raises(UsageError, match=f"SequentialKNN: {setting} must be at least"):
        SequentialKNN(**{setting: 0})
