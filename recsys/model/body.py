"""Transformer bodies from Transformers4Rec's registry, with the padding mask that it leaves out.

Upstream's ``TransformerBlock`` hands the body the embeddings alone, so padding is attended to and a history
means something else padded to 8 than to 20. ``TransformerPrepare`` is upstream's extension point for what
else a body is given; `PaddingPrepare` gives it the mask, and positions that count from a send and not from
the window's edge, so that neither the amount nor the side of the padding changes anything.

What a position may attend to besides is the masking's own: upstream's block asks it for
``transformer_arguments``, such as XLNet's ``perm_mask``.
"""

from __future__ import annotations

from typing import Any, Final

import torch
import transformers4rec.torch as tr
from transformers4rec.config.transformer import transformer_registry
from transformers4rec.torch.block.transformer import TransformerPrepare

from recsys.config.model import ModelConfig
from recsys.model.masking import PromptMasking
from recsys.model.sinusoids import sinusoids


class PaddingPrepare(TransformerPrepare):
    """Attention mask [batch, tokens] and positions [batch, tokens]; the block drops what a body lacks."""

    masking: PromptMasking

    def forward(self, inputs_embeds: torch.Tensor) -> dict[str, Any]:
        """Arguments of the Hugging Face body's forward."""
        return {
            "inputs_embeds": inputs_embeds,
            "attention_mask": self.masking.tokens().to(inputs_embeds.dtype),
            "position_ids": self.masking.positions(),
        }


class SegmentedPrepare(PaddingPrepare):
    """The same for the BERT family, whose stored segment ids are only as long as the longest window."""

    def forward(self, inputs_embeds: torch.Tensor) -> dict[str, Any]:
        """Arguments of the Hugging Face body's forward, one segment for all positions."""
        arguments = super().forward(inputs_embeds)
        return {**arguments, "token_type_ids": torch.zeros_like(arguments["position_ids"])}


# Name in Transformers4Rec's registry (its "gtp2" is a typing error), preparation, and arguments that its
# `build` does not derive from d_model and dropout by itself.
_BODIES: Final[dict[str, tuple[str, type[PaddingPrepare], tuple[str, ...]]]] = {
    "xlnet": ("xlnet", PaddingPrepare, ()),
    "gpt2": ("gtp2", PaddingPrepare, ()),
    "bert": ("bert", SegmentedPrepare, ("hidden_dropout_prob", "attention_probs_dropout_prob")),
    "electra": ("electra", SegmentedPrepare, ("attention_probs_dropout_prob",)),
    "albert": ("albert", SegmentedPrepare, ()),
}
_ROOM: Final = 64  # positions of the smallest body: GPT-2 cannot take more padding than it has positions
_INNER: Final = {"bert": "intermediate_size"}  # stays at 3072 unless it is told


def build_body(config: ModelConfig, masking: PromptMasking) -> tr.TransformerBlock:
    """The body, its inner layer four times as wide as `d_model` unless `inner` says otherwise."""
    registered, prepare, dropouts = _BODIES[config.body]
    extra: dict[str, Any] = dict.fromkeys(dropouts, config.dropout)
    if config.body in _INNER:
        extra[_INNER[config.body]] = config.inner or 4 * config.d_model
    body = transformer_registry.parse(registered).build(
        d_model=config.d_model,
        n_head=config.heads,
        n_layer=config.layers,
        total_seq_length=max(config.length, _ROOM),
        dropout=config.dropout,
        initializer_range=0.02,
        layer_norm_eps=1e-6,
        **extra,
    )
    block = tr.TransformerBlock(body, masking=masking, prepare_module=prepare, output_fn=masking.outputs)
    if config.positions == "sinusoidal":
        _fix_positions(block)
    return block


def _fix_positions(block: tr.TransformerBlock) -> None:
    """Sinusoids in place of BERT's learned positions; they are not trained."""
    table = block.transformer.embeddings.position_embeddings
    with torch.no_grad():
        table.weight.copy_(sinusoids(*table.weight.shape))
    table.weight.requires_grad_(False)
