"""The model as an ONNX graph, and the check that the graph answers like the model.

Training's masking keeps Python state and draws at random; recommending needs neither. `Answers` is the path
that is left: one batch of windows and prompts in, scores of every climb out.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from recsys.arrays import Array, day_numbers
from recsys.columns import ATTRIBUTES, CLIMB, CLIMBER, CLIMBER_VECTOR, DAY_NUMBER, FIRST_VALUE_ID, GIVEN
from recsys.config.model import ModelConfig
from recsys.errors import RunError
from recsys.exporting.networks import NextScores, traceable
from recsys.model.climbers import climber_vectors
from recsys.model.masking import last
from recsys.model.network import Network
from recsys.model.prompted_transformer import PromptedTransformer, read_columns
from recsys.recommending.features import ArrayBatch
from recsys.recommending.graph_check import CheckedGraph
from recsys.recommending.runtime import session

if TYPE_CHECKING:
    import transformers4rec.torch as tr
    from merlin.schema import Schema

OPSET: Final = 17
TOLERANCE: Final = 1e-4  # largest difference of a score between the graph and the model
REQUESTS: Final = 1000  # random ones, on which that is measured


class Answers(torch.nn.Module):
    """Scores of the climbs for the last send of each window, without the training's bookkeeping.

    Parameters
    ----------
    model:
        A trained model, in evaluation mode.
    names:
        The batch's tensors in the order of `forward`'s arguments; ``given`` is one of them.
    """

    def __init__(self, model: tr.Model, names: list[str]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        """Windows [batch, length], climbers [batch, climber_dim], given [batch, n_attributes] to scores.

        They are [batch, n_items].
        """
        batch = dict(zip(self.names, tensors, strict=True))
        (head,) = self.model.heads
        (task,) = head.prediction_task_dict.values()
        hidden = head.body(batch, training=False, testing=True)
        hidden = hidden[0] if isinstance(hidden, (tuple, list)) else hidden  # [batch, length, d_model]
        at_last = last(batch[CLIMB] != 0).unsqueeze(-1)  # [batch, length, 1]
        scores, _ = task.pre(task.task_block((hidden.float() * at_last).sum(1)))
        return scores[:, FIRST_VALUE_ID:]


def export_graph(model: Network, schema: Schema, config: ModelConfig, path: Path) -> None:
    """Write the model as ONNX: the batch is free, of the transformer the length too.

    A transformer reads its climbers as vectors, so that one whom it does not know can have one as well.
    """
    example = next(random_batches(model, schema, config, 3, 3))
    names = [name for name in example if name != CLIMBER or CLIMBER_VECTOR not in example]
    transformer = isinstance(model, PromptedTransformer)
    answers = Answers(model, names) if isinstance(model, PromptedTransformer) else NextScores(model, names)
    axes = {name: {0: "batch", 1: "length"} if transformer else {0: "batch"} for name in names}
    axes |= {name: {0: "batch"} for name in (CLIMBER, CLIMBER_VECTOR, GIVEN, "logits")}
    tracing: dict[str, Any] = {"dynamo": False} if _has_dynamo() else {}
    with traceable():
        torch.onnx.export(
            answers.eval(),
            tuple(torch.from_numpy(example[name]) for name in names),
            str(path),
            input_names=names,
            output_names=["logits"],
            dynamic_axes={name: axis for name, axis in axes.items() if name in (*names, "logits")},
            opset_version=OPSET,
            **tracing,
        )
    n_climbs = int(schema[CLIMB].int_domain.max)
    CheckedGraph(path, config.length, n_climbs).check(example)  # as who loads it


@torch.inference_mode()
def largest_difference(
    model: Network, schema: Schema, config: ModelConfig, graph: Path, requests: int = REQUESTS
) -> float:
    """Largest difference of any score between the graph and the model on random requests.

    The model is asked by the climbers' ids. NaN where a score of either is no number.
    """
    running = session(graph)
    names = [each.name for each in running.get_inputs()]
    worst = 0.0
    for batch in random_batches(model, schema, config, requests, 100):
        found = running.run(None, {name: batch[name] for name in names})[0]
        tensors = {name: torch.from_numpy(batch[name]) for name in batch if name != CLIMBER_VECTOR}
        expected = model.next_scores(tensors).float().numpy()
        worst = float(np.maximum(worst, np.abs(found - expected).max()))  # `max` would pass over NaN
    return worst


def check_parity(model: Network, schema: Schema, config: ModelConfig, graph: Path) -> float:
    """`largest_difference`, or a `RunError` where it is above `TOLERANCE` or scores are not finite."""
    worst = largest_difference(model, schema, config, graph)
    if not np.isfinite(worst):
        raise RunError("the model or its graph gives scores that are not finite; not exported")
    if worst > TOLERANCE:
        raise RunError(
            f"the ONNX model departs from PyTorch by {worst:.1e} (at most {TOLERANCE}); not exported"
        )
    return worst


def random_batches(
    model: Network, schema: Schema, config: ModelConfig, requests: int, size: int
) -> Iterator[ArrayBatch]:
    """Random windows of random lengths: prompts all absent in a third, all present in a third, else mixed.

    Of a transformer's climbers both ids and vectors.
    """
    vectors = climber_vectors(model) if isinstance(model, PromptedTransformer) else None
    draw = np.random.default_rng(0)
    read = schema.select_by_name(read_columns(schema, config))
    for start in range(0, requests, size):
        rows = min(size, requests - start)
        real = np.arange(config.length) >= config.length - draw.integers(1, config.length + 1, (rows, 1))
        batch = {column.name: _random(column, real, draw) for column in read}
        if config.streams == "two":
            batch[DAY_NUMBER] = _random_days(real, draw)
        if vectors is not None:
            batch[CLIMBER_VECTOR] = vectors[batch[CLIMBER]]
        kind = (start + np.arange(rows))[:, None] % 3  # [rows, 1]
        mixed = draw.random((rows, len(ATTRIBUTES))) < 0.5
        yield {**batch, GIVEN: np.where(kind == 0, False, np.where(kind == 1, True, mixed))}


def _random(column: Any, real: Array, draw: np.random.Generator) -> Array:
    """Values of one feature: any id of its domain, or standardised numbers; 0 where there is padding."""
    domain = column.properties.get("domain") or {}
    if column.name == CLIMBER:
        return draw.integers(1, int(domain["max"]) + 1, len(real))
    if column.dtype.is_float:
        return np.where(real, draw.standard_normal(real.shape), 0).astype(np.float32)
    return np.where(real, draw.integers(1, int(domain["max"]) + 1, real.shape), 0)


def _random_days(real: Array, draw: np.random.Generator) -> Array:
    """`DAY_NUMBER` of windows where half the sends share the day of the one before; the last is alone."""
    days = np.arange(real.shape[1]) - draw.integers(0, 2, real.shape).cumsum(1)  # equal, or one more
    days[:, -1] = real.shape[1]
    return day_numbers(days, real)


def _has_dynamo() -> bool:
    """Newer versions of torch choose between two exporters; this one is the tracing one, in all of them."""
    return "dynamo" in inspect.signature(torch.onnx.export).parameters
