"""FPMC: matrix factorisation and a factorised Markov chain in one sum (Rendle et al. 2010).

    score(climber u, previous climb l, climb i) = <u, a_i> + <b_l, c_i>

What differs from the paper: a basket is one send, the one before; a step takes every pair of a window, with
several negatives shared by the batch (S-BPR draws one for each); Adam in place of stochastic gradient steps;
and, since held-out climbers have no factors, training takes a climber's away at random and an unknown
climber's are 0, so that the chain alone must be able to answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from recsys.baselines.histories import before_target, targets
from recsys.baselines.network_settings import NetworkSettings, cardinality
from recsys.columns import CLIMB, CLIMBER, FIRST_VALUE_ID
from recsys.model.losses import LossName
from recsys.model.network import Network
from recsys.model.objective import Objective, score_all
from recsys.sequences.asking import FOLLOWING, Asking

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.sequences.windows import Batch


@dataclass(frozen=True)
class FPMC(NetworkSettings):
    """Sizes and loss of an FPMC.

    Attributes
    ----------
    factors:
        Width of each of the four matrices; the paper's k.
    regularization:
        Weight of the mean square norm of the positives' factors in a step; the paper's lambda, which also
        weighs those of the negatives.
    hide_climber:
        Chance that training takes a window's climber away.
    loss:
        What is asked of the scores; "bpr" is the paper's.
    negatives:
        Climbs drawn for a batch.
    alpha:
        Power of popularity by which they are drawn; 0, the paper's, draws uniformly.
    """

    factors: int = 64
    regularization: float = 1e-3
    hide_climber: float = 0.5
    loss: LossName = "bpr"
    negatives: int = 256
    alpha: float = 0.0
    prompted: ClassVar[bool] = False
    sequential: ClassVar[bool] = True

    def build(self, schema: Schema, length: int) -> FPMCNetwork:
        """The untrained network; of a window's `length` it reads the two last positions."""
        return FPMCNetwork(cardinality(schema, CLIMB), cardinality(schema, CLIMBER), self)


class FPMCNetwork(Network):
    """Queries [u, b_l] and rows [a_i, c_i], so that one dot product is the sum of both."""

    def __init__(self, n_ids: int, n_climber_ids: int, settings: FPMC) -> None:
        super().__init__()
        self.settings = settings
        self.climbers = torch.nn.Embedding(n_climber_ids, settings.factors)
        self.previous = torch.nn.Embedding(n_ids, settings.factors, padding_idx=0)
        self.next = torch.nn.Parameter(torch.empty(n_ids, 2 * settings.factors))
        for factors in (self.climbers.weight, self.previous.weight, self.next):
            torch.nn.init.normal_(factors, std=0.1)
        self.previous.weight.data[0] = 0
        self.objective = Objective(n_ids - FIRST_VALUE_ID, settings.loss, settings.negatives, settings.alpha)

    def asking(self, length: int) -> Asking:
        """Each day's sends after the state before them."""
        return FOLLOWING

    def training_loss(self, batch: Batch) -> torch.Tensor:
        """Mean loss over the pairs of successive climbs of the windows."""
        row, sends, climbs = targets(batch)
        climber = batch[CLIMBER]
        climber = climber * (torch.rand(len(climber), device=climber.device) >= self.settings.hide_climber)
        previous = torch.nn.functional.pad(before_target(batch), (1, 0))
        queries = self.queries(climber[row], previous[row, sends])
        loss: torch.Tensor = self.objective(queries, self.next, climbs)
        norms = queries.square().sum(1) + self.next[climbs].square().sum(1)
        return loss + self.settings.regularization * norms.mean()

    def next_scores(self, batch: Batch) -> torch.Tensor:
        """Scores of every climb for the climber after the send before the target, [batch, n_items]."""
        climbs = before_target(batch)
        latest = (climbs > 0).sum(1, keepdim=True).sub(1).clamp(min=0)
        previous = climbs.gather(1, latest).squeeze(1)
        return score_all(self.queries(batch[CLIMBER], previous), self.next)

    def queries(self, climber: torch.Tensor, previous: torch.Tensor) -> torch.Tensor:
        """[u, b_l] for ids [N]: [N, 2 * factors]; 0 where the climber, or the climb, is not known."""
        climbers = self.climbers(climber) * (climber >= FIRST_VALUE_ID).unsqueeze(-1)
        return torch.cat([climbers, self.previous(previous)], dim=-1)
