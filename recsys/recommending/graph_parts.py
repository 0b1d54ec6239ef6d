"""An ONNX graph read from its bytes: nodes, and tensors no larger than their bytes (numbers: onnx.proto3).

Of tensors only those of a few values are kept: the shapes and indices that other shapes are worked out of.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, cast

import numpy as np

from recsys.arrays import Array
from recsys.recommending.protobuf import MalformedError, fields, integers, part

_MODEL_GRAPH, _MODEL_OPSETS, _MODEL_FUNCTIONS = 7, 8, 25
_GRAPH_NODE, _GRAPH_TENSOR, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_SPARSE = 1, 5, 11, 12, 15
_NODE_INPUT, _NODE_OUTPUT, _NODE_OPERATOR, _NODE_ATTRIBUTE, _NODE_DOMAIN = 1, 2, 4, 5, 7
_ATTRIBUTE_NAME, _ATTRIBUTE_INTEGER, _ATTRIBUTE_TEXT, _ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH = 1, 3, 4, 5, 6
_ATTRIBUTE_INTEGERS: Final = 8
_ATTRIBUTE_PLAIN: Final = (2, 7, 13, 20)  # a float, floats, a note, the type: nothing depends on them here
_TENSOR_SHAPE, _TENSOR_TYPE, _TENSOR_INT32, _TENSOR_INT64, _TENSOR_NAME, _TENSOR_RAW = 1, 2, 5, 7, 8, 9
_TENSOR_DATA: Final = (4, 5, 6, 7, 9, 10, 11)
_TENSOR_EXTERNAL, _TENSOR_LOCATION = 13, 14
_TYPES: Final = {
    1: "<f4",
    2: "u1",
    3: "i1",
    4: "<u2",
    5: "<i2",
    6: "<i4",
    7: "<i8",
    9: "?",
    10: "<f2",
    11: "<f8",
}
WHOLE: Final = (2, 3, 4, 5, 6, 7, 12, 13)
"""Types of integers."""
_DEEPEST: Final = 8  # graphs within graphs
FEW: Final = 64
"""Values of a tensor that is kept, at the most."""
DOMAINS: Final = (b"", b"ai.onnx")
OPSETS: Final = (17,)
"""What our exports are written in, and the rules of `graph_shapes` are of."""


class RefusedError(ValueError):
    """The graph holds what no export does, in words."""


class Tensor(NamedTuple):
    """The shape of a tensor, its values where they are few and not asked for, whether it is of integers."""

    shape: tuple[int, ...]
    values: Array | None = None
    whole: bool = False


@dataclass
class Node:
    """An operator with the names of its tensors; attributes are integers, texts, tensors and graphs."""

    operator: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute."""
        return self.attributes.get(name, default)


@dataclass
class Parsed:
    """Nodes in their order, the names of what is asked and answered, and the tensors that are given."""

    nodes: list[Node] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)


def read_model(message: memoryview, operators: frozenset[str]) -> Parsed:
    """The graph of a model of no other operators than these.

    Raises
    ------
    RefusedError
        There is something in it that no export of ours holds.
    MalformedError
        It is no model.
    """
    graph = None
    for number, value in fields(message):
        if number == _MODEL_FUNCTIONS:
            raise RefusedError("it defines functions")
        if number == _MODEL_OPSETS:
            _opset(part(value))
        if number == _MODEL_GRAPH:
            if graph is not None:
                raise RefusedError("it holds two graphs")
            graph = _graph(part(value), operators, 0)
    if graph is None:
        raise MalformedError
    return graph


def _opset(message: memoryview) -> None:
    found = dict(fields(message))
    if bytes(part(found.get(1, memoryview(b"")))) in DOMAINS and found.get(2) not in OPSETS:
        raise RefusedError(f"operators of version {str(found.get(2))[:20]}, not {OPSETS[0]}")


def _graph(message: memoryview, operators: frozenset[str], depth: int) -> Parsed:
    if depth > _DEEPEST:
        raise RefusedError("graphs within graphs")
    graph = Parsed()
    for number, value in fields(message):
        if number == _GRAPH_NODE:
            node = _node(part(value), operators, depth)
            if node.operator == "Constant":
                _keep(graph, node.outputs[0], node.attributes["value"])
            else:
                graph.nodes.append(node)
        elif number == _GRAPH_TENSOR:
            _keep(graph, *_tensor(part(value)))
        elif number in (_GRAPH_INPUT, _GRAPH_OUTPUT):
            names = graph.inputs if number == _GRAPH_INPUT else graph.outputs
            names.append(_text(dict(fields(part(value)))[1]))
        elif number == _GRAPH_SPARSE:
            raise RefusedError("it holds sparse tensors")
    if not graph.tensors.keys().isdisjoint(graph.inputs):
        raise RefusedError("what is asked has values of its own")
    return graph


def _keep(graph: Parsed, name: str, tensor: Tensor) -> None:
    if name in graph.tensors:
        raise RefusedError("two tensors have one name")
    graph.tensors[name] = tensor


def _node(message: memoryview, operators: frozenset[str], depth: int) -> Node:
    node, domain, attributes = Node(), b"", []
    for number, value in fields(message):
        if number == _NODE_INPUT:
            node.inputs.append(_text(value))
        elif number == _NODE_OUTPUT:
            node.outputs.append(_text(value))
        elif number == _NODE_OPERATOR:
            node.operator = _text(value)
        elif number == _NODE_DOMAIN:
            domain = bytes(part(value))
        elif number == _NODE_ATTRIBUTE:
            attributes.append(part(value))
    if domain not in DOMAINS or node.operator not in operators:
        raise RefusedError(f"operator {node.operator[:40].encode('latin-1')!r} of domain {domain[:40]!r}")
    node.attributes = dict(_attribute(each, operators, depth) for each in attributes)
    return node


def _attribute(message: memoryview, operators: frozenset[str], depth: int) -> tuple[str, Any]:
    name, found = "", cast(Any, None)
    for number, value in fields(message):
        if number == _ATTRIBUTE_NAME:
            name = _text(value)
        elif number == _ATTRIBUTE_INTEGER:
            found = integers(value)[-1]
        elif number == _ATTRIBUTE_INTEGERS:
            found = [*(found if isinstance(found, list) else ()), *integers(value)]
        elif number == _ATTRIBUTE_TEXT:
            found = _text(value)
        elif number in (_ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH) and found is not None:
            raise MalformedError
        elif number == _ATTRIBUTE_TENSOR:
            found = _tensor(part(value))[1]
        elif number == _ATTRIBUTE_GRAPH:
            found = _graph(part(value), operators, depth + 1)
        elif number not in _ATTRIBUTE_PLAIN:
            raise RefusedError(f"an attribute {name[:40]!r} of a kind that exports do not have")
    return name, found


def _tensor(message: memoryview) -> tuple[str, Tensor]:
    name, shape, kind, data, n_bytes = "", list[int](), 0, dict[int, Any](), 0
    for number, value in fields(message):
        if number == _TENSOR_EXTERNAL or (number == _TENSOR_LOCATION and value != 0):
            raise RefusedError("a tensor is in another file")
        if number == _TENSOR_SHAPE:
            shape += integers(value)
        elif number == _TENSOR_TYPE:
            kind = int(value) if isinstance(value, int) else 0
        elif number == _TENSOR_NAME:
            name = _text(value)
        elif number in _TENSOR_DATA:
            n_bytes += len(value) if isinstance(value, memoryview) else 1
            data.setdefault(number, []).append(value)
    size = math.prod(shape)
    if kind not in _TYPES or min(shape, default=0) < 0 or size > n_bytes:
        raise RefusedError("a tensor is larger than its bytes, or of a type that exports do not have")
    values = _values(shape, size, kind, data) if size <= FEW else None
    return name, Tensor(tuple(shape), values, kind in WHOLE)


def _values(shape: list[int], size: int, kind: int, data: Mapping[int, Any]) -> Array | None:
    """Numbers of a small tensor; None where they are kept in a way that exporters do not choose."""
    if set(data) == {_TENSOR_RAW} and len(data[_TENSOR_RAW]) == 1:
        return np.frombuffer(part(data[_TENSOR_RAW][0]), _TYPES[kind]).reshape(shape)
    if set(data) in ({_TENSOR_INT32}, {_TENSOR_INT64}):
        (parts,) = data.values()
        return np.array([each for one in parts for each in integers(one)], _TYPES[kind]).reshape(shape)
    return np.empty(shape, _TYPES[kind]) if size == 0 else None


def _text(value: memoryview | int) -> str:
    return str(part(value), "latin-1")
