"""Training windows of sends that are not all in memory: parts from the disk, a few of them at a time.

The order of the parts is drawn anew each epoch; so many of them are held at a time, and the windows of those
are mixed. That is the shuffle of CorgiPile (Xu et al. 2022, "In-Database Machine Learning with CorgiPile"),
which converges as a whole shuffle does where a buffer holds several blocks. Here a block is a part of whole
climbers, some 250,000 sends of them, and windows are drawn of it as of the whole (`recsys.sequences.epochs`).

Held at a time are the parts of a group, and what an epoch draws of them. Where a group holds all parts the
epochs are those of training in memory, to the last window.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Dataset, Sampler

from recsys.arrays import Array
from recsys.sequences.asking import Asking
from recsys.sequences.epochs import TrainingWindows, amount, epoch
from recsys.sequences.shards import Shards
from recsys.sequences.split import TRAIN
from recsys.sequences.windows import Batch


class StreamedWindows(Dataset[Batch]):
    """The windows of the parts that are held.

    Parameters
    ----------
    shards:
        The parts.
    group:
        How many of them are held at a time.
    length, asking, whole:
        As of `TrainingWindows`.
    """

    def __init__(self, shards: Shards, group: int, length: int, asking: Asking, whole: bool = False) -> None:
        self.shards, self.group, self.length, self.asking, self.whole = shards, group, length, asking, whole
        self.held: TrainingWindows | None = None

    def hold(self, numbers: Sequence[int]) -> TrainingWindows:
        """Read some parts, in their order, in place of those that are held."""
        self.held = None  # before the others are read
        found = self.shards.read(sorted(numbers))
        sends = np.flatnonzero(found.parts == TRAIN)
        self.held = TrainingWindows(found.sequences, sends, self.length, self.asking, self.whole)
        return self.held

    def __getitems__(self, pairs: Sequence[tuple[int, int]]) -> Batch:
        """Windows of the parts that are held, as a batch."""
        assert self.held is not None, "parts are held while their windows are drawn"
        return self.held.__getitems__(pairs)

    def amounts(self, share: float, rng: np.random.Generator) -> Array:
        """Windows of each part that ask for `share` times its training sends, int64 [n_parts]."""
        found, count = np.zeros(len(self.shards), dtype=np.int64), len(self.shards)
        if count <= self.group:  # they are always together
            found[0] = amount(self.hold(range(count)), share, rng)
            return found
        for number in range(count):
            windows = self.hold([number])
            found[number] = amount(windows, share, rng) if len(windows) else 0
        return found


class StreamedBatches(Sampler[list[tuple[int, int]]]):
    """The batches of each epoch, drawn from the seed and its number, split over the devices.

    A batch is of one group of parts, and full but for the last of an epoch.

    Parameters
    ----------
    windows:
        What they are of; holds the parts whose batches are being handed out.
    amounts:
        Windows of each part, int64 [n_parts].
    batch:
        Windows in a batch of one device.
    seed, rank, world:
        As of `recsys.training.module.EpochSampler`.
    """

    def __init__(
        self, windows: StreamedWindows, amounts: Array, batch: int, seed: int, rank: int = 0, world: int = 1
    ) -> None:
        self.windows, self.amounts, self.batch = windows, amounts, batch
        self.seed, self.rank, self.world, self.epoch = seed, rank, world, 0
        self.sampler = self  # where Lightning looks for what has epochs

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        """Batches for this device."""
        rng = np.random.default_rng([self.seed, self.epoch])
        for numbers, count in self.groups():
            pairs = epoch(self.windows.hold(numbers), count, rng)
            mine = itertools.islice(pairs, self.rank, None, self.world)
            while found := list(itertools.islice(mine, self.batch)):
                yield found

    def groups(self) -> list[tuple[list[int], int]]:
        """The parts of each group of the epoch, in a random order, and the windows that it gives."""
        order = np.random.default_rng([self.seed, self.epoch, 1]).permutation(len(self.amounts)).tolist()
        groups = [order[at : at + self.windows.group] for at in range(0, len(order), self.windows.group)]
        groups = [numbers for numbers in groups if self.amounts[numbers].any()]
        whole = self.batch * self.world
        ends = np.cumsum([self.amounts[numbers].sum() for numbers in groups])
        ends[:-1] = ends[:-1] // whole * whole  # up to the group's end, in full batches
        ends[-1] = math.ceil(ends[-1] / self.world) * self.world  # as many for each device
        counts = np.diff(ends, prepend=0).tolist()
        return [(numbers, count) for numbers, count in zip(groups, counts, strict=True) if count]

    def __len__(self) -> int:
        """Batches that this device sees in an epoch."""
        return math.ceil(math.ceil(self.amounts.sum() / self.world) / self.batch)
