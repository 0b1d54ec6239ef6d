"""Losses of a next climb's score against the scores of climbs that were not sent.

Every loss takes the positive's score, the negatives' and which of these count, so it serves a network that
scores the whole catalogue and one that scores sampled columns alone (`recsys.model.negatives`). Let s be the
positive's score, s_1 ... s_K the negatives', p_j the softmax of the s_j among themselves, sg the logistic
function. A negative that is the target itself does not count: it is as if it had not been drawn. A row
without any negative costs nothing. Losses are means over the rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Literal

import torch
from torch.nn import functional

_ABSENT: Final = -1e4  # the score of a negative that does not count: its exponential is 0, its square finite


class RankingLoss(torch.nn.Module):
    """A loss on a positive and its negatives; subclasses give the loss of each row."""

    def forward(
        self, positive: torch.Tensor, negative: torch.Tensor, valid: torch.Tensor, log_counts: torch.Tensor
    ) -> torch.Tensor:
        """Mean loss, a scalar.

        Parameters
        ----------
        positive:
            Scores of the climbs that were sent, [N].
        negative:
            Scores of climbs that stand for the others, [N, K].
        valid:
            Which of the negatives count, bool [N, K].
        log_counts:
            Log of how often each negative's climb was expected among the K, [K]; 0 for a whole catalogue.
        """
        negative = self.corrected(negative, log_counts).masked_fill(~valid, _ABSENT)
        return (self.rows(positive.unsqueeze(1), negative, valid) * valid.any(1)).mean()

    def corrected(self, negative: torch.Tensor, log_counts: torch.Tensor) -> torch.Tensor:
        """The negatives' scores, [n, negatives]; only a sampled softmax minds how they were drawn."""
        return negative

    def rows(self, positive: torch.Tensor, negative: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """Loss of each row, [N], for positives [N, 1] and negatives [N, K]."""
        raise NotImplementedError


class SoftmaxLoss(RankingLoss):
    """-log(e^s / (e^s + sum_j e^(s_j - log c_j))): softmax cross-entropy, over the catalogue or sampled.

    With c_j = 1 and every other climb as a negative it is the full softmax. With drawn negatives, c_j is how
    often a climb was expected among them (logQ correction), and the sum then estimates the full one without
    bias: importance sampling (Bengio & Senecal 2008). Jean et al. (2015) and Yi et al. (2019) also correct
    the positive's score; here it is left as it is, for it is always present and not drawn.
    """

    def corrected(self, negative: torch.Tensor, log_counts: torch.Tensor) -> torch.Tensor:
        """Scores, [n, negatives], less the log of their expected counts, [negatives]."""
        return negative - log_counts

    def rows(self, positive: torch.Tensor, negative: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """Cross-entropy of each row, [N]."""
        return torch.logsumexp(torch.cat([positive, negative], dim=1), dim=1) - positive.squeeze(1)


class BPR(RankingLoss):
    """-mean_j log sg(s - s_j) (Rendle et al. 2009).

    The paper draws one negative a step; several are averaged here, as Hidasi et al. (2015) do. Its L2 term on
    the parameters is left to the optimiser or the network.
    """

    def rows(self, positive: torch.Tensor, negative: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """Mean over the negatives of each row, [N]."""
        return _mean(functional.softplus(negative - positive), valid)


class TOP1(RankingLoss):
    """mean_j sg(s_j - s) + sg(s_j^2) (Hidasi et al. 2015)."""

    def rows(self, positive: torch.Tensor, negative: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """Mean over the negatives of each row, [N]."""
        return _mean(torch.sigmoid(negative - positive) + torch.sigmoid(negative**2), valid)


class TOP1Max(RankingLoss):
    """sum_j p_j (sg(s_j - s) + sg(s_j^2)) (Hidasi & Karatzoglou 2018)."""

    def rows(self, positive: torch.Tensor, negative: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """Weighted sum over the negatives of each row, [N]."""
        terms = torch.sigmoid(negative - positive) + torch.sigmoid(negative**2)
        return (functional.softmax(negative, dim=1) * terms).sum(1)


class BPRMax(RankingLoss):
    """-log sum_j p_j sg(s - s_j) + r sum_j p_j s_j^2 (Hidasi & Karatzoglou 2018).

    Parameters
    ----------
    regularization:
        r, the weight of the scores' squares. The paper tunes it between 0 and 1 a data set.
    """

    def __init__(self, regularization: float = 1.0) -> None:
        super().__init__()
        self.regularization = regularization

    def rows(self, positive: torch.Tensor, negative: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """The log-likelihood of each row and its regularization, [N]."""
        log_p = functional.log_softmax(negative, dim=1)
        likelihood = torch.logsumexp(log_p + functional.logsigmoid(positive - negative), dim=1)
        return self.regularization * (log_p.exp() * negative**2).sum(1) - likelihood


class GBCE(RankingLoss):
    """-(b log sg(z) + sum_j log(1 - sg(z_j))) / (K + 1), b = a (t (1 - 1/a) + 1/a), a = K / (n - 1).

    Generalised binary cross-entropy (Petrov & Macdonald 2023, gSASRec). With t = 0 it is binary
    cross-entropy; with t = 1 the scores are calibrated as if nothing had been sampled. The paper draws K
    negatives for each position; here a batch shares them, so that they are scored by one product.

    The paper has z = s. Here z = s - log(n - 1), which ranks the same and starts at a climb's base rate of
    1/n instead of 1/2: else a short training is spent on pushing every score down.

    Parameters
    ----------
    n_items:
        n, climbs in the catalogue.
    calibration:
        t; 0.75 in the paper's gSASRec.
    """

    def __init__(self, n_items: int, calibration: float = 0.75) -> None:
        super().__init__()
        self.n_items = n_items
        self.calibration = calibration

    def beta(self, negatives: int) -> float:
        """The weight of the positive for so many negatives; at most every other climb can be one."""
        rate = min(1.0, negatives / max(1, self.n_items - 1))
        return rate * (self.calibration * (1 - 1 / rate) + 1 / rate)

    def rows(self, positive: torch.Tensor, negative: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """Mean over the positive and the negatives of each row, [N]."""
        weight, base = self.beta(negative.shape[1]), math.log(max(2, self.n_items) - 1)
        terms = weight * functional.softplus(base - positive.squeeze(1))
        terms = terms + functional.softplus(negative - base).sum(1)
        return terms / (1 + valid.sum(1))


LossName = Literal["softmax", "bpr", "top1", "top1-max", "bpr-max", "gbce"]

_LOSSES: Final[dict[str, Callable[[int], RankingLoss]]] = {
    "softmax": lambda _: SoftmaxLoss(),
    "bpr": lambda _: BPR(),
    "top1": lambda _: TOP1(),
    "top1-max": lambda _: TOP1Max(),
    "bpr-max": lambda _: BPRMax(),
    "gbce": GBCE,
}


def ranking_loss(name: LossName, n_items: int) -> RankingLoss:
    """The loss of that name, for a catalogue of `n_items` climbs."""
    return _LOSSES[name](n_items)


def _mean(terms: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Mean of the terms that count in each row, [N, K] to [N]."""
    return (terms * valid).sum(1) / valid.sum(1).clamp(min=1)
