"""Sequences in parts on the disk: what is read of them, and epochs drawn of a few at a time."""

from __future__ import annotations

import itertools
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from recsys import columns as c
from recsys.sequences.asking import LAST
from recsys.sequences.cases import Cases
from recsys.sequences.counts import Counts
from recsys.sequences.epochs import TrainingWindows, amount, epoch
from recsys.sequences.shards import Held, Shards, shard_folder, write_shard
from recsys.sequences.split import OTHER, TEST, TRAIN, VALIDATION
from recsys.sequences.store import Sequences
from recsys.sequences.streaming import StreamedBatches, StreamedWindows

CLIMBERS, PARTS = 60, 6
MOST = {"train": 20, "validation": 7, "test": 1_000}


@pytest.fixture(scope="module")
def whole() -> Held:
    """Sixty climbers of 1 to 12 sends on days that are sets; a tenth is validation, a tenth test."""
    draw = np.random.default_rng(0)
    lengths = draw.integers(1, 13, CLIMBERS)
    n = int(lengths.sum())
    days = np.concatenate([np.sort(draw.integers(0, 8, length)) for length in lengths]).astype(float)
    owner = np.repeat(np.arange(CLIMBERS), lengths)
    new = (np.diff(owner, prepend=-1) != 0) | (np.diff(days, prepend=-1) != 0)
    starts = np.flatnonzero(new)
    sequences = Sequences(
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        climbers=np.arange(3, 3 + CLIMBERS, dtype=np.int32),
        climber_ids=np.array([f"p{i:03}" for i in range(CLIMBERS)], dtype=object),
        features={
            c.CLIMB: draw.integers(3, 40, n).astype(np.uint8),
            c.REGION: draw.integers(1, 6, n).astype(np.uint8),
            c.GRADE: draw.random(n).astype(np.float32),
        },
        rows=np.arange(n, dtype=np.int32),
        indices=np.arange(n) - starts[np.cumsum(new) - 1],
    )
    parts = draw.choice([TRAIN, VALIDATION, TEST], CLIMBERS, p=[0.8, 0.1, 0.1]).astype(np.int8)[owner]
    return Held(sequences, parts, days)


@pytest.fixture(scope="module")
def shards(whole, tmp_path_factory) -> Shards:
    folder = tmp_path_factory.mktemp("run")
    with shard_folder(folder) as fresh:
        for number, climbers in enumerate(np.array_split(np.arange(CLIMBERS), PARTS)):
            write_shard(whole.of_climbers(climbers), fresh, number)
    return Shards.of(folder)


def training(held: Held) -> np.ndarray:
    return np.flatnonzero(held.parts == TRAIN)


def test_parts_are_what_was_written(whole, shards):
    found = shards.read(range(PARTS))
    assert len(shards) == PARTS
    for name, values in whole.sequences.features.items():
        np.testing.assert_array_equal(found.sequences.features[name], values)
        assert found.sequences.features[name].dtype == values.dtype
    for name in ("offsets", "climbers", "climber_ids", "indices"):
        np.testing.assert_array_equal(getattr(found.sequences, name), getattr(whole.sequences, name))
    np.testing.assert_array_equal(found.parts, whole.parts)
    np.testing.assert_array_equal(found.days, whole.days)


def test_counts_of_parts_add_up(whole, shards):
    found, all_at_once = shards.counts, Counts.of(whole.sequences, training(whole))
    np.testing.assert_array_equal(found.by_id(40), all_at_once.by_id(40))
    np.testing.assert_array_equal(found.sides[c.REGION], all_at_once.sides[c.REGION])
    assert len(found) == len(training(whole))


def test_asked_are_the_cases_of_all_sends(whole, shards):
    held = shards.asked(MOST)
    for part, most in MOST.items():
        ours, theirs = (Cases.of(each.sequences, each.parts, part, most) for each in (held, whole))
        assert len(ours) == len(Cases.of(held.sequences, held.parts, part)) > 0  # no other has this part
        np.testing.assert_array_equal(ours.targets, theirs.targets)
        np.testing.assert_array_equal(held.days[ours.sends], whole.days[theirs.sends])
        every = np.arange(len(ours))
        for mine, other in zip(ours.seen(every), theirs.seen(every), strict=True):
            np.testing.assert_array_equal(mine, other)
    assert (held.parts == OTHER).any()
    assert len(held.sequences.climbers) < CLIMBERS


def test_features_are_read_once_and_of_parts_with_cases(shards):
    read = []

    class Watched(Shards):
        def read(self, numbers):
            read.extend(numbers)
            return super().read(numbers)

    held = Watched(shards.paths).asked({"validation": 1})
    assert len(held.sequences.climbers) == 1
    assert len(read) <= 2  # the first, for the names of the features, and the one with the case
    read.clear()
    Watched(shards.paths).asked(MOST)
    assert read == list(range(PARTS))


def streamed(shards: Shards, group: int, batch: int, **device: int) -> StreamedBatches:
    windows = StreamedWindows(shards, group, 5, LAST)
    amounts = windows.amounts(1.0, np.random.default_rng(0))
    return StreamedBatches(windows, amounts, batch, seed=7, **device)


def test_one_group_of_all_parts_is_training_in_memory(whole, shards):
    batches = streamed(shards, PARTS, batch=8)
    own = TrainingWindows(whole.sequences, training(whole), 5, LAST)
    number = amount(own, 1.0, np.random.default_rng(0))
    for each in range(2):
        batches.set_epoch(each)
        pairs = epoch(own, number, np.random.default_rng([7, each]))
        drawn = list(batches)
        assert [*itertools.chain.from_iterable(drawn)] == list(pairs)
        assert len(drawn) == len(batches)


def asked_for(batches: StreamedBatches) -> list[tuple[int, float]]:
    """Climb and grade of each window's last send: what tells sends of all parts from each other."""
    found = []
    for pairs in batches:
        cut = batches.windows.__getitems__(pairs)
        found += zip(cut[c.CLIMB][:, -1].tolist(), cut[c.GRADE][:, -1].tolist(), strict=True)
    return found


@pytest.mark.parametrize("group", [1, 2, 4])
def test_each_training_send_is_asked_for_once_an_epoch(whole, shards, group):
    batches = streamed(shards, group, batch=1)
    sends = training(whole)
    features = whole.sequences.features
    expected = sorted(zip(features[c.CLIMB][sends].tolist(), features[c.GRADE][sends].tolist(), strict=True))
    orders = []
    for each in range(2):
        batches.set_epoch(each)
        orders.append(asked_for(batches))
        assert sorted(orders[-1]) == expected
    assert orders[0] != orders[1]
    assert asked_for(batches) == orders[1]  # an epoch is drawn from its number alone


def test_batches_are_full_but_for_the_last_and_of_a_group(shards):
    batches = streamed(shards, 2, batch=16)
    sizes = [len(each) for each in batches]
    assert set(sizes[:-1]) == {16}
    assert len(sizes) == len(batches) > 3
    assert sum(sizes) == batches.amounts.sum()
    groups = [numbers for numbers, _ in batches.groups()]
    assert sorted(itertools.chain.from_iterable(groups)) == list(range(PARTS))
    batches.set_epoch(1)
    assert [numbers for numbers, _ in batches.groups()] != groups


def test_devices_share_an_epoch(shards):
    one = streamed(shards, 2, batch=8)
    two = [streamed(shards, 2, batch=4, rank=rank, world=2) for rank in range(2)]
    drawn = [list(each) for each in two]
    assert len(drawn[0]) == len(drawn[1]) == len(two[0]) == len(two[1])
    alone, together = (
        Counter(itertools.chain.from_iterable(each)) for each in (one, itertools.chain(*drawn))
    )
    assert not alone - together  # rounded up to equal shares
    assert together.total() - alone.total() == one.amounts.sum() % 2 == 1


def test_no_more_parts_than_a_group_are_read_at_a_time(shards):
    batches = streamed(shards, 2, batch=4)
    read = []

    class Watched(Shards):
        def read(self, numbers):
            read.append(len(numbers))
            return super().read(numbers)

    batches.windows.shards = Watched(shards.paths)
    assert list(batches)
    assert set(read) == {2}
    assert len(read) == PARTS // 2


def test_a_part_without_windows_is_not_asked_for_those_of_another():
    """What is left of a full batch goes to the next group, which must have windows to draw."""
    windows = SimpleNamespace(group=1)
    for at in range(8):
        batches = StreamedBatches(windows, np.array([5, 0, 7, 0]), 4, seed=0)
        batches.set_epoch(at)
        counts = {number: count for (number,), count in batches.groups()}
        assert sum(counts.values()) == 12
        assert counts.keys() <= {0, 2}
