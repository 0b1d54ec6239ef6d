"""The training of a network whose scores are dot products: a loss, and the climbs it is taken over."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from recsys.columns import FIRST_VALUE_ID
from recsys.model.losses import LossName, SoftmaxLoss, ranking_loss
from recsys.model.negatives import NegativeSampler


class Objective(torch.nn.Module):
    """A loss over the whole catalogue, or over sampled climbs, whose scores alone are then computed.

    Parameters
    ----------
    n_items:
        Climbs in the catalogue.
    loss:
        Name of the loss.
    negatives:
        Climbs drawn for a batch; 0 takes the whole catalogue.
    alpha:
        Power of popularity by which they are drawn.
    """

    def __init__(self, n_items: int, loss: LossName, negatives: int, alpha: float) -> None:
        super().__init__()
        self.loss = ranking_loss(loss, n_items)
        self.sampler = NegativeSampler(n_items, negatives, alpha) if negatives else None

    def forward(
        self,
        queries: torch.Tensor,
        table: torch.Tensor,
        targets: torch.Tensor,
        bias: torch.Tensor | None = None,
        in_batch: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Mean loss, a scalar.

        Parameters
        ----------
        queries:
            One vector for each target, [N, width].
        table:
            The climbs' vectors by id, [n_ids, width].
        targets:
            Ids of the climbs that were sent, [N].
        bias:
            The climbs' biases by id, [n_ids], or none.
        in_batch:
            Ids of targets that are negatives of all others beside those drawn, [B], or none.
        """
        if self.sampler is None:
            return self._full(score_all(queries, table, bias), targets - FIRST_VALUE_ID)
        return self.sampled(queries, table.__getitem__, targets, bias, in_batch)

    def sampled(
        self,
        queries: torch.Tensor,
        vectors: Callable[[torch.Tensor], torch.Tensor],
        targets: torch.Tensor,
        bias: torch.Tensor | None = None,
        in_batch: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """The same against drawn climbs, `vectors` giving those of some ids, [n] to [n, width]."""
        assert self.sampler is not None, "a whole catalogue has no sample"
        sample = self.sampler(in_batch)
        positive = (queries * vectors(targets)).sum(1)
        negative = queries @ vectors(sample.ids).T
        if bias is not None:
            positive, negative = positive + bias[targets], negative + bias[sample.ids]
        loss: torch.Tensor = self.loss(
            positive, negative, sample.ids != targets.unsqueeze(1), sample.log_counts
        )
        return loss

    def _full(self, scores: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
        """The loss against every other climb: scores [N, n_items], indices of the targets [N]."""
        if isinstance(self.loss, SoftmaxLoss):
            return functional.cross_entropy(scores, indices)  # the same in fewer passes
        at = indices.unsqueeze(1)
        valid = torch.ones_like(scores, dtype=torch.bool).scatter_(1, at, False)
        loss: torch.Tensor = self.loss(scores.gather(1, at).squeeze(1), scores, valid, scores.new_zeros(()))
        return loss


def score_all(queries: torch.Tensor, table: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """Scores of the whole catalogue, [N, n_items], for queries [N, width] and vectors by id."""
    scores = queries @ table[FIRST_VALUE_ID:].T
    return scores if bias is None else scores + bias[FIRST_VALUE_ID:]
