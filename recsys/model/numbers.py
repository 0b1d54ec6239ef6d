"""Other ways for a number to enter than Transformers4Rec's: as the one-hot of its bin, or periodic.

One-hot: a bin's embedding is its unit vector, which is not trained; what a bin means is left to the layer
that the features join in.

Periodic: sines and cosines of the standardised number at learned frequencies, then a linear layer and a ReLU
("PLR": Gorishniy et al. 2022), one for each number. There the frequencies' spread is tuned for each data set;
here it is 1.
"""

from __future__ import annotations

import math
from typing import Final

import torch
import transformers4rec.torch as tr

FREQUENCIES: Final = 16
SPREAD: Final = 1.0  # standard deviation of the frequencies at the start


class Periodic(torch.nn.Module):
    """A standardised number to its embedding.

    Parameters
    ----------
    width:
        Of the embedding.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.rates = torch.nn.Parameter(torch.randn(FREQUENCIES) * SPREAD)
        self.linear = torch.nn.Linear(2 * FREQUENCIES, width)

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        """[batch, length] to [batch, length, width]."""
        angles = 2 * math.pi * numbers.unsqueeze(-1) * self.rates
        joined: torch.Tensor = self.linear(torch.cat([angles.sin(), angles.cos()], dim=-1))
        return torch.relu(joined)


def make_periodic(inputs: tr.TabularSequenceFeatures, widths: dict[str, int]) -> None:
    """Put periodic embeddings in place of the soft one-hot ones, which inputs were made with."""
    tables = inputs.continuous_module.embedding_tables
    for name in list(tables):
        tables[name] = Periodic(widths[name])


def freeze(inputs: tr.TabularSequenceFeatures, names: list[str]) -> None:
    """Keep the unit vectors of one-hot bins as they are."""
    tables = inputs.categorical_module.embedding_tables
    for name in names:
        tables[name].weight.requires_grad_(False)
