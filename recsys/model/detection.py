"""Replaced token detection: MLM, and telling which climbs of a logbook it has made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import transformers4rec.torch as tr
from torch.nn.functional import binary_cross_entropy_with_logits
from transformers4rec.torch.masking import ReplacementLanguageModeling, masking_registry

from recsys.columns import FIRST_VALUE_ID
from recsys.model.inputs import PromptedSequenceFeatures
from recsys.model.masking import MaskedPositions

if TYPE_CHECKING:
    from recsys.sequences.windows import Batch


@masking_registry.register("prompt-rtd")
class ReplacedPositions(MaskedPositions, ReplacementLanguageModeling):
    """Hides climbs as mlm does; `Detector` replaces them as Transformers4Rec does, by ``get_fake_tokens``."""


class Detector(torch.nn.Module):
    """The second task: for each send, was its climb replaced? (ELECTRA: Clark et al. 2020; for recommending:
    de Souza Pereira Moreira et al. 2021.)

    The climbs at the masked positions are drawn from what the MLM says of them, the sends are read again
    with these climbs and with no mask, and a head of two layers says at each position whether its climb is
    the one that was sent. A drawn climb that is the right one by chance counts as sent. Drawing passes no
    gradient.

    Differs from ELECTRA: one body does both tasks, as in Transformers4Rec, where ELECTRA's generator is a
    smaller network that is thrown away, since here it is the MLM that recommends. Attributes stay those of
    the send, so that a made-up climb also shows by a grade that is not its own.

    Parameters
    ----------
    d_model:
        Width of the body.
    weight:
        What the loss is multiplied with. ELECTRA's 50 balances two networks of which only the detecting one
        is kept; here it is the other one, and a large weight drowns it.
    """

    def __init__(self, d_model: int, weight: float) -> None:
        super().__init__()
        self.weight = weight
        self.head = torch.nn.Sequential(
            torch.nn.Linear(d_model, d_model), torch.nn.GELU(), torch.nn.Linear(d_model, 1)
        )

    def forward(self, body: tr.SequentialBlock, batch: Batch, logits: torch.Tensor) -> torch.Tensor:
        """The weighted loss, a scalar.

        Parameters
        ----------
        body:
            Inputs and transformer, which have just read the batch with its mask.
        batch:
            The sends as they were.
        logits:
            What the MLM said of the masked positions, in their order, [n_masked, ids].
        """
        inputs, transformer = body
        real = batch[inputs.item_id] != 0
        corrupted, replaced = replace_climbs(inputs, batch[inputs.item_id], logits)
        sends = inputs.read({**batch, inputs.item_id: corrupted}, training=False)
        found = self.head(transformer(inputs.join(sends))).squeeze(-1).float()
        return self.weight * binary_cross_entropy_with_logits(found[real], replaced[real].float())


def replace_climbs(
    inputs: PromptedSequenceFeatures, climbs: torch.Tensor, logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The climbs, masked ones drawn anew, and which of them are others now: int64, bool [batch, length]."""
    masking: ReplacedPositions = inputs.masking
    likely = logits.detach().float().clone()
    likely[:, :FIRST_VALUE_ID] = -torch.inf  # padding, null and unknown are no climbs
    corrupted, replaced, _ = masking.get_fake_tokens(climbs, masking.masked_targets.flatten(), likely)
    return corrupted, replaced
