"""Negatives: climbs drawn to stand for all those that were not sent, shared by a batch.

Ids are NVTabular's, the most frequent value first, so a climb's rank is its id and popularity need not be
counted: it is taken to follow the log-uniform law p(rank) ~ log(1 + 1 / rank), as TensorFlow's and
Transformers4Rec's samplers take it. On simulated BC, training counts follow p^0.75 closely (Kullback-Leibler
divergence 0.03, of p itself 0.22).

Transformers4Rec's own sampler is not used. It draws from id 1 on, so null and unknown, which nobody can
send, are in every sample; and of too many distinct ids it keeps the lowest, which its logQ correction does
not know of: of 100,000 climbs, 256 drawn, it expects 31 of the rarer half in a sample, and has none.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from recsys.columns import FIRST_VALUE_ID


@dataclass(frozen=True, eq=False)
class Sample:
    """Negatives that a batch shares.

    Attributes
    ----------
    ids:
        Ids of climbs, int64 [K]; a climb may come more than once.
    log_counts:
        Log of how often each one's climb was expected among the K, float32 [K].
    """

    ids: torch.Tensor
    log_counts: torch.Tensor


class NegativeSampler(torch.nn.Module):
    """Draws with replacement, by popularity to the power of `alpha`.

    Parameters
    ----------
    n_items:
        Climbs in the catalogue; ids from FIRST_VALUE_ID on.
    negatives:
        How many are drawn for a batch, at least 1.
    alpha:
        0 draws uniformly (the transformer's), 1 by popularity. A sampled softmax's correction undoes it; a
        ranking loss that is not corrected holds down what is drawn often.
    """

    probabilities: torch.Tensor
    _popularity: torch.Tensor
    _below: torch.Tensor

    def __init__(self, n_items: int, negatives: int, alpha: float = 1.0) -> None:
        super().__init__()
        self.negatives = negatives
        law = popularity_law(n_items) ** alpha
        # Not persistent: a model's file is the same whatever it was trained with.
        self.register_buffer("probabilities", law / law.sum(), persistent=False)
        self.register_buffer("_popularity", popularity_law(n_items), persistent=False)
        self.register_buffer("_below", self.probabilities.cumsum(0), persistent=False)

    def forward(self, in_batch: torch.Tensor | None = None) -> Sample:
        """Negatives for a batch.

        Parameters
        ----------
        in_batch:
            Ids of targets of the batch that are to be negatives of each other too, [B] (Hidasi et al. 2015).
        """
        draws = torch.rand(self.negatives, dtype=torch.float64, device=self._below.device)
        indices = torch.searchsorted(self._below, draws, right=True).clamp(max=len(self._below) - 1)
        counts = self.negatives * self.probabilities
        if in_batch is not None:
            indices = torch.cat([in_batch - FIRST_VALUE_ID, indices])
            counts = counts + len(in_batch) * self._popularity
        return Sample(indices + FIRST_VALUE_ID, counts[indices].log().float())


def popularity_law(n_items: int) -> torch.Tensor:
    """Log-uniform probabilities by index in the catalogue, float64 [n_items]."""
    law = torch.log1p(1 / torch.arange(1, n_items + 1, dtype=torch.float64))
    return law / law.sum()
