"""GRU4Rec: a recurrent network over the climbs of a window (Hidasi et al. 2015; Hidasi & Karatzoglou 2018).

What differs from the papers:

- A window of a climber's last sends takes the place of a session, and batches hold whole windows; the papers
  run sessions side by side, one item a step, and carry the state on.
- All positions of a window are trained at once (after a day that is a set, all sends of the next) and share
  their negatives: the last climbs of the batch's windows, and climbs that are drawn.
- The climbs' embeddings are the rows of the output as well ("unified" in Hidasi & Karatzoglou's code).
- Scores are linear: no tanh or ELU after them.
- They are drawn uniformly unless `alpha` says otherwise, for BPR-max ranked simulated BC's validation part
  far better so than with the 0.75 that is the authors' code's default.
- The softmax over sampled climbs is corrected for how they were drawn (`recsys.model.losses`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from recsys.baselines.histories import before_target, targets
from recsys.baselines.network_settings import NetworkSettings, cardinality
from recsys.columns import CLIMB, FIRST_VALUE_ID
from recsys.model.losses import LossName
from recsys.model.network import Network
from recsys.model.objective import Objective, score_all
from recsys.sequences.asking import FOLLOWING, Asking

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.sequences.windows import Batch


@dataclass(frozen=True)
class GRU4Rec(NetworkSettings):
    """Sizes and loss of a GRU4Rec.

    Attributes
    ----------
    layers:
        GRU layers; Thompson (2023) compares with 1 and 2.
    hidden:
        Width of the state, and of a climb's embedding.
    dropout:
        Of the embeddings, between the layers, and of the states that are scored.
    loss:
        What is asked of the scores.
    negatives:
        Climbs drawn for a batch, beside those of the batch itself; 0 scores the whole catalogue.
    alpha:
        Power of popularity by which they are drawn; 0 draws uniformly.
    """

    layers: int = 1
    hidden: int = 128
    dropout: float = 0.2
    loss: LossName = "softmax"
    negatives: int = 0
    alpha: float = 0.0
    prompted: ClassVar[bool] = False
    sequential: ClassVar[bool] = True

    def build(self, schema: Schema, length: int) -> GRUNetwork:
        """The untrained network; `length` is any, for a state has no positions."""
        return GRUNetwork(cardinality(schema, CLIMB), self)


class GRUNetwork(Network):
    """Embeddings, GRU, dot products with the embeddings and a bias a climb."""

    def __init__(self, n_ids: int, settings: GRU4Rec) -> None:
        super().__init__()
        layers, hidden = settings.layers, settings.hidden
        self.climbs = torch.nn.Embedding(n_ids, hidden, padding_idx=0)
        torch.nn.init.normal_(self.climbs.weight, std=hidden**-0.5)
        self.bias = torch.nn.Parameter(torch.zeros(n_ids))
        between = settings.dropout if layers > 1 else 0.0
        self.gru = torch.nn.GRU(hidden, hidden, layers, batch_first=True, dropout=between)
        self.dropout = torch.nn.Dropout(settings.dropout)
        self.objective = Objective(n_ids - FIRST_VALUE_ID, settings.loss, settings.negatives, settings.alpha)

    def asking(self, length: int) -> Asking:
        """Each day's sends after the state before them."""
        return FOLLOWING

    def training_loss(self, batch: Batch) -> torch.Tensor:
        """Mean loss over the known climbs that are asked for, each after those before it."""
        row, sends, climbs = targets(batch)
        queries = self.states(before_target(batch))[row, sends]
        loss: torch.Tensor = self.objective(
            queries, self.climbs.weight, climbs, self.bias, in_batch=batch[CLIMB][:, -1]
        )
        return loss

    def next_scores(self, batch: Batch) -> torch.Tensor:
        """Scores of every climb after the sends before the target, [batch, n_items]."""
        climbs = before_target(batch)
        states, after = self.states(climbs), (climbs > 0).sum(1)  # [batch, length + 1, hidden], [batch]
        queries = states.gather(1, after[:, None, None].expand(-1, 1, states.shape[2])).squeeze(1)
        return score_all(queries, self.climbs.weight, self.bias)

    def states(self, climbs: torch.Tensor) -> torch.Tensor:
        """The last layer's state before each climb and after the last, [batch, length + 1, hidden].

        The first is 0. States after a row's last known climb mean nothing.
        """
        states = self.climbs(climbs)
        if climbs.shape[1]:  # a window of one send has nothing before it
            states, _ = self.gru(self.dropout(states))
        return torch.nn.functional.pad(self.dropout(states), (0, 0, 1, 0))
