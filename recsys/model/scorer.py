"""The model as something that can be evaluated: scores of every climb for a batch of cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from recsys.columns import GIVEN, Given, given_attributes
from recsys.model.products import by_onednn
from recsys.sequences.cases import Cases
from recsys.sequences.windows import Windows

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.model.network import Network

SENDS_AT_A_TIME: Final = 6_400  # of windows, on a CPU: what a layer hands on stays in its cache


class ModelScorer:
    """Scores cases with a model, prompted or not.

    Parameters
    ----------
    model:
        Any network; put in evaluation mode.
    cases:
        What is asked for.
    length:
        Sends in a window, the target included.
    prompted:
        Whether the target's attributes are given (all of them) or withheld (all of them); or which are given.
    onednn:
        Whether a CPU may multiply by oneDNN (`recsys.model.products`).
    """

    def __init__(
        self, model: Network, cases: Cases, length: int, prompted: Given, onednn: bool = True
    ) -> None:
        self.model = model.eval()
        self.windows = Windows(cases.sequences, cases.sends, length)
        self.prompted, self.onednn = prompted, onednn

    def scores(self, cases: Array) -> Array:
        """[B] case indices to float32 [B, n_items]."""
        device = next(self.model.parameters()).device
        rows = max(1, SENDS_AT_A_TIME // self.windows.length) if device.type == "cpu" else len(cases)
        if len(cases) <= rows:
            return self._scores(cases, device)
        # The longest first: a part whose windows are all full needs no mask.
        order = np.argsort(-self.windows.sizes(cases), kind="stable")
        first = self._scores(cases[order[:rows]], device)
        found = np.empty((len(cases), first.shape[1]), dtype=first.dtype)
        found[order[:rows]] = first
        for start in range(rows, len(cases), rows):
            part = order[start : start + rows]
            found[part] = self._scores(cases[part], device)
        return found

    @torch.inference_mode()
    def _scores(self, cases: Array, device: torch.device) -> Array:
        windows = self.windows.cut(self.windows.targets[cases])
        batch = {name: value.to(device) for name, value in windows.items()}
        batch[GIVEN] = torch.tensor([given_attributes(self.prompted)] * len(cases), device=device)
        with by_onednn(self.onednn and device.type == "cpu"):
            return np.asarray(self.model.next_scores(batch).float().cpu())
