"""Epochs of a peer that is a plain PyTorch module: its own loss and optimiser, our watch over validation."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from exchange import Cases, Curve, Given, top_of, version

Part = tuple[float, Iterable[Any]]  # epochs behind when it ends, and the batches until then


def epochs(n: int, batch_size: int, rng: np.random.Generator) -> Iterator[Part]:
    """Whole epochs without an end, each of rows 0 to n - 1 in an order of its own, [batch_size] at a time."""
    epoch = 0
    while True:
        epoch += 1
        order = rng.permutation(n)
        yield epoch, (order[start : start + batch_size] for start in range(0, n, batch_size))


def trained(
    given: Given,
    model: Any,
    optimizer: Any,
    parts: Iterable[Part],
    loss: Callable[[Any], Any],
    score: Callable[[Cases, np.ndarray], np.ndarray],
    package: str,
) -> tuple[np.ndarray, dict[str, object]]:
    """Train until the curve says stop, and answer with the best state: lists of the test cases, and facts.

    Parameters
    ----------
    given, model, optimizer:
        What is learned from, what learns, and how.
    parts:
        After each the validation cases are scored.
    loss:
        Of a batch of `parts`.
    score:
        Some of the cases [n] to scores [n, n_items].
    package:
        Whose version is told.
    """
    curve = Curve(given)
    for epoch, batches in parts:
        for batch in batches:
            found = loss(batch)
            optimizer.zero_grad()
            found.backward()
            optimizer.step()
        state = lambda: copy.deepcopy(model.state_dict())  # noqa: E731
        if not curve.add(epoch, lambda some: score(given.validation, some), state):
            break
    model.load_state_dict(curve.state)
    facts = {**curve.facts(), "parameters": sum(each.numel() for each in model.parameters())}
    facts |= {"seen_left_out_by": "us", "versions": version(package, "torch", "numpy")}
    return top_of(lambda some: score(given.test, some), given.test), facts
