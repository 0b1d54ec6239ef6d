"""Whether an ONNX graph keeps to what an export of ours is made of, told from its bytes alone.

ONNX Runtime would take more: operators of other domains, functions, tensors in other files, loops without an
end. The file is a protocol buffer (https://protobuf.dev/programming-guides/encoding), and of its messages
only those that may hold such a thing are looked into, by the numbers of onnx.proto3; nothing is copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from recsys.errors import RunError
from recsys.recommending.fields import REMEDY

_MODEL_GRAPH, _MODEL_FUNCTIONS = 7, 25
_GRAPH_NODE, _GRAPH_TENSOR, _GRAPH_SPARSE = 1, 5, 15
_NODE_OPERATOR, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH, _ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS = 5, 6, 10, 11
_TENSOR_EXTERNAL, _TENSOR_LOCATION = 13, 14
_DEEPEST: Final = 8  # graphs within graphs
DOMAINS: Final = (b"", b"ai.onnx")
_NAMES: Final = """
    Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization BitwiseAnd
    BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil Celu Clip Compress Concat Constant ConstantOfShape
    Conv ConvTranspose Cos Cosh CumSum DequantizeLinear Div Dropout DynamicQuantizeLinear Einsum Elu Equal
    Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool
    GlobalMaxPool Greater GreaterOrEqual GroupNormalization HardSigmoid HardSwish Identity If
    InstanceNormalization IsInf IsNaN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax
    LpNormalization MatMul MatMulInteger Max MaxPool Mean Min Mish Mod Mul Neg NonZero Not OneHot Or PRelu
    Pad Pow QLinearMatMul QuantizeLinear RMSNormalization RNN Range Reciprocal ReduceL1 ReduceL2
    ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu
    Reshape Round ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax
    Softplus Softsign Split Sqrt Squeeze Sub Sum Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu
    Unsqueeze Where Xor
"""
OPERATORS: Final = frozenset(name.encode() for name in _NAMES.split())
"""What networks are made of: arithmetic of tensors and their shapes.

No loops, whose work the size of a graph does not bound; nothing random; no texts, images or sequences.
"""


class _MalformedError(ValueError):
    """The bytes are no protocol buffer."""


def check_graph(path: Path) -> None:
    """Refuse a graph with functions, operators that are not of `OPERATORS`, or tensors in other files.

    Raises
    ------
    RunError
        It has one, or cannot be read as a graph.
    """
    content = path.read_bytes()
    try:
        problem = _model(memoryview(content))
    except (_MalformedError, RecursionError):
        problem = "is no graph of ONNX"
    if problem:
        raise RunError(f"{path}: cannot be loaded ({problem}); {REMEDY}")


def _model(message: memoryview) -> str:
    problem = ""
    for number, value in _fields(message):
        if number == _MODEL_FUNCTIONS:
            return "it defines functions"
        if number == _MODEL_GRAPH:
            problem = problem or _graph(_part(value), 0)
    return problem


def _graph(message: memoryview, depth: int) -> str:
    if depth > _DEEPEST:
        return "graphs within graphs"
    for number, value in _fields(message):
        problem = ""
        if number == _GRAPH_NODE:
            problem = _node(_part(value), depth)
        elif number == _GRAPH_TENSOR:
            problem = _tensor(_part(value))
        elif number == _GRAPH_SPARSE:
            problem = "it holds sparse tensors"
        if problem:
            return problem
    return ""


def _node(message: memoryview, depth: int) -> str:
    operator, domain, problem = b"", b"", ""
    for number, value in _fields(message):
        if number == _NODE_OPERATOR:
            operator = bytes(_part(value))
        elif number == _NODE_DOMAIN:
            domain = bytes(_part(value))
        elif number == _NODE_ATTRIBUTE:
            problem = problem or _attribute(_part(value), depth)
    if domain not in DOMAINS or operator not in OPERATORS:
        return f"operator {operator[:40]!r} of domain {domain[:40]!r}"
    return problem


def _attribute(message: memoryview, depth: int) -> str:
    for number, value in _fields(message):
        problem = ""
        if number in (_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS):
            problem = _tensor(_part(value))
        elif number in (_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS):
            problem = _graph(_part(value), depth + 1)
        if problem:
            return problem
    return ""


def _tensor(message: memoryview) -> str:
    for number, value in _fields(message):
        if number == _TENSOR_EXTERNAL or (number == _TENSOR_LOCATION and value != 0):
            return "a tensor is in another file"
    return ""


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Number and value of each field: an integer, or the bytes of a part."""
    at, end = 0, len(message)
    while at < end:
        key, at = _integer(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _integer(message, at)
            yield key >> 3, value
            continue
        if kind not in (1, 2, 5):
            raise _MalformedError
        size, at = _integer(message, at) if kind == 2 else (8 if kind == 1 else 4, at)
        if at + size > end:
            raise _MalformedError
        yield key >> 3, message[at : at + size]
        at += size


def _integer(message: memoryview, at: int) -> tuple[int, int]:
    """A number of up to ten bytes, and where it ends."""
    value = 0
    for index, byte in enumerate(message[at : at + 10]):
        value |= (byte & 127) << 7 * index
        if byte < 128:
            return value, at + index + 1
    raise _MalformedError


def _part(value: memoryview | int) -> memoryview:
    if isinstance(value, int):
        raise _MalformedError
    return value
