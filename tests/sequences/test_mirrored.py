"""Logbooks read backwards: by hand, with days as sets, and what an epoch draws of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys import columns as c
from recsys.sequences.asking import ALL, DAYS, FIRSTS, FOLLOWING, LAST
from recsys.sequences.continuing import FreshWindows
from recsys.sequences.epochs import TARGETS, TrainingWindows, amount, epoch
from recsys.sequences.mirrored import both_ways
from recsys.sequences.store import Sequences

LENGTH = 4
KINDS = {"last": LAST, "following": FOLLOWING, "firsts": FIRSTS, "days": DAYS, "all": ALL}
ELAPSED = c.ELAPSED_DAYS + c.BIN


def histories(indices=None):
    """Two climbers: five sends (the last is no training) and three; bins of the days before each."""
    return Sequences(
        offsets=np.array([0, 5, 8]),
        climbers=np.array([3, 4], dtype=np.int32),
        climber_ids=np.array(["a", "b"], dtype=object),
        features={
            c.CLIMB: np.array([10, 11, 12, 13, 14, 20, 21, 22], dtype=np.uint8),
            ELAPSED: np.array([2, 5, 6, 7, 8, 2, 9, 4], dtype=np.uint8),
            c.ELAPSED_DAYS: np.array([0.2, 0.5, 0.6, 0.7, 0.8, 0.2, 0.9, 0.4]),
        },
        rows=np.arange(8, dtype=np.int32),
        indices=indices,
    )


TRAINING = np.array([0, 1, 2, 3, 5, 6, 7])


def test_the_mirror_image_by_hand():
    found, targets = both_ways(histories(), TRAINING)
    assert found.offsets.tolist() == [0, 5, 8, 12, 15]
    assert found.climbers.tolist() == [3, 4, 3, 4]
    assert found.features[c.CLIMB][8:].tolist() == [13, 12, 11, 10, 22, 21, 20]  # never 14: no training
    # Of each the days to the send after it, of the first what the first of the logbook has.
    assert found.features[ELAPSED][8:].tolist() == [2, 7, 6, 5, 2, 4, 9]
    assert found.features[c.ELAPSED_DAYS][8:].tolist() == [0.2, 0.7, 0.6, 0.5, 0.2, 0.4, 0.9]
    assert targets.tolist() == [*TRAINING, *range(8, 15)]
    assert found.rows.tolist() == [*range(8), 3, 2, 1, 0, 7, 6, 5]
    assert not found.indices.any()


def test_a_day_stays_a_set_and_one_that_training_cuts_is_what_is_left():
    days = np.array([0, 0, 1, 0, 1, 0, 1, 2])  # a: 0 | 1 2 | 3 4, of which 4 is no training; b: one day
    found, _ = both_ways(histories(days), TRAINING)
    assert found.features[c.CLIMB][8:].tolist() == [13, 12, 11, 10, 22, 21, 20]
    assert found.indices[8:].tolist() == [0, 0, 1, 0, 0, 1, 2]


def test_a_climber_without_training_sends_has_no_mirror_image():
    found, targets = both_ways(histories(), np.array([5, 6]))
    assert found.offsets.tolist() == [0, 5, 8, 10]
    assert found.climbers.tolist() == [3, 4, 4]
    assert targets.tolist() == [5, 6, 8, 9]


@pytest.mark.parametrize("kind", KINDS)
def test_an_epoch_draws_half_of_its_windows_backwards_and_no_more_in_all(kind):
    forward = TrainingWindows(histories(), TRAINING, LENGTH, KINDS[kind])
    made = TrainingWindows(histories(), TRAINING, LENGTH, replace(KINDS[kind], mirrored=True))
    assert len(made) == len(forward) == len(TRAINING)
    backwards, asked = [], []
    for seed in range(200):
        count = amount(made, 1.0, np.random.default_rng(0))
        pairs = np.array([*epoch(made, count, np.random.default_rng(seed))])
        backwards.append((pairs[:, 1] >= 8).mean())
        asked.append(made.n_targets(pairs))
        batch = made.__getitems__([tuple(pair) for pair in pairs])
        assert 14 not in batch[c.CLIMB]
        if kind == "following":
            assert 14 not in batch[TARGETS]
    assert np.mean(backwards) == pytest.approx(0.5, abs=0.08)
    assert np.mean(asked) == pytest.approx(len(TRAINING), rel=0.2)


def test_a_window_holds_what_came_after_last_send_first():
    made = TrainingWindows(histories(), TRAINING, LENGTH, replace(FIRSTS, mirrored=True))
    batch = made.__getitems__([(9, 11)])
    assert batch[c.CLIMB].tolist() == [[0, 12, 11, 10]]
    assert batch[ELAPSED].tolist() == [[0, 7, 6, 5]]
    assert batch[c.CLIMBER].tolist() == [3]


def test_an_order_that_is_drawn_inside_a_day_leaves_out_what_is_no_training():
    days = np.array([0, 0, 1, 0, 1, 0, 1, 2])
    made = TrainingWindows(histories(days), TRAINING, LENGTH, replace(DAYS, mirrored=True))
    for seed in range(20):
        made.shuffle_days(np.random.default_rng(seed))
        batch = made.__getitems__([(0, 3), (8, 11)])
        assert sorted(batch[c.CLIMB][0].tolist()) == sorted(batch[c.CLIMB][1].tolist()) == [10, 11, 12, 13]
        assert batch[c.CLIMB][1, 0] == 13


def test_a_training_that_goes_on_reads_forward():
    """A new last send is the first of the mirror image, where it is asked for never."""
    fresh = np.zeros(8, dtype=bool)
    fresh[7] = True
    made = FreshWindows(histories(), TRAINING, 2, replace(FIRSTS, mirrored=True), False, fresh)
    assert len(made.sequences) == 8
    pairs = made.draw(np.random.default_rng(0))
    assert sum(7 in range(first, end + 1) for first, end in pairs) == 1
