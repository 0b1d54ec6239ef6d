"""CBOW: the mean of a window's climbs, one dense layer, softmax (Mikolov et al. 2013, as in Thompson 2023).

A climb is named by the other climbs of its window, whatever their order. In training every climb of a window
is named by all others, before and after it; when scoring, the last one by those before it. A climb alone in
its window is named by none, of which the mean is 0: so it is learned what an empty logbook is answered with.

What differs: Mikolov et al. have no layer between the mean and the softmax (``dense=0`` here), and replace
the softmax by a hierarchical one, which a catalogue of some thousand climbs does not need. Thompson (2023)
says no more than "a single dense layer of dimension 128": the tanh is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from recsys.baselines.histories import before_target, whole
from recsys.baselines.network_settings import NetworkSettings, cardinality
from recsys.columns import CLIMB, FIRST_VALUE_ID
from recsys.model.losses import LossName
from recsys.model.network import Network
from recsys.model.objective import Objective, score_all
from recsys.sequences.asking import ALL, Asking

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.sequences.windows import Batch


@dataclass(frozen=True)
class CBOW(NetworkSettings):
    """Sizes and loss of a CBOW.

    Attributes
    ----------
    embedding:
        Width of a climb's embedding.
    dense:
        Width of the dense layer; 0 leaves it out.
    dropout:
        Of the climbs that are averaged.
    loss:
        What is asked of the scores.
    negatives:
        Climbs drawn for a batch; 0 scores the whole catalogue.
    alpha:
        Power of popularity by which they are drawn; 0 draws uniformly.
    """

    embedding: int = 128
    dense: int = 128
    dropout: float = 0.2
    loss: LossName = "softmax"
    negatives: int = 0
    alpha: float = 0.0
    prompted: ClassVar[bool] = False
    sequential: ClassVar[bool] = True  # through the window: which sends are the last ones

    def build(self, schema: Schema, length: int) -> CBOWNetwork:
        """The untrained network; `length` is any, for a mean has no positions."""
        return CBOWNetwork(cardinality(schema, CLIMB), self)


class CBOWNetwork(Network):
    """Embeddings, mean, dense layer, dot products with the output's rows and a bias a climb."""

    def __init__(self, n_ids: int, settings: CBOW) -> None:
        super().__init__()
        width = settings.dense or settings.embedding
        self.climbs = torch.nn.Embedding(n_ids, settings.embedding, padding_idx=0)
        self.dense: torch.nn.Module = torch.nn.Identity()
        if settings.dense:
            self.dense = torch.nn.Sequential(torch.nn.Linear(settings.embedding, width), torch.nn.Tanh())
        self.output = torch.nn.Parameter(torch.empty(n_ids, width))
        self.bias = torch.nn.Parameter(torch.zeros(n_ids))
        for rows in (self.climbs.weight, self.output):
            torch.nn.init.normal_(rows, std=rows.shape[1] ** -0.5)
        self.climbs.weight.data[0] = 0
        self.dropout = torch.nn.Dropout(settings.dropout)
        self.objective = Objective(n_ids - FIRST_VALUE_ID, settings.loss, settings.negatives, settings.alpha)

    def asking(self, length: int) -> Asking:
        """Every climb of a window, by all others."""
        return ALL

    def training_loss(self, batch: Batch) -> torch.Tensor:
        """Mean loss over the known climbs of the windows, each asked for by all others."""
        climbs = whole(batch)
        known = climbs > 0
        embedded = self.dropout(self.climbs(climbs))
        others = embedded.sum(1, keepdim=True) - embedded  # [batch, length, embedding]
        mean = others / (known.sum(1) - 1).clamp(min=1)[:, None, None]
        loss: torch.Tensor = self.objective(self.dense(mean[known]), self.output, climbs[known], self.bias)
        return loss

    def next_scores(self, batch: Batch) -> torch.Tensor:
        """Scores of every climb by the sends before the target, [batch, n_items]."""
        climbs = before_target(batch)
        mean = self.climbs(climbs).sum(1) / (climbs > 0).sum(1, keepdim=True).clamp(min=1)
        return score_all(self.dense(mean), self.output, self.bias)
