"""Softmax cross-entropy over the whole catalogue that never holds a score of every query and climb.

The scores of a few queries at a time are turned into their gradient in place, and multiplied into the
gradients of queries and climbs before the next few: memory is `scores_at_a_time` numbers whatever the
batch, and no score is computed twice, as gradient checkpointing would (the scheme of cut cross-entropy,
Wijmans et al. 2024, and of Liger's fused linear cross-entropy, Hsu et al. 2024).
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch.autograd.function import once_differentiable

from recsys.model.products import ROWS, rounded

# Scores held at a time. On the CPU 4 MiB of them: what stays in a core's cache is also the fastest. On a GPU
# 256 MiB: there each part costs the launches of its kernels, whatever its size (`benchmarks/gpu.py`).
SCORES: Final = 1 << 20
SCORES_ON_GPU: Final = 1 << 26


def scores_at_a_time(device: torch.device) -> int:
    """Scores that are held at a time on a device."""
    return SCORES if device.type == "cpu" else SCORES_ON_GPU


def chunked_cross_entropy(
    queries: torch.Tensor,
    table: torch.Tensor,
    bias: torch.Tensor,
    indices: torch.Tensor,
    smoothing: float = 0,
) -> torch.Tensor:
    """Mean cross-entropy, a scalar; gradients reach queries, table and bias.

    Parameters
    ----------
    queries:
        One vector for each target, [N, width].
    table, bias:
        The climbs' vectors [n_items, width], and their biases [n_items].
    indices:
        Index of each target in the table, int64 [N].
    smoothing:
        Share of the target's probability that is spread over the catalogue (Szegedy et al. 2016).
    """
    with torch.autocast(queries.device.type, enabled=False):
        loss: torch.Tensor = _Chunked.apply(queries.float(), table.float(), bias.float(), indices, smoothing)
    return loss


def whole_cross_entropy(
    queries: torch.Tensor,
    table: torch.Tensor,
    bias: torch.Tensor,
    indices: torch.Tensor,
    smoothing: float = 0,
) -> torch.Tensor:
    """`chunked_cross_entropy`, of all scores at once."""
    scores = torch.addmm(bias, queries, table.T)
    return torch.nn.functional.cross_entropy(scores, indices, label_smoothing=smoothing)


class _Chunked(torch.autograd.Function):
    """Forward computes the gradients too; backward scales them."""

    @staticmethod
    def forward(
        ctx: Any,
        queries: torch.Tensor,
        table: torch.Tensor,
        bias: torch.Tensor,
        indices: torch.Tensor,
        smoothing: float,
    ) -> torch.Tensor:
        """The loss; the gradients are kept for `backward`."""
        count, items = len(queries), len(table)
        step = max(1, scores_at_a_time(queries.device) // items)
        unit = min(step, ROWS)
        queries, step = rounded(queries, unit), step // unit * unit
        to_queries, to_table, to_bias = (torch.zeros_like(each) for each in (queries, table, bias))
        total = queries.new_zeros(())
        for start in range(0, len(queries), step):
            part, there = slice(start, start + step), max(0, count - start)
            scores = torch.addmm(bias, queries[part], table.T)
            total += _to_gradient(scores[:there], indices[part].unsqueeze(1), smoothing)
            scores[there:] = 0
            torch.mm(scores, table, out=to_queries[part])
            to_table.addmm_(scores.T, queries[part])
            to_bias += scores.sum(0)
        ctx.save_for_backward(to_queries[:count], to_table, to_bias)
        ctx.count = max(1, count)
        return total / ctx.count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        """The kept gradients times the loss's own."""
        scale = grad / ctx.count
        return (*(each * scale for each in ctx.saved_tensors), None, None)


def _to_gradient(scores: torch.Tensor, at: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Turn scores [n, n_items] into the gradient of their summed loss, in place; returns that loss."""
    top, own = scores.amax(1, keepdim=True), scores.gather(1, at)
    mean = scores.mean(1, keepdim=True) if smoothing else 0.0
    total = scores.sub_(top).exp_().sum(1, keepdim=True)  # one exponential a score, for loss and gradient
    scores.div_(total)
    norms = top + total.log()
    loss = (1 - smoothing) * (norms - own) + smoothing * (norms - mean)
    if smoothing:
        scores.sub_(smoothing / scores.shape[1])
    scores.scatter_add_(1, at, torch.full_like(own, smoothing - 1))
    return loss.sum()
