"""What was written of a climb, added to its embedding: where it was sent, and where it is scored.

The pooled vectors are frozen (`recsys.sequences.texts`); one linear layer, which begins with zeros, takes
them to the climbs' space. The sum is masked, shifted and hidden as the embedding alone would be, so that the
text of a climb that is asked for is no more read than the climb. What a climb is scored by has a layer of its
own and all its training texts, whatever the day, as the item's text is in UniSRec (Hou et al. 2022): a climb
that few sent is known by what they wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from recsys.sequences.texts import WIDTH

if TYPE_CHECKING:
    from recsys.arrays import Array


class ClimbTexts(torch.nn.Module):
    """States of texts to vectors in the climbs' space.

    Parameters
    ----------
    n_states:
        How many, without 0, which stands for none and is zero; or the climbs' ids, one state each.
    climb_dim:
        Width of a climb's embedding.
    """

    def __init__(self, n_states: int, climb_dim: int) -> None:
        super().__init__()
        self.register_buffer("table", torch.zeros(n_states + 1, WIDTH))
        self.linear = torch.nn.Linear(WIDTH, climb_dim, bias=False)
        torch.nn.init.zeros_(self.linear.weight)

    def read(self, table: Array) -> None:
        """Take the vectors over, before training: float32 [n_states + 1, WIDTH]."""
        self.get_buffer("table").copy_(torch.from_numpy(table))

    def forward(self, states: torch.Tensor | None = None) -> torch.Tensor:
        """[...] to [..., climb_dim], or those of all states."""
        table = self.get_buffer("table")
        found: torch.Tensor = self.linear(table if states is None else table[states])
        return found
