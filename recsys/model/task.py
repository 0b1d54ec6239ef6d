"""The head's task: Transformers4Rec's next-item prediction, trained with a softmax or with a ranking loss.

A ranking loss scores the hidden climbs and a sample of the others in training, and never the whole catalogue,
so that a step's cost does not grow with it. Evaluating and recommending are upstream's, on every climb.

Upstream's ``loss=`` gets all scores, and its ``sampled_softmax=`` is not used for the reasons given in
`recsys.model.negatives`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch
import transformers4rec.torch as tr

from recsys.columns import FIRST_VALUE_ID
from recsys.model.losses import LossName
from recsys.model.objective import Objective

if TYPE_CHECKING:
    from recsys.config.model import ModelConfig

# Name of a sampled loss in the configuration: the loss, and the power of popularity that draws its negatives.
_SAMPLED: Final[dict[str, tuple[LossName, float]]] = {
    "sampled-softmax": ("softmax", 1.0),
    "bpr-max": ("bpr-max", 0.0),
    "gbce": ("gbce", 0.0),
}


class SampledItemPrediction(tr.NextItemPredictionTask):
    """Next-item prediction on sampled climbs in training, with weights tied to the climbs' embeddings.

    Parameters
    ----------
    ranking:
        The loss on a positive and its negatives.
    negatives:
        Climbs drawn for a batch.
    alpha:
        Power of popularity by which they are drawn.
    """

    def __init__(self, ranking: LossName, negatives: int, alpha: float) -> None:
        super().__init__(weight_tying=True, metrics=[])
        self.ranking, self.negatives, self.alpha = ranking, negatives, alpha

    def build(self, *args: Any, **kwargs: Any) -> None:
        """Called by the head, which knows how many climbs there are."""
        super().build(*args, **kwargs)
        n_items = self.target_dim - FIRST_VALUE_ID
        self.objective = Objective(n_items, self.ranking, self.negatives, self.alpha)

    def forward(
        self, inputs: torch.Tensor, targets: Any = None, training: bool = False, **kwargs: Any
    ) -> Any:
        """The body's output [batch, length, d_model] to a loss (training) or to the scores of every climb."""
        if not training:
            return super().forward(inputs, targets, training=False, **kwargs)
        labels = self.masking.masked_targets
        hidden = labels != self.padding_idx
        queries, climbs = self.task_block(inputs.float())[hidden], labels[hidden]
        loss = self.objective(queries, self.item_embedding_table.weight, climbs)
        return {"loss": loss, "labels": climbs, "predictions": queries}


def next_item_task(config: ModelConfig) -> tr.NextItemPredictionTask:
    """The task that the configuration asks for."""
    if config.loss == "softmax":
        return tr.NextItemPredictionTask(weight_tying=True, metrics=[])
    ranking, alpha = _SAMPLED[config.loss]
    return SampledItemPrediction(ranking, config.negatives, alpha)
