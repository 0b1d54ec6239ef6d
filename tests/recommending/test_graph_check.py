"""Graphs of strangers: what no export holds, or comes to, is refused before ONNX Runtime sees it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from recsys.errors import RunError
from recsys.manifest import write_manifest
from recsys.recommending import bundle as b
from recsys.recommending.graph_check import CheckedGraph
from recsys.recommending.graph_parts import Node, Tensor
from recsys.recommending.graph_shapes import RULES
from tests.builders.light_bundle import write_light_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_light_bundle(tmp_path / "bundle")


def changed(bundle: Path, change) -> Path:
    model = onnx.load(bundle / b.MODEL, load_external_data=False)
    change(model)
    (bundle / b.MODEL).write_bytes(model.SerializeToString())
    write_manifest(bundle, b.FILES)
    return bundle / b.MODEL


def branch(domain: str = "", operator: str = "Identity", depth: int = 0):
    """A graph of one node, in so many others."""
    node = helper.make_node(operator, ["scores"], ["inner"], domain=domain)
    output = [helper.make_tensor_value_info("inner", TensorProto.FLOAT, None)]
    graph = helper.make_graph([node], "branch", [], output)
    for _ in range(depth):
        inner = helper.make_node("If", ["one"], ["inner"], then_branch=graph, else_branch=graph)
        graph = helper.make_graph([inner], "branch", [], output)
    return graph


def outside(model, tensor) -> None:
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../secret")


def within_attribute(model) -> None:
    tensor = numpy_helper.from_array(np.zeros(2, np.float32))
    outside(model, tensor)
    model.graph.node.append(helper.make_node("Constant", [], ["unused"], value=tensor))


def with_node(*words, **named):
    return lambda model: model.graph.node.append(helper.make_node(*words, **named))


def with_function(model) -> None:
    made = helper.make_function("own", "F", ["x"], ["y"], [], [helper.make_opsetid("", 17)])
    model.functions.append(made)


def constant(model, name: str, values) -> str:
    model.graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))
    return name


def expanded(model) -> None:
    constant(model, "shape", [30_000, 30_000])
    model.graph.node.append(helper.make_node("Expand", ["one", "shape"], ["unused"]))


def multiplied(model) -> None:
    """Forty products of matrices that are written as two numbers each."""
    constant(model, "shape", [1500, 1500])
    model.graph.node.append(helper.make_node("ConstantOfShape", ["shape"], ["m0"]))
    for i in range(40):
        model.graph.node.append(helper.make_node("MatMul", [f"m{i}", f"m{i}"], [f"m{i + 1}"]))


def repeated(operator: str, *shapes: tuple[int, int]):
    """One operator two thousand times, each time of the same constants."""

    def change(model) -> None:
        names = [f"m{i}" for i in range(len(shapes))]
        for name, shape in zip(names, shapes, strict=True):
            constant(model, f"shape of {name}", shape)
            model.graph.node.append(helper.make_node("ConstantOfShape", [f"shape of {name}"], [name]))
        for i in range(2000):
            model.graph.node.append(helper.make_node(operator, names, [f"r{i}"]))

    return change


def nodes(model, n: int) -> list[None]:
    made = [helper.make_node("Neg", ["m0"], [f"n{i}"]) for i in range(n)]
    return [model.graph.node.append(each) for each in made]


def one_larger(model) -> None:
    """A tensor that all tensors together might come to."""
    constant(model, "shape", [300, 300])
    model.graph.node.append(helper.make_node("ConstantOfShape", ["shape"], ["unused"]))


def doubled(model) -> None:
    constant(model, "c0", np.zeros(8, np.float32))
    for i in range(30):
        model.graph.node.append(helper.make_node("Concat", [f"c{i}"] * 2, [f"c{i + 1}"], axis=0))


def broadcast(model) -> None:
    constant(model, "row", np.zeros((1, 1000), np.float32))
    constant(model, "column", np.zeros((1000, 1), np.float32))
    model.graph.node.append(helper.make_node("Add", ["row", "column"], ["square"]))
    model.graph.node.append(helper.make_node("Unsqueeze", ["square", "one"], ["squares"]))
    model.graph.node.append(helper.make_node("Add", ["squares", "column"], ["cube"]))


def as_many_as_asked(model) -> None:
    model.graph.node.append(helper.make_node("ReduceMax", ["climb"], ["most"], keepdims=0))
    model.graph.node.append(helper.make_node("Reshape", ["most", "one"], ["size"]))
    model.graph.node.append(helper.make_node("ConstantOfShape", ["size"], ["unused"]))


def at_one_batch(model) -> None:
    """A matrix whose size is nothing but where seven are asked for."""
    constant(model, "seven", np.array(7))
    constant(model, "zero", np.array([0]))
    constant(model, "first", np.array(0))
    constant(model, "large", np.array([20_000, 20_000]))
    for words in (
        ("Shape", ["climber"], ["rows"]), ("Gather", ["rows", "first"], ["row"]),
        ("Equal", ["row", "seven"], ["asked"]), ("Where", ["asked", "large", "zero"], ["chosen"]),
        ("ConstantOfShape", ["chosen"], ["unused"]),
    ):  # fmt: skip
        model.graph.node.append(helper.make_node(*words))


def divided(model) -> None:
    """The smallest integer by -1 ends the process, not the run."""
    model.graph.node.append(helper.make_node("Div", ["climb", "region"], ["unused"]))


def without_bytes(model) -> None:
    model.graph.initializer.append(TensorProto(name="vast", data_type=1, dims=[50_000, 50_000]))


def asked_with_values(model) -> None:
    constant(model, "climb", np.zeros((1, 1), np.int64))


def of_another_version(model) -> None:
    model.opset_import[0].version = 21


MUCH = "makes far more of its inputs than a network of so few weights"
HOSTILE = {
    "another domain": (with_node("Evil", [], ["x"], domain="evil.example"), "operator b'Evil' of domain"),
    "one of ONNX Runtime's own": (with_node("Tokenizer", [], ["x"], domain="com.microsoft"), "Tokenizer"),
    "chance": (with_node("RandomNormal", [], ["x"], shape=[2]), "operator b'RandomNormal'"),
    "an operator of the future": (with_node("Teleport", [], ["x"]), "operator b'Teleport'"),
    "a loop": (with_node("Loop", ["", ""], ["x"], body=branch()), "operator b'Loop'"),
    "another domain in a branch": (
        with_node("If", ["one"], ["x"], then_branch=branch("evil"), else_branch=branch()), "domain b'evil'",
    ),
    "a loop in a branch of a branch": (
        with_node("If", ["one"], ["x"], then_branch=branch("", "Scan", 2), else_branch=branch()), "b'Scan'",
    ),
    "graphs without an end": (
        with_node("If", ["one"], ["x"], then_branch=branch(depth=9), else_branch=branch()), "within graphs",
    ),
    "a tensor in another file": (lambda m: outside(m, m.graph.initializer[0]), "a tensor is in another file"),
    "a constant in another file": (within_attribute, "a tensor is in another file"),
    "functions": (with_function, "it defines functions"),
    "a vast matrix of two numbers": (expanded, MUCH),
    "products of large matrices": (multiplied, MUCH),
    "very many products": (repeated("MatMul", (8, 1000), (1000, 8)), MUCH),
    "very many values": (repeated("Neg", (100, 100)), MUCH),
    "one large tensor": (one_larger, MUCH),
    "very many operators": (lambda model: [repeated("Neg", (1, 1))(model), *nodes(model, 8500)], "operators"),
    "doubled again and again": (doubled, MUCH),
    "broadcast to a cube": (broadcast, MUCH),
    "a size that is asked for": (as_many_as_asked, "depends on what is asked"),
    "a division by what may be 0": (divided, "divided by what may be 0"),
    "a tensor without its bytes": (without_bytes, "larger than its bytes"),
    "an input with values": (asked_with_values, "has values of its own"),
    "another version": (of_another_version, "operators of version 21"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), HOSTILE.values(), ids=HOSTILE)
def test_what_no_export_holds_is_refused(bundle, change, words):
    changed(bundle, change)
    with pytest.raises(RunError) as error:
        b.Bundle.open(bundle)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def with_a_branch(model) -> None:
    constant(model, "yes", np.array(True))
    model.graph.node.append(
        helper.make_node("If", ["yes"], ["unused"], then_branch=branch(), else_branch=branch())
    )


def test_what_exports_hold_is_taken(bundle):
    changed(bundle, with_a_branch)
    b.Bundle.open(bundle)


def test_every_size_of_a_batch_is_looked_at(bundle):
    changed(bundle, at_one_batch)
    found, batch = b.Bundle.open(bundle), {}
    for rows in (6, 7):
        batch = {name: np.repeat(each[:1], rows, 0) for name, each in found._trial().items()}
        if rows == 6:
            assert found.logits(batch).shape == (6, 12)
    with pytest.raises(RunError, match=MUCH):
        found.logits(batch)


SHAPES = {
    "Reshape": ("Reshape", [(2, 3, 4), [0, -1]], {}),
    "Slice backwards": ("Slice", [(5, 4), [-1], [-99], [0], [-2]], {}),
    "Slice": ("Slice", [(5, 4), [1], [2**62], [1]], {}),
    "Squeeze": ("Squeeze", [(1, 3, 1), [0]], {}),
    "Gather": ("Gather", [(5, 4), [[0, 1], [2, 3]]], {"axis": 1}),
    "Concat": ("Concat", [(2, 3), (2, 4)], {"axis": -1}),
    "Pad": ("Pad", [(2, 3), [0, 1, 2, 0]], {}),
    "ReduceSum": ("ReduceSum", [(2, 3, 4), [1]], {"keepdims": 0}),
    "ArgMax": ("ArgMax", [(2, 3)], {"axis": 1, "keepdims": 0}),
    "MatMul": ("MatMul", [(5, 1, 2, 3), (4, 3, 6)], {}),
    "MatMul of a row": ("MatMul", [(3,), (2, 3, 6)], {}),
    "Gemm": ("Gemm", [(3, 2), (4, 3)], {"transA": 1, "transB": 1}),
    "Einsum": ("Einsum", [(2, 3, 4), (4, 5)], {"equation": "ibh,hd->bid"}),
    "Expand": ("Expand", [(3, 1), [2, 1, 4]], {}),
    "Tile": ("Tile", [(2, 3), [2, 3]], {}),
    "Range": ("Range", [2, 11, 4], {}),
    "Flatten": ("Flatten", [(2, 3, 4)], {"axis": 2}),
    "Transpose": ("Transpose", [(2, 3, 4)], {"perm": [2, 0, 1]}),
}


@pytest.mark.parametrize(("operator", "given_", "attributes"), SHAPES.values(), ids=SHAPES)
def test_shapes_are_those_that_onnx_runtime_makes(operator, given_, attributes, tmp_path):
    """Tuples stand for tensors of that shape, lists and numbers for their values."""
    from recsys.recommending.runtime import session

    arrays = {
        f"x{i}": np.zeros(each, np.float32) if isinstance(each, tuple) else np.array(each)
        for i, each in enumerate(given_)
    }
    nodes = [helper.make_node(operator, list(arrays), ["y"], **attributes)]
    tensors = [numpy_helper.from_array(values, name) for name, values in arrays.items()]
    output = [helper.make_tensor_value_info("y", 0, None)]
    graph = helper.make_graph(nodes, "one", [], output, tensors)
    graph.output[0].ClearField("type")
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (tmp_path / "one.onnx").write_bytes(model.SerializeToString())
    found = session(tmp_path / "one.onnx").run(None, {})[0]
    work = CheckedGraph(tmp_path / "one.onnx", 1, 1).work({})
    assert work.values == found.size
    given_tensors = [
        Tensor(each.shape, None if each.dtype == np.float32 else each) for each in arrays.values()
    ]
    node = Node(operator, list(arrays), ["y"], attributes)
    assert RULES[operator](node, given_tensors)[0].shape == found.shape


@pytest.fixture(scope="module")
def graph(tmp_path_factory) -> Path:
    return write_light_bundle(tmp_path_factory.mktemp("graph") / "bundle") / b.MODEL


@settings(max_examples=200, deadline=1000)
@given(data=st.data())
def test_any_bytes_end_in_an_answer_or_a_line(graph, data):
    whole = bytearray(graph.read_bytes())
    cut = data.draw(st.integers(0, len(whole)))
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)))):
        whole[at] = byte
    other = graph.with_name("other.onnx")
    other.write_bytes(bytes(whole[:cut]) + data.draw(st.binary(max_size=20)))
    with contextlib.suppress(RunError):
        CheckedGraph(other, 5, 12).check({"climb": np.zeros((2, 5), np.int64)})
