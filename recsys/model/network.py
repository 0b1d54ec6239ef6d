"""What can be trained and asked: the prompted transformer, and every network that it is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from recsys.sequences.asking import LAST, Asking

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.sequences.counts import Counts
    from recsys.sequences.store import Sequences
    from recsys.sequences.texts import Texts
    from recsys.sequences.windows import Batch


class Network(torch.nn.Module):
    """A module with two questions. Its batches are those of `recsys.sequences.windows.Windows`.

    Every sequential feature is [batch, length], padded with 0 at the start, the target last; the climber is
    [batch]. A network must not read the target's climb when it scores, nor, unless it is `prompted`,
    anything else of the last position.
    """

    prompted: bool = False  # whether the target's attributes can be given (`recsys.model.inputs.GIVEN`)
    note: str = ""  # a line for the person who trains it, on what was chosen by the data

    def read_sends(self, sequences: Sequences, sends: Array) -> None:
        """Count what the network wants to know of the training sends, before it is trained; here nothing.

        Parameters
        ----------
        sequences:
            All histories.
        sends:
            Indexes of the training sends, int64 [n]: all that may be counted.
        """

    def read_counts(self, counts: Counts, texts: Texts | None) -> None:
        """`read_sends` of what was counted of them, where they are not all in memory.

        Parameters
        ----------
        counts:
            Of the training sends.
        texts:
            Of the histories (`recsys.sequences.store.Sequences.texts`).
        """

    def begin_climbs(self, vectors: Array) -> None:
        """Take over embeddings of the climbs to begin with, before it is trained; here nothing.

        Parameters
        ----------
        vectors:
            float32 [n_items, at most the width that the settings name (`NetworkSettings.pretrained`)].
        """

    def asking(self, length: int) -> Asking:
        """What `training_loss` asks for in windows of `length` sends: of the last send, unless overridden."""
        return LAST

    def training_loss(self, batch: Batch) -> torch.Tensor:
        """The loss of a batch, a scalar; its arrays are [batch, length]. In training mode."""
        raise NotImplementedError

    def next_scores(self, batch: Batch) -> torch.Tensor:
        """Scores of every climb for the last position of each window, [batch, n_items], higher is better.

        Column j is the climb with id ``j + FIRST_VALUE_ID``: padding, null and unknown are not recommended.
        """
        raise NotImplementedError
