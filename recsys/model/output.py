"""What a climb is scored by: its embedding, what is known of it, and a bias.

A climb's vector is its input embedding (tied weights) plus an embedding of each of its usual attributes: the
region, grade and rating that most of its training sends have, and how many there are. A climb that was sent
five times thus starts from what its grade and region tell, and a prompt that names them finds all climbs of
that kind at once. (Side information in the output: as the item features of eSASRec's and RecTools' item nets,
whose sum is the item's embedding.) Where texts are read, what was written of it joins too.

The attributes are counted from training sends alone, once, before training (`read_sends`); they are kept in
the model's file as ids, so a loaded model needs no catalogue.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch.nn import functional

from recsys.columns import FIRST_VALUE_ID
from recsys.model.texts import ClimbTexts
from recsys.sequences.counts import SIDES, Counts

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.sequences.store import Sequences

FEW: Final = 20_000  # sends, below which a bias begins with what was counted
SENDS: Final = "sends"  # how many, in powers of two
_POWERS: Final = 32  # bins of SENDS: more than a climb can have


class ClimbScores(torch.nn.Module):
    """Scores by id, in place of Transformers4Rec's output layer, and called as that is.

    Parameters
    ----------
    table:
        The climbs' input embeddings, by id.
    sides:
        Name of an attribute to the number of its ids, 0 for "none"; empty: embedding and bias alone.
    texts:
        Whether what was written of the climbs joins.
    networks:
        Networks side by side (`recsys.model.packed`), whose scores are averaged.
    """

    def __init__(
        self, table: torch.nn.Embedding, sides: Mapping[str, int], texts: bool = False, networks: int = 1
    ) -> None:
        super().__init__()
        self.networks = networks
        self.table = table
        self.cuts: tuple[int, ...] = ()  # ids at which climbs were added later (`recsys.adapting.growing`)
        self.bias = torch.nn.Parameter(torch.zeros(table.num_embeddings))
        self.texts = ClimbTexts(table.num_embeddings - 1, table.embedding_dim) if texts else None
        self.sides = torch.nn.ModuleDict()
        for name, size in sides.items():
            side = torch.nn.Embedding(size, table.embedding_dim, padding_idx=0)
            torch.nn.init.zeros_(side.weight)  # adds nothing until it has learned something
            self.sides[name] = side
            self.register_buffer(buffer_of(name), torch.zeros(table.num_embeddings, dtype=torch.int64))

    def forward(self, inputs: torch.Tensor, targets: Any = None, **_: Any) -> tuple[torch.Tensor, Any]:
        """Queries [N, width] to scores by id [N, n_ids], and the targets as they came."""
        inputs = inputs if self.networks == 1 else inputs / self.networks
        vectors, edges = self.vectors(), (0, *self.cuts, self.table.num_embeddings)
        parts = [
            functional.linear(inputs, vectors[low:high], self.bias[low:high])
            for low, high in itertools.pairwise(edges)
        ]
        return torch.cat(parts, dim=-1) if self.cuts else parts[0], targets

    def vectors(self, ids: torch.Tensor | None = None) -> torch.Tensor:
        """The climbs' vectors, [n, width], of some ids or of all."""
        found = self.table.weight if ids is None else self.table(ids)
        if self.texts is not None:
            found = found + self.texts(ids)
        for name, each in self.sides.items():
            kind = self.get_buffer(buffer_of(name))
            found = found + each(kind if ids is None else kind[ids])
        return found

    def read_sends(self, sequences: Sequences, sends: Array) -> None:
        """Count the climbs' attributes among some sends, those of training, int64 [n_sends].

        Where they are few, and attributes join (`climb_features`), an untrained bias begins with the log of
        how often each climb was sent, as a prior (Lin et al. 2017 begin their classifier's so): what is
        learned is how a query departs from popularity. A larger log learns that in its first epoch, and was
        no better for it.
        """
        self.read_counts(Counts.of(sequences, sends))

    def read_counts(self, counts: Counts) -> None:
        """`read_sends` of what was counted of them."""
        if len(counts) < FEW and self.sides and not self.bias.any():
            self.bias.data.copy_(torch.from_numpy(prior(counts.by_id(len(self.bias)))))
        size = self.table.num_embeddings
        for name in self.sides:
            found = powers(counts.by_id(size)) if name == SENDS else counts.usual(name, size)
            found[:FIRST_VALUE_ID] = 0
            self.get_buffer(buffer_of(name)).copy_(torch.from_numpy(found))


def prior(counts: Array) -> Array:
    """Log of a climb's sends and one more, over the mean of all: float32 [n_ids], 0 for ids of no climb."""
    found = np.zeros(len(counts), dtype=np.float32)
    more = counts[FIRST_VALUE_ID:] + 1.0
    found[FIRST_VALUE_ID:] = np.log(more / more.mean())
    return found


def powers(counts: Array) -> Array:
    """Counts, [n], to bins of powers of two, int64 [n]: 0 to 0, 1 to 1, 2 and 3 to 2, 4 to 7 to 3 ..."""
    return np.ceil(np.log2(counts.astype(np.float64) + 1)).astype(np.int64).clip(max=_POWERS - 1)


def side_sizes(sizes: Mapping[str, int]) -> dict[str, int]:
    """Of the features that a model reads, name to number of ids, those that describe a climb; and sends."""
    return {name: sizes[name] for name in SIDES if name in sizes} | {SENDS: _POWERS}


def buffer_of(name: str) -> str:
    """Name of the buffer that holds an attribute's id of each climb."""
    return f"{name}_of"
