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

import recsys.model.prenorm  # noqa: F401 - registers prenorm
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


class VisiblePrepare(PaddingPrepare):
    """The same for a body that takes an order of attention of the masking's, times, and what is wanted."""

    def forward(self, inputs_embeds: torch.Tensor) -> dict[str, Any]:
        """Arguments of the body's forward."""
        masking = self.masking
        more = {"visible": masking.visible(), "times": masking.times, "wanted": masking.wanted()}
        return {**super().forward(inputs_embeds), **more}


# Name in Transformers4Rec's registry (its "gtp2" is a typing error), preparation, and arguments that its
# `build` does not derive from d_model and dropout by itself.
_BODIES: Final[dict[str, tuple[str, type[PaddingPrepare], tuple[str, ...]]]] = {
    "xlnet": ("xlnet", PaddingPrepare, ()),
    "gpt2": ("gtp2", PaddingPrepare, ()),
    "bert": ("bert", SegmentedPrepare, ("hidden_dropout_prob", "attention_probs_dropout_prob")),
    "electra": ("electra", SegmentedPrepare, ("attention_probs_dropout_prob",)),
    "albert": ("albert", SegmentedPrepare, ()),
    "prenorm": ("prenorm", VisiblePrepare, ()),
}
TOKENS_STD: Final = 1.0  # of the tokens that a body is given: they come out of a layer norm
_POSITIONS: Final = ("position_embeddings", "wpe")  # names of Hugging Face's tables of absolute positions
_ROOM: Final = 64  # positions of the smallest body: GPT-2 cannot take more padding than it has positions
_INNER: Final = {"bert": "intermediate_size"}  # stays at 3072 unless it is told


def build_body(config: ModelConfig, masking: PromptMasking) -> tr.TransformerBlock:
    """The body, its inner layer four times as wide as `d_model` unless `inner` says otherwise.

    Its positions are as large as its tokens, or sinusoids.
    """
    registered, prepare, dropouts = _BODIES[config.body]
    extra: dict[str, Any] = dict.fromkeys(dropouts, config.dropout)
    if config.body in _INNER:
        extra[_INNER[config.body]] = config.inner or 4 * config.d_model
    if config.body == "prenorm":
        extra |= {"causal": config.masking == "clm", "positions": config.positions}
        extra |= {"feed_forward": config.feed_forward, "time_bias": config.time_bias}
        extra |= {"networks": config.networks}
    described = transformer_registry.parse(registered).build(
        d_model=config.d_model,
        n_head=config.heads,
        n_layer=config.layers,
        total_seq_length=max(config.length, _ROOM),
        dropout=config.dropout,
        initializer_range=0.02,
        layer_norm_eps=1e-6,
        **extra,
    )
    if config.body == "electra":
        described.embedding_size = token_width(config)
    body = described.to_huggingface_torch_model()
    scale_positions(body)
    if config.positions == "sinusoidal":
        fix_positions(body)
    return tr.TransformerBlock(body, masking=masking, prepare_module=prepare, output_fn=masking.outputs)


def token_width(config: ModelConfig) -> int:
    """Width of the tokens that the body is given.

    ELECTRA's are half as wide as the body, which projects them (Clark et al. 2020: ELECTRA-small has 128
    of 256); at full width it would be BERT. Its generator and discriminator are the masking's, `rtd`.
    """
    return max(1, config.d_model // 2) if config.body == "electra" else config.d_model


def fix_positions(body: torch.nn.Module) -> None:
    """Sinusoids in place of BERT's learned positions; they are not trained."""
    table: Any = body.get_submodule("embeddings.position_embeddings")
    with torch.no_grad():
        table.weight.copy_(sinusoids(*table.weight.shape))
    table.weight.requires_grad_(False)


def scale_positions(body: torch.nn.Module) -> None:
    """Start absolute positions as large as the tokens that they are added to.

    Hugging Face draws them with a standard deviation of 0.02, for word embeddings that are as small. The
    tokens here come out of a layer norm, and positions of a fiftieth of them stay unheard for epochs: a body
    that predicts several masks in a window then takes all their places for one.
    """
    for name, table in body.named_modules():
        if name.rpartition(".")[2] in _POSITIONS and isinstance(table, torch.nn.Embedding):
            torch.nn.init.normal_(table.weight, std=TOKENS_STD)
