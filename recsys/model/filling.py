"""Climbs for a hole in a window, what comes after it known: only a bidirectional model can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch

from recsys.columns import FIRST_VALUE_ID

if TYPE_CHECKING:
    from recsys.model.prompted_transformer import PromptedTransformer

MASKINGS: Final = ("mlm", "span", "rtd")  # that train positions which see both sides
HOLE: Final = "hole"


@torch.inference_mode()
def fill_scores(model: PromptedTransformer, batch: dict[str, Any]) -> torch.Tensor:
    """Scores of every climb for the first hidden position of each window, [batch, n_items].

    Parameters
    ----------
    model:
        Trained with one of `MASKINGS`, in evaluation mode.
    batch:
        Windows, with `HOLE`, bool [batch, length]: the positions that are hidden, at least one a window.
    """
    heads: Any = model.heads
    (head,) = heads
    (task,) = head.prediction_task_dict.values()
    inputs = {name: value for name, value in batch.items() if name != HOLE}
    hole = batch[HOLE]
    masking = head.body.inputs.masking
    masking.hole = hole
    try:
        hidden = head.body(inputs, training=False, testing=True)
    finally:
        masking.hole = None
    hidden = hidden[0] if isinstance(hidden, (tuple, list)) else hidden  # [batch, length, d_model]
    first = hole & (hole.long().cumsum(1) == 1)
    scores, _ = task.pre(task.task_block((hidden.float() * first.unsqueeze(-1)).sum(1)))
    return scores[:, FIRST_VALUE_ID:]
