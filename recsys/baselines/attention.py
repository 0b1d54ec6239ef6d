"""What the published attention networks share: climbs, positions, transformer blocks, and two losses.

The blocks are ``torch.nn.TransformerEncoderLayer``. All that is padded, null or unknown is invisible to
them, and positions count back from the last send, so the amount of padding changes no score.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch.nn import functional

from recsys.baselines.network_settings import NetworkSettings
from recsys.columns import FIRST_VALUE_ID
from recsys.errors import UsageError
from recsys.model.attended import attended
from recsys.model.sinusoids import sinusoids

Loss = Literal["softmax", "bce"]
Activation = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class AttentionSettings(NetworkSettings):
    """Sizes that every attention network has.

    Attributes
    ----------
    d_model:
        Width of the transformer.
    layers, heads:
        Transformer layers; attention heads of each, by which `d_model` must be divisible.
    dropout:
        Dropout of the inputs, the attention and the feed-forward layers.
    """

    prompted: ClassVar[bool] = False
    sequential: ClassVar[bool] = True

    d_model: int = 64
    layers: int = 2
    heads: int = 2
    dropout: float = 0.2

    def __post_init__(self) -> None:
        if self.d_model % self.heads:
            raise UsageError(f"`d_model` {self.d_model} is not a multiple of `heads` {self.heads}")


class ClimbTable(torch.nn.Embedding):
    """Embeddings of the climbs; padding, null and unknown are 0. Rows start about unit length."""

    def __init__(self, cardinality: int, width: int) -> None:
        super().__init__(cardinality, width, padding_idx=0)
        torch.nn.init.normal_(self.weight, std=1 / math.sqrt(width))
        with torch.no_grad():
            self.weight[:FIRST_VALUE_ID] = 0

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Ids of any shape to embeddings, [..., width]."""
        return super().forward(torch.where(is_climb(ids), ids, 0))

    @property
    def catalogue(self) -> torch.Tensor:
        """The recommendable climbs' embeddings, [n_items, width], in the order of the scores."""
        return self.weight[FIRST_VALUE_ID:]


class Positions(torch.nn.Module):
    """Adds embeddings of positions; the last row of ``table`` is the last position's.

    Parameters
    ----------
    positions:
        Most positions that there can be.
    width:
        Dimension.
    fixed:
        Sinusoids (Vaswani et al. 2017) of the distance to the last position in place of learned rows.
    """

    table: torch.Tensor

    def __init__(self, positions: int, width: int, fixed: bool = False) -> None:
        super().__init__()
        if fixed:
            self.register_buffer("table", sinusoids(positions, width).flip(0), persistent=False)
        else:
            self.table = torch.nn.Parameter(torch.randn(positions, width) / math.sqrt(width))

    def forward(self, embedded: torch.Tensor) -> torch.Tensor:
        """[batch, length, width] to the same, length at most `positions`."""
        return embedded + self.table[len(self.table) - embedded.shape[1] :]


class Blocks(torch.nn.Module):
    """Transformer layers that see known positions, and each position itself.

    Parameters
    ----------
    settings:
        Layers, heads and dropout.
    inner:
        Width of the feed-forward layers.
    activation:
        Of the feed-forward layers.
    norm_first:
        Whether layer norm comes before attention and feed-forward, as in SASRec, or after, as in BERT.
    causal:
        Whether a position sees only what stands before it.
    """

    def __init__(
        self,
        settings: AttentionSettings,
        inner: int,
        activation: Activation,
        norm_first: bool = False,
        causal: bool = False,
    ) -> None:
        super().__init__()
        self.heads, self.causal = settings.heads, causal
        self.layers = torch.nn.ModuleList(
            torch.nn.TransformerEncoderLayer(
                settings.d_model,
                settings.heads,
                inner,
                settings.dropout,
                activation,
                norm_first=norm_first,
                batch_first=True,
            )
            for _ in range(settings.layers)
        )
        self.norm = torch.nn.LayerNorm(settings.d_model) if norm_first else torch.nn.Identity()

    def forward(self, embedded: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        """[batch, length, d_model] and what is known, bool [batch, length], to [batch, length, d_model]."""
        hidden = ~attended(known, self.causal).squeeze(1)
        mask = torch.zeros(hidden.shape, dtype=embedded.dtype, device=embedded.device)
        mask = mask.masked_fill(hidden, -torch.inf).repeat_interleave(self.heads, dim=0)
        for layer in self.layers:
            embedded = layer(embedded, src_mask=mask)
        return self.norm(embedded)


def is_climb(ids: torch.Tensor) -> torch.Tensor:
    """Whether each id is a climb of the catalogue, not padding, null or unknown: bool of their shape."""
    return ids >= FIRST_VALUE_ID


def another(ids: torch.Tensor, cardinality: int) -> torch.Tensor:
    """For each real id, of any shape, another one, uniformly, never itself unless it is the only one."""
    n = cardinality - FIRST_VALUE_ID
    step = torch.randint(1, max(2, n), ids.shape, device=ids.device)
    return (ids - FIRST_VALUE_ID + step) % n + FIRST_VALUE_ID


def softmax_loss(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of scores [n, n_items] and the targets' ids [n]; 0 where n is 0."""
    total = functional.cross_entropy(scores, targets - FIRST_VALUE_ID, reduction="sum")
    return total / max(1, len(targets))


def bce_loss(positive: torch.Tensor, negative: torch.Tensor) -> torch.Tensor:
    """Mean binary cross-entropy of the targets' scores [n] and the negatives' [n]; 0 where n is 0."""
    total = functional.softplus(-positive) + functional.softplus(negative)
    return total.sum() / max(1, len(positive))
