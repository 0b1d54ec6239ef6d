"""BERT4Rec (Sun et al., CIKM 2019): a bidirectional transformer that fills in masked climbs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch.nn import functional

from recsys.baselines.attention import (
    AttentionSettings,
    Blocks,
    ClimbTable,
    Positions,
    is_climb,
    softmax_loss,
)
from recsys.baselines.network_settings import cardinality
from recsys.columns import CLIMB
from recsys.model.masking import MaskedPositions, last
from recsys.model.network import Network
from recsys.sequences.asking import Asking, by_chance_or_last

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.sequences.windows import Batch


@dataclass(frozen=True)
class BERT4Rec(AttentionSettings):
    """Sizes of BERT4Rec.

    As in the paper: BERT's post-norm blocks with GELU and a feed-forward layer four times as wide, climbs
    masked by chance and predicted through a GELU layer and the tied embeddings, and windows whose last climb
    alone is masked among those of training. Layer norm after the inputs and in the head are the authors'
    code's, not the paper's.

    What differs: climbs' embeddings enter times the root of their width, as in the transformer that the
    sinusoids are from (Vaswani et al. 2017), else the positions drown them; each epoch draws its masks anew,
    where the paper draws ten times beforehand; a window has one masked climb at the least; and a position
    counts back from the last send.

    Attributes
    ----------
    mask_probability:
        Chance of a climb to be masked (the paper's best: 0.2 on MovieLens, 0.4 on Steam, 0.6 on Beauty).
    last_probability:
        Chance of a window to have its last climb masked and no other.
    positions:
        "learned", the paper's choice, or "fixed" sinusoids.
    """

    mask_probability: float = 0.3
    last_probability: float = 0.1
    positions: Literal["learned", "fixed"] = "learned"

    def build(self, schema: Schema, length: int) -> BERT4RecNetwork:
        """The untrained network for windows of `length` sends."""
        return BERT4RecNetwork(self, cardinality(schema, CLIMB), length)


class BERT4RecNetwork(Network):
    """Reads a whole window but its masked climbs, and scores those.

    Parameters
    ----------
    settings:
        Sizes, masking and positions.
    n_climbs:
        Number of climb ids, padding, null and unknown included.
    length:
        Most sends of a window that are read, the target included.
    """

    def __init__(self, settings: BERT4Rec, n_climbs: int, length: int) -> None:
        super().__init__()
        width = settings.d_model
        self.settings, self.length = settings, length
        self.masking = MaskedPositions(width, settings.mask_probability)
        self.climbs = ClimbTable(n_climbs, width)
        self.positions = Positions(length, width, fixed=settings.positions == "fixed")
        self.prepare = torch.nn.Sequential(torch.nn.LayerNorm(width), torch.nn.Dropout(settings.dropout))
        self.blocks = Blocks(settings, 4 * width, functional.gelu)
        self.head = torch.nn.Sequential(
            torch.nn.Linear(width, width), torch.nn.GELU(), torch.nn.LayerNorm(width)
        )
        self.bias = torch.nn.Parameter(torch.zeros(len(self.climbs.catalogue)))

    def hidden(self, climbs: torch.Tensor, masked: torch.Tensor) -> torch.Tensor:
        """Climbs and which are masked, [batch, length] each, to states, [batch, length, d_model]."""
        embedded = self.climbs(climbs) * math.sqrt(self.settings.d_model)
        embedded = self.masking.apply_mask_to_inputs(embedded, masked)
        return self.blocks(self.prepare(self.positions(embedded)), is_climb(climbs) | masked)

    def asking(self, length: int) -> Asking:
        """Some by chance, or the last."""
        return by_chance_or_last(self.settings.mask_probability, self.settings.last_probability)

    def training_loss(self, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy over the masked climbs of the batch."""
        climbs = batch[CLIMB][:, -self.length :]
        masked = self.choose(is_climb(climbs))
        return softmax_loss(self._scores(self.hidden(climbs, masked)[masked]), climbs[masked])

    def choose(self, known: torch.Tensor) -> torch.Tensor:
        """The climbs that training masks: bool [batch, length], a part of `known`."""
        alone = torch.rand(len(known), 1, device=known.device) < self.settings.last_probability
        return torch.where(alone, last(known), self.masking.choose(known))

    def next_scores(self, batch: Batch) -> torch.Tensor:
        """Scores of every climb for a mask in the last place, [batch, n_items]."""
        climbs = batch[CLIMB][:, -self.length :]
        masked = torch.zeros_like(climbs, dtype=torch.bool)
        masked[:, -1] = True
        return self._scores(self.hidden(climbs, masked)[:, -1])

    def _scores(self, states: torch.Tensor) -> torch.Tensor:
        """[n, d_model] to [n, n_items]."""
        return self.head(states) @ self.climbs.catalogue.T + self.bias
