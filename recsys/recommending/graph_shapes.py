"""What shape each operator of an export makes of its inputs' shapes, as ONNX defines operator set 17
(https://onnx.ai/onnx/operators). An operator without a rule here is in no export, and is refused.

A rule is given a node and its inputs, None where one is left out, and returns the outputs. Shapes that depend
on what is asked, and not on how much, cannot be worked out and are refused: none of ours does.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from recsys.arrays import Array
from recsys.recommending.graph_parts import FEW, WHOLE, Node, RefusedError, Tensor

Given = Sequence[Tensor]
Rule = Callable[[Node, Given], list[Tensor]]
Compute = Callable[..., Any]
_TYPES: Final = {1: np.float32, 6: np.int32, 7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64}


_broadcast = functools.lru_cache(maxsize=1024)(np.broadcast_shapes)


def _values(tensor: Tensor) -> list[int]:
    """Values that a shape depends on."""
    if tensor.values is None:
        raise RefusedError("the shape of a tensor depends on what is asked")
    return [int(each) for each in tensor.values.ravel()]


def _few(shape: Sequence[int], compute: Compute, *given: Tensor) -> Tensor:
    """A tensor, its values computed where they are few and those before are known."""
    shape = tuple(shape)
    if math.prod(shape) > FEW or any(each.values is None for each in given):
        return Tensor(shape)
    return Tensor(shape, np.asarray(compute(*(each.values for each in given))).reshape(shape))


def _hollow(tensor: Tensor) -> Array:
    """An array of the shape that holds one value: to be cut and turned as the tensor is."""
    return tensor.values if tensor.values is not None else np.broadcast_to(np.int8(0), tensor.shape)


def _moved(change: Compute) -> Rule:
    """A rule for what moves values about and computes none."""

    def rule(node: Node, given: Given) -> list[Tensor]:
        found = change(node, _hollow(given[0]), *given[1:])
        parts = found if isinstance(found, list) else [found]
        known = given[0].values is not None
        return [Tensor(each.shape, each if known and each.size <= FEW else None) for each in parts]

    return rule


def _each(compute: Compute | None = None) -> Rule:
    """A rule for arithmetic value by value, shapes broadcast."""

    def rule(_: Node, given: Given) -> list[Tensor]:
        shape = _broadcast(*(each.shape for each in given if each is not None))
        return [Tensor(shape) if compute is None else _few(shape, compute, *given)]

    return rule


def _divided(one: Array, other: Array) -> Array:
    if not np.issubdtype(one.dtype, np.integer):
        return np.divide(one, other)
    found = one // other  # towards minus infinity, where ONNX means zero
    return np.where((one % other != 0) & (one < 0), found + 1, found)


def _mod(node: Node, given: Given) -> list[Tensor]:
    return _each(np.fmod if node.get("fmod", 0) else np.mod)(node, given)


def _same(_: Node, given: Given) -> list[Tensor]:
    return [Tensor(given[0].shape)]


def _cast(node: Node, given: Given) -> list[Tensor]:
    kind = _TYPES.get(node.get("to"))
    return [
        Tensor(given[0].shape) if kind is None else _few(given[0].shape, lambda v: v.astype(kind), *given)
    ]


def _shape(node: Node, given: Given) -> list[Tensor]:
    sizes = given[0].shape[node.get("start", 0) : node.get("end")]
    return [Tensor((len(sizes),), np.array(sizes, np.int64))]


def _size(_: Node, given: Given) -> list[Tensor]:
    return [Tensor((), np.array(math.prod(given[0].shape), np.int64))]


def _filled(node: Node, given: Given) -> list[Tensor]:
    value = node.get("value", Tensor((1,), np.zeros(1, np.float32)))
    shape = _sizes(_values(given[0]))
    return [_few(shape, lambda each: np.full(shape, each.ravel()[0]), value)]


def _range(_: Node, given: Given) -> list[Tensor]:
    for each in given:
        _values(each)
    start, limit, step = (each.values.ravel()[0].item() for each in given if each.values is not None)
    count = max(math.ceil((limit - start) / step), 0)
    return [_few((count,), lambda first, _, by: first.ravel() + by.ravel() * np.arange(count), *given)]


def _sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    if min(sizes, default=0) < 0:
        raise RefusedError("a tensor of a negative size")
    return tuple(sizes)


def _expand(_: Node, given: Given) -> list[Tensor]:
    shape = _broadcast(given[0].shape, _sizes(_values(given[1])))
    return [_few(shape, lambda values: np.broadcast_to(values, shape), given[0])]


def _tile(_: Node, given: Given) -> list[Tensor]:
    times = _sizes(_values(given[1]))
    return [Tensor(tuple(size * n for size, n in zip(given[0].shape, times, strict=True)))]


def _reshape(node: Node, given: Given) -> list[Tensor]:
    before, wanted = given[0].shape, _values(given[1])
    if not node.get("allowzero", 0):
        wanted = [before[at] if size == 0 else size for at, size in enumerate(wanted)]
    if wanted.count(-1) == 1:
        rest = math.prod(size for size in wanted if size != -1)
        wanted[wanted.index(-1)] = math.prod(before) // rest if rest else 0
    shape = _sizes(wanted)
    if math.prod(shape) != math.prod(before):
        raise RefusedError("a tensor is reshaped to another size")
    return [_few(shape, lambda values: values.reshape(shape), given[0])]


def _flatten(node: Node, given: Given) -> list[Tensor]:
    axis, shape = node.get("axis", 1), given[0].shape
    return [Tensor((math.prod(shape[:axis]), math.prod(shape[axis:])))]


def _transpose(node: Node, values: Array) -> Array:
    return np.transpose(values, node.get("perm"))


def _slice(_: Node, values: Array, *given: Tensor) -> Array:
    starts, ends = _values(given[0]), _values(given[1])
    more = [_values(each) if each is not None else None for each in (*given[2:], None, None)]
    axes, steps = more[0] or range(len(starts)), more[1] or [1] * len(starts)
    cut = [slice(None)] * values.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        cut[axis] = slice(start, end, step)
    return values[tuple(cut)]


def _squeeze(_: Node, values: Array, axes: Tensor | None = None) -> Array:
    return np.squeeze(values, None if axes is None else tuple(_values(axes)))


def _unsqueeze(_: Node, values: Array, axes: Tensor) -> Array:
    return np.expand_dims(values, tuple(_values(axes)))


def _split(node: Node, values: Array, *sizes: Tensor) -> list[Array]:
    axis, n = node.get("axis", 0), len(node.outputs)
    each = _values(sizes[0]) if sizes else [values.shape[axis] // n] * n
    if len(each) != n or sum(each) != values.shape[axis] or min(each) < 0:
        raise RefusedError("a tensor is split to another size")
    return np.split(values, np.cumsum(each)[:-1], axis)


def _gather(node: Node, given: Given) -> list[Tensor]:
    data, at, axis = *given, node.get("axis", 0) % len(given[0].shape)
    shape = (*data.shape[:axis], *at.shape, *data.shape[axis + 1 :])
    return [_few(shape, lambda values, indices: np.take(values, indices, axis), data, at)]


def _concat(node: Node, given: Given) -> list[Tensor]:
    axis, shape = node.attributes["axis"], list(given[0].shape)
    axis %= len(shape)
    if any(len(each.shape) != len(shape) for each in given):
        raise RefusedError("tensors of different dimensions are joined")
    shape[axis] = sum(each.shape[axis] for each in given)
    return [_few(shape, lambda *parts: np.concatenate(parts, axis), *given)]


def _pad(_: Node, given: Given) -> list[Tensor]:
    by, shape = _values(given[1]), given[0].shape
    ends = zip(shape, by[: len(shape)], by[len(shape) :], strict=True)
    return [Tensor(_sizes([size + before + after for size, before, after in ends]))]


def _reduce(node: Node, given: Given) -> list[Tensor]:
    shape, axes = list(given[0].shape), node.get("axes")
    if len(given) > 1 and given[1] is not None:
        axes = _values(given[1])
    if not axes and node.get("noop_with_empty_axes", 0):
        return [Tensor(tuple(shape))]
    return [Tensor(_without(shape, axes or range(len(shape)), node.get("keepdims", 1)))]


def _argument(node: Node, given: Given) -> list[Tensor]:
    return [Tensor(_without(list(given[0].shape), [node.get("axis", 0)], node.get("keepdims", 1)))]


def _without(shape: list[int], axes: Sequence[int], keep: int) -> tuple[int, ...]:
    gone = {axis % len(shape) for axis in axes} if shape else set()
    return tuple(1 if at in gone else size for at, size in enumerate(shape) if keep or at not in gone)


def _matmul(_: Node, given: Given) -> list[Tensor]:
    one, other = given[0].shape, given[1].shape
    rows = one if len(one) > 1 else (1, *one)
    columns = other if len(other) > 1 else (*other, 1)
    if rows[-1] != columns[-2]:
        raise RefusedError("matrices do not fit")
    shape = list(_broadcast(rows[:-2], columns[:-2]))
    shape += rows[-2:-1] if len(one) > 1 else ()
    return [Tensor((*shape, *(columns[-1:] if len(other) > 1 else ())))]


def _gemm(node: Node, given: Given) -> list[Tensor]:
    one = given[0].shape[:: -1 if node.get("transA", 0) else 1]
    other = given[1].shape[:: -1 if node.get("transB", 0) else 1]
    if len(one) != 2 or len(other) != 2 or one[1] != other[0]:
        raise RefusedError("matrices do not fit")
    return [Tensor((one[0], other[1]))]


def _einsum(node: Node, given: Given) -> list[Tensor]:
    return [Tensor(tuple(letters[each] for each in out)) for letters, out in [einsum_letters(node, given)]]


def einsum_letters(node: Node, given: Given) -> tuple[dict[str, int], str]:
    """The size of each letter of an equation without dots, and the letters of its result."""
    left, arrow, out = node.attributes["equation"].replace(" ", "").partition("->")
    terms = left.split(",")
    if not arrow or any(len(term) != len(each.shape) for term, each in zip(terms, given, strict=True)):
        raise RefusedError("an equation does not fit")
    sizes: dict[str, int] = {}
    for term, each in zip(terms, given, strict=True):
        for letter, size in zip(term, each.shape, strict=True):
            sizes[letter] = max(size, sizes.get(letter, 1))
    return sizes, out


def _gru(_: Node, given: Given) -> list[Tensor]:
    length, rows = given[0].shape[:2]
    directions, gates = given[1].shape[:2]
    width = gates // 3
    return [Tensor((length, directions, rows, width)), Tensor((directions, rows, width))]


def _like_second(_: Node, given: Given) -> list[Tensor]:
    return [Tensor(given[1].shape)]


def _top(node: Node, given: Given) -> list[Tensor]:
    shape, axis = list(given[0].shape), node.get("axis", -1)
    shape[axis] = min(_values(given[1])[0], shape[axis])
    return [Tensor(_sizes(shape))] * 2


def _quantized(_: Node, given: Given) -> list[Tensor]:
    return [Tensor(given[0].shape), Tensor(()), Tensor(())]


_EACH: Final = """
    Abs Acos Asin Atan BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Ceil Clip Cos Cosh Elu Erf Exp Gelu
    HardSigmoid HardSwish IsInf IsNaN LeakyRelu Log Max Mean Min Mish PRelu Pow Reciprocal Relu Round
    Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Sum Tan Tanh Xor
"""
_SAME: Final = """
    CumSum DequantizeLinear EyeLike LayerNormalization LogSoftmax QuantizeLinear ScatterElements ScatterND
    Softmax Trilu
"""
_REDUCED: Final = """
    ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
    ReduceSumSquare
"""
RULES: Final[dict[str, Rule]] = {
    **dict.fromkeys(_EACH.split(), _each()), **dict.fromkeys(_SAME.split(), _same),
    **dict.fromkeys(_REDUCED.split(), _reduce),
    "Add": _each(np.add), "Sub": _each(np.subtract), "Mul": _each(np.multiply), "Div": _each(_divided),
    "Neg": _each(np.negative), "Mod": _mod, "Floor": _each(np.floor),
    "Identity": _each(lambda values: values),
    "Equal": _each(np.equal), "Greater": _each(np.greater), "GreaterOrEqual": _each(np.greater_equal),
    "Less": _each(np.less), "LessOrEqual": _each(np.less_equal), "And": _each(np.logical_and),
    "Or": _each(np.logical_or), "Not": _each(np.logical_not), "Where": _each(np.where), "Cast": _cast,
    "ConstantOfShape": _filled, "Shape": _shape, "Size": _size, "Range": _range,
    "Expand": _expand, "Tile": _tile, "Reshape": _reshape, "Flatten": _flatten, "Pad": _pad,
    "Transpose": _moved(_transpose), "Slice": _moved(_slice), "Squeeze": _moved(_squeeze),
    "Unsqueeze": _moved(_unsqueeze), "Split": _moved(_split), "Gather": _gather, "Concat": _concat,
    "GatherElements": _like_second, "ArgMax": _argument, "ArgMin": _argument, "TopK": _top,
    "MatMul": _matmul, "MatMulInteger": _matmul, "Gemm": _gemm, "Einsum": _einsum, "GRU": _gru,
    "DynamicQuantizeLinear": _quantized,
}  # fmt: skip

_INTEGERS: Final = (
    "Shape", "Size", "ArgMax", "ArgMin", "TopK", "DynamicQuantizeLinear", "QuantizeLinear", "MatMulInteger",
)  # fmt: skip


def makes_integers(node: Node, given: Given) -> bool:
    """Whether an operator's outputs are integers; of several types, whether one of them is."""
    if node.operator == "Cast":
        return node.get("to") in WHOLE
    if node.operator == "ConstantOfShape":
        return "value" in node.attributes and node.attributes["value"].whole
    if node.operator == "DequantizeLinear":
        return False
    return node.operator in _INTEGERS or given[1 if node.operator == "Where" else 0].whole


def check_division(node: Node, given: Given) -> None:
    """Refuse integers divided by what is not known to be above 0: some end the process, not the run."""
    divisor = given[1].values
    if given[0].whole and (divisor is None or (divisor <= 0).any()):
        raise RefusedError("integers are divided by what may be 0")
