"""SSE-PT (Wu, Li, Hsieh & Sharpnack, RecSys 2020): SASRec with climbers' embeddings and their regulariser."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from recsys.baselines.attention import (
    AttentionSettings,
    ClimbTable,
    Loss,
    Positions,
    another,
    bce_loss,
    is_climb,
    softmax_loss,
)
from recsys.baselines.histories import followed, latest
from recsys.baselines.network_settings import cardinality
from recsys.baselines.sasrec import causal_blocks, check_length
from recsys.columns import CLIMB, CLIMBER, FIRST_VALUE_ID, UNKNOWN_ID
from recsys.errors import UsageError
from recsys.model.network import Network
from recsys.sequences.asking import FOLLOWING, Asking

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.sequences.windows import Batch


@dataclass(frozen=True)
class SSEPT(AttentionSettings):
    """Sizes of SSE-PT.

    As in the paper: [climb; climber] at every position of the input and in the tied output, SASRec's blocks,
    and stochastic shared embeddings: training replaces an embedding by a uniformly chosen other one.

    What differs: the softmax loss (see `recsys.baselines.sasrec`), in which the output's climber part, the
    same for every climb, cancels. A climber who was not in training has no embedding in the paper; here
    training also reads climbers as unknown, so that a held-out one has a trained embedding. The authors'
    code replaces a climb as an input and as a target together; here each is drawn by itself.

    Attributes
    ----------
    d_model:
        Width of climb and climber together.
    climber_dim:
        Width of the climber's part.
    sse_item, sse_target, sse_user:
        Chance to replace a climb of the input, a target, a window's climber (on ML-1M the authors' code
        takes 0.1, 0.1 and 0.92).
    unknown_user:
        Chance to read a window's climber as unknown.
    loss:
        "softmax" over all climbs, or the paper's "bce" with one negative a position.
    """

    climber_dim: int = 16
    sse_item: float = 0.1
    sse_target: float = 0.1
    sse_user: float = 0.92
    unknown_user: float = 0.5
    loss: Loss = "softmax"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.climber_dim < self.d_model:
            raise UsageError(
                f"`climber_dim` {self.climber_dim} leaves nothing of `d_model` {self.d_model} to one of the "
                "two; use one between"
            )

    @property
    def climb_dim(self) -> int:
        """Width of the climb's part."""
        return self.d_model - self.climber_dim

    def build(self, schema: Schema, length: int) -> SSEPTNetwork:
        """The untrained network for windows of `length` sends."""
        return SSEPTNetwork(self, cardinality(schema, CLIMB), cardinality(schema, CLIMBER), length)


class SSEPTNetwork(Network):
    """Reads a window's history and its climber, and scores what follows each position.

    Parameters
    ----------
    settings:
        Sizes, chances and loss.
    n_climbs, n_climbers:
        Numbers of ids, padding, null and unknown included.
    length:
        Most sends of a window that are read, the target included.
    """

    def __init__(self, settings: SSEPT, n_climbs: int, n_climbers: int, length: int) -> None:
        super().__init__()
        check_length(length)
        self.settings, self.n_climbs, self.n_climbers, self.length = settings, n_climbs, n_climbers, length
        self.climbs = ClimbTable(n_climbs, settings.climb_dim)
        self.climbers = torch.nn.Embedding(n_climbers, settings.climber_dim)
        torch.nn.init.normal_(self.climbers.weight, std=1 / math.sqrt(settings.climber_dim))
        self.positions = Positions(length - 1, settings.d_model)
        self.dropout = torch.nn.Dropout(settings.dropout)
        self.blocks = causal_blocks(settings)

    def hidden(self, history: torch.Tensor, climbers: torch.Tensor) -> torch.Tensor:
        """Climbs without the target, [batch, length - 1], and climbers, [batch], to states.

        Returns
        -------
        [batch, length - 1, d_model], the climb's part first.
        """
        climbs = self.climbs(history) * math.sqrt(self.settings.climb_dim)
        who = self.climbers(climbers) * math.sqrt(self.settings.climber_dim)
        embedded = torch.cat([climbs, who[:, None].expand(-1, history.shape[1], -1)], dim=-1)
        return self.blocks(self.dropout(self.positions(embedded)), is_climb(history))

    def asking(self, length: int) -> Asking:
        """Each day's sends after the state before them."""
        return FOLLOWING

    def training_loss(self, batch: Batch) -> torch.Tensor:
        """Mean loss of the climbs that are asked for, each from the state before it, or before its day."""
        history, climbers = batch[CLIMB][:, -self.length : -1], batch[CLIMBER]
        row, column, targets = followed(batch, self.length)
        if self.training:
            history, targets, climbers = self.shared(history, targets, climbers)
        hidden = self.hidden(history, climbers)[row, column]  # [n, d_model]
        for_climb, for_climber = hidden.split([self.settings.climb_dim, self.settings.climber_dim], dim=-1)
        if self.settings.loss == "softmax":
            return softmax_loss(for_climb @ self.climbs.catalogue.T, targets)
        who = self.climbers(climbers)[row]  # [n, climber_dim]
        constant = (for_climber * who).sum(-1)
        negatives = another(targets, self.n_climbs)
        return bce_loss(*((for_climb * self.climbs(ids)).sum(-1) + constant for ids in (targets, negatives)))

    def shared(
        self, history: torch.Tensor, targets: torch.Tensor, climbers: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The three with ids replaced by chance, in their own shapes; padding stays what it is."""
        chances = self.settings
        climbers = replaced(climbers, chances.sse_user, self.n_climbers)
        unknown = torch.rand(climbers.shape, device=climbers.device) < chances.unknown_user
        return (
            replaced(history, chances.sse_item, self.n_climbs),
            replaced(targets, chances.sse_target, self.n_climbs),
            torch.where(unknown, UNKNOWN_ID, climbers),
        )

    def next_scores(self, batch: Batch) -> torch.Tensor:
        """Dot products of the latest known climb's state with every climb, [batch, n_items].

        The output's climber part would add the same to every climb of a row and is left out.
        """
        history = batch[CLIMB][:, -self.length : -1]
        state = latest(self.hidden(history, batch[CLIMBER]), history)
        return state[:, : self.settings.climb_dim] @ self.climbs.catalogue.T


def replaced(ids: torch.Tensor, probability: float, cardinality: int) -> torch.Tensor:
    """Ids of any shape, each real one replaced by another with a probability; those below 3 stay."""
    chosen = torch.rand(ids.shape, device=ids.device) < probability
    return torch.where(chosen & (ids >= FIRST_VALUE_ID), another(ids, cardinality), ids)
