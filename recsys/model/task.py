"""The head's task: Transformers4Rec's next-item prediction, scored where a climb is hidden and nowhere else.

Only hidden positions go through the head. What their scores are held against is the configuration's:

* the whole catalogue by a softmax, a few queries at a time (`recsys.model.softmax`), or all at once where
  asked or needed (``--masking rtd`` draws from the scores);
* a sample of climbs and a ranking loss, so that a step's cost does not grow with the catalogue.

Evaluating and recommending rank every climb. Upstream's ``loss=`` gets all scores, and its
``sampled_softmax=`` is not used for the reasons given in `recsys.model.negatives`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import torch
import transformers4rec.torch as tr

from recsys.columns import FIRST_VALUE_ID
from recsys.model.losses import LossName
from recsys.model.objective import Objective
from recsys.model.output import ClimbScores
from recsys.model.products import rounded
from recsys.model.softmax import chunked_cross_entropy, whole_cross_entropy

if TYPE_CHECKING:
    from recsys.config.model import ModelConfig

FULL: Final = 50_000  # climbs up to which a softmax over all of them is cheaper than it is worth sampling

# Losses of the configuration that are taken over a sample, which is drawn uniformly.
_SAMPLED: Final[dict[str, LossName]] = {"sampled-softmax": "softmax", "bpr-max": "bpr-max", "gbce": "gbce"}
_IGNORED: Final = -100  # no climb: of no loss


def choose_loss(config: ModelConfig, n_items: int) -> tuple[str, str]:
    """The loss that ``auto`` stands for in a catalogue of that size, and the reason in words."""
    if config.loss != "auto":
        return config.loss, "as asked"
    if n_items <= FULL or config.masking == "rtd":
        return "softmax", f"{n_items} climbs: a softmax over all of them"
    return "sampled-softmax", f"{n_items} climbs, more than {FULL}: {config.negatives} drawn for a batch"


class NextClimbTask(tr.NextItemPredictionTask):
    """Next-item prediction with weights tied to the climbs' embeddings.

    Parameters
    ----------
    config:
        Loss, negatives, smoothing.
    sides:
        Attributes that join a climb's embedding in the output, name to number of ids.
    texts:
        Whether what was written of it joins as well.
    """

    def __init__(self, config: ModelConfig, sides: Mapping[str, int], texts: bool = False) -> None:
        super().__init__(weight_tying=True, metrics=[])
        self.config, self.side_sizes, self.texts = config, dict(sides), texts

    def build(self, *args: Any, **kwargs: Any) -> None:
        """Called by the head, which knows how many climbs there are."""
        super().build(*args, **kwargs)
        n_items = self.target_dim - FIRST_VALUE_ID
        self.chosen, self.reason = choose_loss(self.config, n_items)
        negatives = self.config.negatives if self.chosen in _SAMPLED else 0
        self.objective = Objective(n_items, _SAMPLED.get(self.chosen, "softmax"), negatives, alpha=0.0)
        self.pre = ClimbScores(self.item_embedding_table, self.side_sizes, self.texts, self.config.networks)

    def forward(
        self,
        inputs: torch.Tensor,
        targets: Any = None,
        training: bool = False,
        testing: bool = False,
        top_k: int | None = None,
        **_: Any,
    ) -> Any:
        """The body's output [batch, length, d_model] to what upstream's task returns.

        In training and testing a dictionary: the loss, the hidden climbs' ids and their scores by id (in
        training for ``--masking rtd`` alone). Else scores by id, [batch, n_ids], of what follows.
        """
        labels = self.masking.masked_targets
        hidden = labels != self.padding_idx
        asked = inputs[hidden].float()
        queries = self.task_block(rounded(asked))[: len(asked)] if training else self.task_block(asked)
        if not (training or testing):
            scores, _ = self.pre(queries)
            return scores if top_k is None else torch.topk(scores, k=top_k, dim=-1)
        climbs = labels[hidden]
        if training and self.config.masking != "rtd":  # which draws from the scores
            return {"loss": self._loss(queries, climbs), "labels": climbs, "predictions": queries}
        scores, climbs = self.pre(queries, targets=climbs)
        return {"loss": self._plain(scores, climbs), "labels": climbs, "predictions": scores}

    @property
    def sampled_by_size(self) -> bool:
        """Whether ``auto`` chose a sample."""
        return self.config.loss == "auto" and self.chosen != "softmax"

    def _loss(self, queries: torch.Tensor, climbs: torch.Tensor) -> torch.Tensor:
        """Mean loss, over queries and over networks, each of which has its own share of every vector."""
        known = climbs >= FIRST_VALUE_ID
        climbs, shares = climbs[known], queries[known].chunk(self.config.networks, dim=-1)
        losses = self._sampled(shares, climbs) if self.objective.sampler else self._full(shares, climbs)
        return torch.stack(losses).mean()

    def _sampled(self, shares: Sequence[torch.Tensor], climbs: torch.Tensor) -> list[torch.Tensor]:
        batch, losses = climbs if self.chosen == "sampled-softmax" else None, []
        for index, queries in enumerate(shares):

            def vectors(ids: torch.Tensor, index: int = index) -> torch.Tensor:
                return self.pre.vectors(ids).chunk(len(shares), dim=-1)[index]

            bias = self.pre.bias
            losses.append(self.objective.sampled(queries, vectors, climbs, bias, self._some(batch)))
        return losses

    def _full(self, shares: Sequence[torch.Tensor], climbs: torch.Tensor) -> list[torch.Tensor]:
        table, bias = self.pre.vectors()[FIRST_VALUE_ID:], self.pre.bias[FIRST_VALUE_ID:]
        entropy = chunked_cross_entropy if self.config.chunked else whole_cross_entropy
        rest = bias, climbs - FIRST_VALUE_ID, self.config.label_smoothing
        tables = table.chunk(len(shares), dim=-1)
        return [entropy(queries, own, *rest) for queries, own in zip(shares, tables, strict=True)]

    def _plain(self, scores: torch.Tensor, climbs: torch.Tensor) -> torch.Tensor:
        targets = (climbs - FIRST_VALUE_ID).masked_fill(climbs < FIRST_VALUE_ID, _IGNORED)
        loss: torch.Tensor = torch.nn.functional.cross_entropy(
            scores[:, FIRST_VALUE_ID:],
            targets,
            ignore_index=_IGNORED,
            label_smoothing=self.config.label_smoothing,
        )
        return loss

    def _some(self, climbs: torch.Tensor | None) -> torch.Tensor | None:
        """As many of the batch's own targets as negatives are drawn, to be negatives of the others too."""
        if climbs is None:
            return None
        return climbs[torch.randperm(len(climbs), device=climbs.device)[: self.config.negatives]]
