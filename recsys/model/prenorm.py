"""A body of our own in Transformers4Rec's registry, ``prenorm``: causal or bidirectional by one switch.

Pre-norm residual blocks (Xiong et al. 2020) on ``scaled_dot_product_attention`` with queries, keys and values
from one product; learned positions, or rotary ones (Su et al. 2021), by order alone or by
elapsed time too (`recsys.model.time_attention`); a feed-forward layer that is plain
(GELU), gated (SwiGLU: Shazeer 2020), or LiGR's, as eSASRec has it (Borisyuk et al. 2025; Tikhonovich et al.
2025): SwiGLU, and every residual x + sigmoid(W x) * f(norm(x)).

Differs from SASRec, whose blocks are pre-norm too: four times as wide inside (SwiGLU and LiGR: as many
weights), no dropout of the attention's own weights (half of attention's time on a CPU), and whatever the
inputs make of a send in place of its climb alone.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional
from transformers import PretrainedConfig
from transformers4rec.config.transformer import T4RecConfig, transformer_registry

from recsys.model.attended import attended
from recsys.model.packed import linear, linears, norm, piece
from recsys.model.products import attention
from recsys.model.time_attention import TimeBias, gap_bins, time_rotations
from recsys.model.times import Times

Angles = tuple[torch.Tensor, torch.Tensor]  # of the queries, and of the keys
_GATED = ("swiglu", "ligr")


@transformer_registry.register("prenorm")
class PreNormConfig(T4RecConfig, PretrainedConfig):
    """Sizes of the body; made by `build`, as Transformers4Rec's own."""

    model_type = "prenorm"

    @classmethod
    def build(
        cls,
        d_model: int,
        n_head: int,
        n_layer: int,
        total_seq_length: int,
        dropout: float = 0.3,
        causal: bool = False,
        positions: str = "learned",
        feed_forward: str = "gelu",
        time_bias: bool = False,
        networks: int = 1,
        **kwargs: Any,
    ) -> PreNormConfig:
        """The configuration of a body.

        Parameters
        ----------
        d_model, n_head, n_layer:
            Width, attention heads of each layer, and layers.
        total_seq_length:
            Most real tokens of a window (learned positions).
        dropout:
            Dropout of what each block adds.
        causal:
            Whether a token attends to itself and what is before it only.
        positions:
            "learned", "rotary", "time" or "time-alone".
        feed_forward:
            "gelu", "swiglu" or "ligr".
        time_bias:
            Whether the days between two tokens add to their attention.
        networks:
            Networks side by side (`recsys.model.packed`); width and heads are those of all.
        """
        return cls(
            hidden_size=d_model,
            num_attention_heads=n_head,
            num_hidden_layers=n_layer,
            max_position_embeddings=total_seq_length,
            dropout=dropout,
            is_decoder=causal,
            positions=positions,
            feed_forward=feed_forward,
            time_bias=time_bias,
            networks=networks,
        )

    def to_huggingface_torch_model(self) -> PreNorm:
        """The untrained body; it needs nothing of Hugging Face's models."""
        return PreNorm(self)


class PreNorm(torch.nn.Module):
    """Blocks, then a layer norm."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        width = config.hidden_size
        self.config = config
        learned = config.positions == "learned"
        self.wpe = torch.nn.Embedding(config.max_position_embeddings, width) if learned else None
        self.layers = torch.nn.ModuleList(Block(config) for _ in range(config.num_hidden_layers))
        self.norm = norm(config.networks, width)

    def forward(
        self,
        inputs_embeds: torch.Tensor,
        attention_mask: torch.Tensor,
        position_ids: torch.Tensor,
        visible: torch.Tensor | None = None,
        times: Times | None = None,
        wanted: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor]:
        """Tokens [batch, tokens, d_model] to the same; of those that are `wanted`, [batch, n, d_model].

        Parameters
        ----------
        inputs_embeds:
            The tokens.
        attention_mask:
            1 for a real token, 0 for padding, [batch, tokens].
        position_ids:
            Where each token stands, int64 [batch, tokens].
        visible:
            Which tokens each attends to, bool [batch, 1, tokens, tokens]; None: all, or all before it.
        times:
            When each token asks and is read, where time is read.
        wanted:
            The tokens whose outputs are read, int64 [batch, n]; None: all. The last block reads all
            of them, and works out these alone.
        """
        hidden, angles = inputs_embeds, self._angles(position_ids, times)
        if self.wpe is not None:
            hidden = hidden + self.wpe(position_ids)
        mask = visible
        if mask is None and (self.config.time_bias or not _whole(attention_mask)):
            mask = attended(attention_mask > 0, self.config.is_decoder)
        bins = gap_bins(times) if self.config.time_bias and times is not None else None
        *first, final = self.layers
        for layer in first:
            hidden = layer(hidden, mask, angles, bins)
        return (self.norm(final(hidden, mask, angles, bins, wanted)),)

    def _angles(self, position_ids: torch.Tensor, times: Times | None) -> Angles | None:
        """By which queries and keys turn: by order, by time, or half of them by each."""
        if self.wpe is not None:
            return None
        width = self.config.hidden_size // self.config.num_attention_heads
        if self.config.positions == "rotary":
            turned = rotations(position_ids, width)
            return turned, turned
        assert times is not None, "the inputs read the days between sends"
        if self.config.positions == "time-alone":
            return time_rotations(times.asked, width // 2), time_rotations(times.read, width // 2)
        order = rotations(position_ids, width // 2)
        asked, read = (time_rotations(each, width // 4) for each in (times.asked, times.read))
        return torch.cat([order, asked], dim=-1), torch.cat([order, read], dim=-1)


class Block(torch.nn.Module):
    """Attention and feed-forward, each normed before and added after."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        width, networks = config.hidden_size, config.networks
        self.heads, self.causal = config.num_attention_heads, config.is_decoder
        self.norms = torch.nn.ModuleList(norm(networks, width) for _ in range(2))
        self.qkv, self.out = linear(networks, width, 3 * width, parts=3), linear(networks, width, width)
        self.gated = config.feed_forward in _GATED
        inner = networks * 8 * math.ceil(width / networks / 3) if self.gated else 4 * width
        pieces = 2 if self.gated else 1
        self.wide = linear(networks, width, pieces * inner, parts=pieces)
        self.narrow = linear(networks, inner, width)
        ligr = config.feed_forward == "ligr"
        self.gates = torch.nn.ModuleList(linear(networks, width, width) for _ in range(2 if ligr else 0))
        self.time_bias = TimeBias(self.heads) if config.time_bias else None
        self.dropout = torch.nn.Dropout(config.dropout)
        # What the blocks add keeps its size, however many they are.
        for each in (*linears(self.out), *linears(self.narrow)):
            torch.nn.init.normal_(each.weight, std=(2 * config.num_hidden_layers * each.in_features) ** -0.5)

    def forward(
        self,
        hidden: torch.Tensor,
        mask: torch.Tensor | None,
        angles: Angles | None,
        bins: torch.Tensor | None = None,
        wanted: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Tokens [batch, tokens, d_model] to the same, or to those of them that are `wanted`.

        What may be attended to is as `attended` has it.
        """
        if self.time_bias is not None and bins is not None and mask is not None:
            mask = self.time_bias(bins, mask)
        mixed = self._attend(self.norms[0](hidden), mask, angles, wanted)
        hidden = self._add(0, hidden if wanted is None else chosen(hidden, wanted), mixed)
        return self._add(1, hidden, self._feed(self.norms[1](hidden)))

    def _attend(
        self,
        normed: torch.Tensor,
        mask: torch.Tensor | None,
        angles: Angles | None,
        wanted: torch.Tensor | None,
    ) -> torch.Tensor:
        rows, _, width = normed.shape
        if wanted is None:
            query, key, value = self._heads(self.qkv(normed), 3)
        else:
            (query,) = self._heads(piece(self.qkv, chosen(normed, wanted), 0, 1, parts=3), 1)
            key, value = self._heads(piece(self.qkv, normed, 1, 3, parts=3), 2)
            if mask is not None:
                mask = chosen(mask, wanted.unsqueeze(1))
            elif self.causal:  # queries are not where their keys are
                index = torch.arange(normed.shape[1], device=normed.device)
                mask = (index <= wanted.unsqueeze(-1)).unsqueeze(1)
        if angles is not None:
            asked, read = angles
            asked = asked if wanted is None else chosen(asked, wanted.unsqueeze(1))
            query, key = rotate(query, asked), rotate(key, read)
        found = attention(query, key, value, mask, causal=self.causal and mask is None)
        mixed: torch.Tensor = self.out(found.transpose(1, 2).reshape(rows, -1, width))
        return mixed

    def _heads(self, values: torch.Tensor, parts: int) -> tuple[torch.Tensor, ...]:
        """Pieces side by side, [batch, tokens, parts * d_model], as [batch, heads, tokens, head width]."""
        rows, tokens, width = values.shape
        split = values.view(rows, tokens, parts, self.heads, width // parts // self.heads)
        return split.permute(2, 0, 3, 1, 4).unbind(0)

    def _feed(self, normed: torch.Tensor) -> torch.Tensor:
        wide = self.wide(normed)
        if self.gated:
            gate, value = wide.chunk(2, dim=-1)
            wide = functional.silu(gate) * value
        else:
            wide = functional.gelu(wide)
        narrow: torch.Tensor = self.narrow(wide)
        return narrow

    def _add(self, index: int, hidden: torch.Tensor, more: torch.Tensor) -> torch.Tensor:
        """The residual, gated by what it is added to where the gates are LiGR's."""
        more = self.dropout(more)
        return hidden + (torch.sigmoid(self.gates[index](hidden)) * more if self.gates else more)


def chosen(values: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Rows [batch, ..., tokens, width] of which `wanted`, int64 [batch, ..., n], are kept."""
    return values.gather(-2, wanted.unsqueeze(-1).expand(-1, *values.shape[1:-2], -1, values.shape[-1]))


def rotations(positions: torch.Tensor, width: int) -> torch.Tensor:
    """Angles of rotary positions, float32 [batch, 1, tokens, width / 2]: position / 10000^(2i / width)."""
    rates = 10_000.0 ** (-torch.arange(0, width, 2, device=positions.device).float() / width)
    return positions.unsqueeze(1).unsqueeze(-1) * rates


def rotate(vectors: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
    """Vectors [batch, heads, tokens, width], each pair (i, i + width / 2) turned by its angle."""
    first, second = vectors.chunk(2, dim=-1)
    sine, cosine = angles.sin().to(vectors.dtype), angles.cos().to(vectors.dtype)
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)


def _whole(attention_mask: torch.Tensor) -> bool:
    """Whether nothing is padding, so that attention needs no mask; a trace must not depend on its example."""
    return not torch.onnx.is_in_onnx_export() and bool((attention_mask > 0).all())
