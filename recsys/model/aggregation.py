"""How the features of a send become one vector, by names in Transformers4Rec's aggregation registry."""

from __future__ import annotations

from typing import Final

import torch
from transformers4rec.torch.tabular.aggregation import ElementwiseSum
from transformers4rec.torch.tabular.base import tabular_aggregation_registry


@tabular_aggregation_registry.register("traced-sum")
class TracedSum(ElementwiseSum):
    """Transformers4Rec's sum, which can also be exported.

    Upstream compares the features' shapes as a set. In a trace to ONNX sizes are tensors, of which no two are
    one, and the export would fail; upstream's own concatenation leaves its check out there, and so does this.
    """

    def _check_input_shapes_equal(self, inputs: dict[str, torch.Tensor]) -> None:
        if not torch.onnx.is_in_onnx_export():
            super()._check_input_shapes_equal(inputs)


AGGREGATIONS: Final = {"concat": "concat", "sum": "traced-sum"}
