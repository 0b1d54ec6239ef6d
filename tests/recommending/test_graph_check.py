"""Graphs of strangers: what no export holds is refused before ONNX Runtime sees it."""

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
from recsys.files import write_manifest
from recsys.recommending import bundle as b
from recsys.recommending.graph_check import check_graph
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
    node = helper.make_node(operator, ["scores"], ["out"], domain=domain)
    output = [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)]
    graph = helper.make_graph([node], "branch", [], output)
    for _ in range(depth):
        inner = helper.make_node("If", ["one"], ["out"], then_branch=graph, else_branch=graph)
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
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), HOSTILE.values(), ids=HOSTILE)
def test_what_no_export_holds_is_refused(bundle, change, words):
    changed(bundle, change)
    with pytest.raises(RunError) as error:
        b.Bundle.open(bundle)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_what_exports_hold_is_taken(bundle):
    changed(bundle, with_node("If", ["one"], ["unused"], then_branch=branch(), else_branch=branch()))
    check_graph(bundle / b.MODEL)


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
        check_graph(other)
