"""Whether an ONNX graph keeps to what an export of ours is made of, told from its bytes alone.

ONNX Runtime would take more: operators of other domains, functions, tensors in other files, loops without an
end; and of what exports are made of, as much as a few bytes ask for: a matrix of 30,000 by 30,000 from two
numbers. So the shapes are worked out before it sees the graph, and are held to what the weights in the file
can have a use for.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import numpy as np

from recsys.arrays import Array
from recsys.errors import RunError
from recsys.files import read_plain
from recsys.recommending.fields import REMEDY
from recsys.recommending.graph_parts import Node, Parsed, RefusedError, Tensor, read_model
from recsys.recommending.graph_shapes import RULES, Given, check_division, einsum_letters, makes_integers

OPERATORS: Final = frozenset({*RULES, "Constant", "If"})
"""What exports are made of: arithmetic of tensors and their shapes.

No loops, whose work the size of a graph does not bound; nothing random; no texts, images or sequences.
"""
_MOST_NODES: Final = 10_000  # a layer of any body has fewer than 200
_LARGEST: Final = 1 << 25  # values of one tensor, a window: two heads' attention over 4096 sends
_PRODUCTS: Final = 1 << 34  # a window: about a second


@dataclass
class Work:
    """What a run of a graph comes to: values of all tensors and of the largest, products that are summed."""

    values: int = 0
    largest: int = 0
    products: int = 0

    def of(self, tensor: Tensor) -> None:
        """Count a tensor that is made."""
        size = math.prod(tensor.shape)
        self.values, self.largest = self.values + size, max(self.largest, size)


class CheckedGraph:
    """A graph of which every run is held to what the file's weights can have a use for.

    Parameters
    ----------
    path:
        The file.
    window:
        Sends in a window.
    n_items:
        Climbs to score.

    Raises
    ------
    RunError
        It has functions, operators that are not of `OPERATORS`, tensors in other files or larger than their
        bytes; or it cannot be read as a graph.
    """

    def __init__(self, path: Path, window: int, n_items: int) -> None:
        self._path, self._window, self._n_items = path, window, n_items
        self._fit: set[int] = set()  # numbers of rows that were looked at
        with self._or_line("is no graph of ONNX"):
            content = read_plain(path)
            self._bytes, self._graph = len(content), read_model(memoryview(content), OPERATORS)
        if len(self._graph.nodes) > _MOST_NODES:
            self._refuse(f"it has {len(self._graph.nodes)} operators, more than {_MOST_NODES}")

    def check(self, batch: Mapping[str, Array]) -> None:
        """Refuse a run with such inputs that comes to far more than a network of so many weights does.

        Networks of ours come to a quarter of what is allowed, or far less. Per window of L sends, of a file
        of F bytes, whose root stands for the width: a tensor has a few values a send and unit of width, and
        as many a pair of sends and head; all tensors together some of these; products are summed once a send
        and weight, and more where attention over a long window has its part.

        Raises
        ------
        RunError
            It does, or a shape in it depends on what is asked.
        """
        rows = len(next(iter(batch.values())))
        if rows in self._fit:
            return
        with self._or_line("its shapes do not fit"):
            work = self.work(batch)
        length, n_bytes = self._window, self._bytes
        a_window = 8 * length * math.sqrt(n_bytes) * (2 + length / 64) + 4 * self._n_items
        most = rows * min(a_window, _LARGEST) + n_bytes
        products = rows * min(length * n_bytes * (1 + length / 64), _PRODUCTS) + 64 * n_bytes
        if work.largest > most or work.values > 16 * most or work.products > products:
            self._refuse("it makes far more of its inputs than a network of so few weights")
        self._fit.add(rows)

    def work(self, batch: Mapping[str, Array]) -> Work:
        """What a run with such inputs comes to; it does not depend on their values."""
        work, inputs = Work(), dict[str, Tensor]()
        for name in self._graph.inputs:
            if name not in batch:
                raise RefusedError(f"it asks for {name[:80]!r}")
            inputs[name] = Tensor(batch[name].shape, None, batch[name].dtype.kind in "iu")
        with np.errstate(all="ignore"):
            _walk(self._graph, inputs, work)
        return work

    @contextlib.contextmanager
    def _or_line(self, otherwise: str) -> Iterator[None]:
        try:
            yield
        except RefusedError as error:
            self._refuse(str(error))
        except OSError as error:
            self._refuse(error.strerror or otherwise)
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
            self._refuse(otherwise)

    def _refuse(self, problem: str) -> NoReturn:
        raise RunError(f"{self._path}: cannot be loaded ({problem}); {REMEDY}") from None


def _walk(graph: Parsed, tensors: dict[str, Tensor], work: Work) -> list[Tensor]:
    """Go through the nodes in their order; returns the graph's outputs."""
    if not tensors.keys().isdisjoint(graph.tensors):
        raise RefusedError("two tensors have one name")
    tensors |= graph.tensors
    for node in graph.nodes:
        given: list[Any] = [tensors[name] if name else None for name in node.inputs]
        if node.operator in ("Div", "Mod"):
            check_division(node, given)
        if node.operator == "If":
            made = _branch(node, tensors, work)
        else:
            whole = makes_integers(node, given)
            made = [each._replace(whole=whole) for each in RULES[node.operator](node, given)]
        if len(made) < len(node.outputs):
            raise RefusedError(f"operator {node.operator} with {len(node.outputs)} outputs")
        work.products += _products(node, given, made)
        for name, tensor in zip(node.outputs, made, strict=False):
            if name in tensors:
                raise RefusedError("two tensors have one name")
            work.of(tensor)
            tensors[name] = tensor
    return [tensors[name] for name in graph.outputs]


def _branch(node: Node, tensors: dict[str, Tensor], work: Work) -> list[Tensor]:
    """The outputs of the branch that is taken, which does not depend on what is asked."""
    taken = tensors[node.inputs[0]].values
    if taken is None:
        raise RefusedError("a branch depends on what is asked")
    return _walk(node.attributes["then_branch" if taken.all() else "else_branch"], dict(tensors), work)


def _products(node: Node, given: Given, made: list[Tensor]) -> int:
    """Products that an operator sums."""
    if node.operator in ("MatMul", "MatMulInteger"):
        return math.prod(made[0].shape) * given[0].shape[-1]
    if node.operator == "Gemm":
        return math.prod(made[0].shape) * given[0].shape[0 if node.get("transA", 0) else 1]
    if node.operator == "Einsum":
        return math.prod(einsum_letters(node, given)[0].values())
    if node.operator == "GRU":
        return math.prod(given[0].shape[:2]) * (math.prod(given[1].shape) + math.prod(given[2].shape))
    return 0
