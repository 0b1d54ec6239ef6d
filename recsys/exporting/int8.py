"""int8: the graph's weights in a quarter of the bytes, kept only where recall@10 stays.

Dynamic quantisation by ONNX Runtime: weights are int8, activations are quantised as they come.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from recsys.arrays import Array
from recsys.columns import ATTRIBUTES, CLIMBER, CLIMBER_VECTOR, GIVEN
from recsys.errors import RunError
from recsys.recommending.runtime import onnxruntime, session
from recsys.sequences.cases import Cases
from recsys.sequences.windows import Windows

if TYPE_CHECKING:
    from recsys.sequences.prepare import Prepared

LOSS: Final = 0.01  # share of recall@10 that int8 may lose
METRIC: Final = "recall@10"


class GraphScorer:
    """Scores cases with an ONNX graph, as `recsys.model.scorer.ModelScorer` does with a model.

    `climbers` are the vectors that the graph reads, by id, float32 [n_ids, climber_dim]; None where it reads
    ids.
    """

    def __init__(
        self, graph: Path, cases: Cases, length: int, prompted: bool, climbers: Array | None = None
    ) -> None:
        self.session: Any = session(graph)
        self.names = [each.name for each in self.session.get_inputs()]
        self.windows = Windows(cases.sequences, cases.sends, length)
        self.prompted, self.climbers = prompted, climbers

    def scores(self, cases: Array) -> Array:
        """[B] case indices to float32 [B, n_items]."""
        cut = self.windows.cut(self.windows.targets[cases])
        batch: dict[str, Array] = {name: value.numpy() for name, value in cut.items()}
        if self.climbers is not None:
            batch[CLIMBER_VECTOR] = self.climbers[batch[CLIMBER]]
        batch[GIVEN] = np.full((len(cases), len(ATTRIBUTES)), self.prompted)
        return np.asarray(self.session.run(None, {name: batch[name] for name in self.names})[0])


def quantise(graph: Path, smaller: Path) -> None:
    """Write the graph with int8 weights."""
    quantization = onnxruntime("quantization")
    logging.getLogger().setLevel(logging.ERROR)  # its advice to preprocess goes to the root logger
    quantization.quantize_dynamic(graph, smaller, weight_type=quantization.QuantType.QInt8)


def recall(
    graph: Path, prepared: Prepared, length: int, exclude_seen: bool, climbers: Array | None = None
) -> dict[str, float]:
    """recall@10 of a graph on the run's test part, {"prompted": .., "unprompted": ..}."""
    from recsys.evaluation.evaluate import evaluate

    cases = Cases.of(prepared.sequences, prepared.parts, "test")
    seen = cases.seen if exclude_seen else None
    found = {}
    for name, prompted in (("prompted", True), ("unprompted", False)):
        scorer = GraphScorer(graph, cases, length, prompted, climbers)
        result = evaluate(scorer, cases.targets, cases.climbers, seen, prepared.n_items)
        found[name] = result.values[METRIC]
    return found


def check_loss(before: dict[str, float], after: dict[str, float]) -> None:
    """Refuse int8 where it loses more than `LOSS` of recall@10, prompted or not."""
    for name, value in before.items():
        if after[name] < (1 - LOSS) * value:
            raise RunError(
                f"int8 takes {METRIC} ({name}) from {value:.4f} to {after[name]:.4f}, more than {LOSS:.0%} "
                "of it; not exported, leave `int8` out"
            )
