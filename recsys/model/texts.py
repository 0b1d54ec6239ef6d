"""What was written of a climb, added to its embedding wherever the model reads that it was sent.

The pooled vectors are frozen (`recsys.sequences.texts`); one linear layer, which begins with zeros, takes
them to the climbs' space. The sum is masked, shifted and hidden as the embedding alone would be, so that the
text of a climb that is asked for is no more read than the climb.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from recsys.sequences.texts import WIDTH

if TYPE_CHECKING:
    from recsys.sequences.texts import Texts


class ClimbTexts(torch.nn.Module):
    """States of texts to vectors in the climbs' space.

    Parameters
    ----------
    n_states:
        How many, without 0, which stands for none and is zero.
    climb_dim:
        Width of a climb's embedding.
    """

    def __init__(self, n_states: int, climb_dim: int) -> None:
        super().__init__()
        self.register_buffer("table", torch.zeros(n_states + 1, WIDTH))
        self.linear = torch.nn.Linear(WIDTH, climb_dim, bias=False)
        torch.nn.init.zeros_(self.linear.weight)

    def read(self, texts: Texts) -> None:
        """Take the vectors over, before training."""
        self.get_buffer("table").copy_(torch.from_numpy(texts.table))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """[batch, length] to [batch, length, climb_dim]."""
        found: torch.Tensor = self.linear(self.get_buffer("table")[states])
        return found
