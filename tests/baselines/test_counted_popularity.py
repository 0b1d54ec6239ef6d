"""Recent and prompted popularity by hand, and against brute force on drawn logs."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.baselines.popularity import Popularity
from recsys.baselines.prompted import PromptedPopularity
from recsys.baselines.recent import RecentPopularity
from recsys.recommending.counted.tiers import tiered
from recsys.sequences.cases import Cases
from recsys.sequences.split import TEST, TRAIN
from tests.builders.interaction_tables import logs, of, scores


def test_tiers_decide_in_turn():
    assert tiered(np.array([1, 0, 1, 0]), np.array([5, 7, 4, 7])).tolist() == [2, 0, 1, 0]
    assert tiered(np.array([3])).tolist() == [0]
    huge = np.array([2**40, 2**40 + 1, 0])  # three of them in one key would overflow
    assert tiered(huge, huge, np.array([1, 0, 2])).tolist() == [1, 2, 0]
    assert tiered(np.array([5, 5, 5]), huge, huge).tolist() == [1, 2, 0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12))
def test_tiers_order_as_tuples_do(rows):
    ranks = tiered(*(np.array(column) for column in zip(*rows, strict=True)))
    indices = {row: index for index, row in enumerate(sorted(set(rows)))}
    assert ranks.tolist() == [indices[row] for row in rows]


def lexicographic(tuples):
    indices = {row: index for index, row in enumerate(sorted(set(tuples)))}
    return [indices[row] for row in tuples]


def same_order(row, tuples):
    """Whether a row of scores orders, and ties, the items as the tuples do."""
    return np.unique(row, return_inverse=True)[1].tolist() == lexicographic(tuples)


def test_recent_popularity_by_hand():
    region = [[3, 3, 4, 4], [3, 4, 3, 4]]
    train = [(0, TRAIN, 10.0), (0, TRAIN, 10.0), (1, TRAIN, 39.0), (2, TRAIN, 40.0)]
    test = [(3, TEST, 40.5), (0, TEST, 70.0), (3, TEST, 100.0), (3, TEST, 1000.0)]
    interactions = of([train, test], 4, region=region)
    first, edge, late = scores(RecentPopularity(), interactions)  # each on the day of the send before
    # Day 40, after a send in region 3: neither the day's own sends count nor those of day 9 and before.
    assert same_order(first, [(2, 2, 2), (0, 1, 1), (0, 0, 1), (0, 0, 0)])
    # Day 70: day 40 is the first of the thirty before it.
    assert same_order(edge, [(0, 2), (0, 1), (1, 1), (0, 0)])
    # Day 100: nothing since day 70, so days 11 to 40 are counted.
    assert same_order(late, [(0, 2), (1, 1), (1, 1), (0, 0)])
    # Day 40, asked for region 4: prompted, the day is the target's.
    interactions = of([train, [(3, TEST, 0.0), (0, TEST, 40.5)]], 4, region=[region[0], region[1][:2]])
    first = scores(RecentPopularity(), interactions, prompted=True)[0]
    assert same_order(first, [(0, 2, 2), (1, 1, 1), (0, 0, 1), (0, 0, 0)])


@settings(max_examples=80, deadline=None)
@given(logs(), st.booleans(), st.sampled_from([1, 7, 30]))
def test_recent_popularity_is_that_of_brute_force(interactions, prompted, length):
    items, days, regions = interactions.items, interactions.days, interactions.sequences.features["region"]
    training = [(items[s], int(days[s]), regions[s]) for s in interactions.training if items[s] >= 0]
    cases = Cases.of(interactions.sequences, interactions.parts, "test")
    rows = scores(RecentPopularity(length), interactions, prompted)
    for row, send in zip(rows, cases.sends, strict=True):
        end = int(days[send if prompted else send - 1])
        before = [day for _, day, _ in training if day < end]
        if before and max(before) < end - length:
            end = max(before) + 1
        recent = [(item, region) for item, day, region in training if end - length <= day < end]
        wanted = regions[send if prompted else send - 1]
        tuples = [
            (
                sum(1 for pair in recent if pair == (item, wanted)),
                sum(1 for other, _ in recent if other == item),
                sum(1 for other, *_ in training if other == item),
            )
            for item in range(interactions.n_items)
        ]
        assert same_order(row, tuples)


@settings(max_examples=50, deadline=None)
@given(logs(), st.data())
def test_recent_popularity_reads_no_future(interactions, data):
    """Sends of the case's day and later may lie anywhere, and on any later day."""
    cases = Cases.of(interactions.sequences, interactions.parts, "test")
    case = data.draw(st.integers(0, len(cases) - 1))
    before = scores(RecentPopularity(), interactions)[case]
    later = interactions.training[
        interactions.days[interactions.training] >= interactions.days[cases.sends[case]]
    ]
    regions = interactions.sequences.features["region"]
    regions[later] = data.draw(st.integers(1, 4))
    days = interactions.days.copy()
    days[later] += data.draw(st.integers(0, 50))
    moved = dataclasses.replace(interactions, days=days)
    assert (scores(RecentPopularity(), moved)[case] == before).all()


@settings(max_examples=60, deadline=None)
@given(logs(), st.sampled_from([("region", "grade_bin"), ("region",), ("grade_bin",), ()]))
def test_prompted_popularity_is_that_of_brute_force(interactions, names):
    features = {
        name: values for name, values in interactions.sequences.features.items() if name in ("climb", *names)
    }
    interactions = dataclasses.replace(
        interactions, sequences=dataclasses.replace(interactions.sequences, features=features)
    )
    items = interactions.items
    cases = Cases.of(interactions.sequences, interactions.parts, "test")
    for row, send in zip(scores(PromptedPopularity(), interactions, True), cases.sends, strict=True):
        fits = {
            s: [features[name][s] == features[name][send] for name in names] for s in interactions.training
        }
        tuples = [
            (
                sum(all(fits[s]) for s in fits if items[s] == item),
                *(sum(fits[s][i] for s in fits if items[s] == item) for i in range(len(names))),
                sum(1 for s in fits if items[s] == item),
            )
            for item in range(interactions.n_items)
        ]
        assert same_order(row, tuples)
    plain = scores(Popularity(), interactions)
    assert (scores(PromptedPopularity(), interactions, False) == plain).all()
