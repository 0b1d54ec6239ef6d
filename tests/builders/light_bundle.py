"""A small bundle made by hand, without a training: the mean of a window's climbs, times every climb."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from recsys import columns as c
from recsys.files import write_json
from recsys.manifest import write_manifest
from recsys.recommending import bundle as b
from recsys.run_files import CARD

N_CLIMBS, N_CLIMBERS, EACH, WIDTH, LENGTH = 12, 4, 6, 4, 5


def write_light_bundle(folder: Path, by_vector: bool = False) -> Path:
    """The bundle's folder, manifest and all; its graph reads climbers by id, or by a vector."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(0)
    climbs = [f"climb-{i:02d}" for i in range(N_CLIMBS)]
    climbers = [f"climber-{i}" for i in range(N_CLIMBERS)]
    vectors = draw.normal(size=(N_CLIMBS, WIDTH)).astype(np.float32)
    write_json(folder / b.BUNDLE, _about())
    write_json(folder / b.CONSTANTS, _features(climbs, climbers))
    write_json(folder / b.CLIMBS, {
        c.CLIMB_ID: climbs, c.CLIMB_NAME: [None, *(f"Slab {i}" for i in range(1, N_CLIMBS))],
        c.GRADE: [f"V{i % 8}" for i in range(N_CLIMBS)], c.REGION: ["Squamish", "Font", None] * 4,
        "stars": [None, *np.linspace(1, 5, N_CLIMBS - 1).tolist()], "sends": [1] * 11 + [9],
    })  # fmt: skip
    texts = {
        c.CLIMBER_ID: climbers,
        c.CLIMB_ID: climbs,
        c.REGION: ["Squamish", "Font"],
        c.GRADE: ["V1", "V2"],
    }
    write_json(folder / b.HISTORIES, texts)
    arrays = {"embeddings": vectors, **_sends(draw)}
    if by_vector:
        arrays["climber_vectors"] = draw.normal(size=(N_CLIMBERS + 3, WIDTH)).astype(np.float32)
    np.savez(folder / b.ARRAYS, **arrays)
    (folder / b.MODEL).write_bytes(_graph(vectors, by_vector).SerializeToString())
    (folder / CARD).write_text("# A bundle made by hand\n")
    write_manifest(folder, b.FILES)
    return folder


def _about() -> dict[str, Any]:
    attributes = [c.REGION, c.GRADE, c.RATING, c.ELAPSED_DAYS, c.COMMENT, c.BETA]
    return {"format": 1, "version": "0.1.0", "run": "hand", "length": LENGTH, "attributes": attributes}


def _features(climbs: list[str], climbers: list[str]) -> dict[str, Any]:
    edges = [-100.0, -98.0, 0.5, 1.5, 2.5]
    return {
        "vocabularies": {"climb": climbs, "climber": climbers, "region": ["Squamish", "Font"]},
        "numbers": {
            n: {"mean": 1.0, "std": 2.0, "edges": edges} for n in ("grade", "rating", "elapsed_days")
        },
        "flags": [c.COMMENT, c.BETA],
        "not_logged": -99.0,
    }


def _sends(draw: np.random.Generator) -> dict[str, np.ndarray]:
    n = N_CLIMBERS * EACH
    return {
        "offsets": np.arange(0, n + 1, EACH, dtype=np.int64),
        c.CLIMB_ID: draw.integers(0, N_CLIMBS, n).astype(np.int32),
        c.REGION: draw.integers(-1, 2, n).astype(np.int32),
        c.GRADE: draw.integers(-1, 2, n).astype(np.int32),
        c.COMMENT: draw.random(n) < 0.5,
        c.BETA: draw.random(n) < 0.5,
        c.RATING: np.where(draw.random(n) < 0.5, np.nan, 3.0),
        c.DAY: 19_000.0 + np.arange(n),
    }


def graph_without(name: str) -> bytes:
    """The graph for features that lack one."""
    model = _graph(np.ones((N_CLIMBS, WIDTH), np.float32))
    kept = [each for each in model.graph.input if each.name != name]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    return model.SerializeToString()


def _graph(vectors: np.ndarray, by_vector: bool = False) -> onnx.ModelProto:
    """Every feature is an input; the climbs' mean vector gives the scores, and the rest a nudge."""
    windows = ["climb", "region", "grade_bin", "rating_bin", "elapsed_days_bin", "comment", "beta"]
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "length"]) for n in windows]
    inputs.append(helper.make_tensor_value_info("grade", TensorProto.FLOAT, ["batch", "length"]))
    if by_vector:
        inputs.append(helper.make_tensor_value_info("climber_vector", TensorProto.FLOAT, ["batch", WIDTH]))
    else:
        inputs.append(helper.make_tensor_value_info("climber", TensorProto.INT64, ["batch"]))
    inputs.append(helper.make_tensor_value_info("given", TensorProto.BOOL, ["batch", 6]))
    table = np.vstack([np.zeros((3, WIDTH), np.float32), vectors])
    constants = {"table": table, "out": vectors.T.copy(), "one": np.array([1], np.int64)}
    node = helper.make_node
    if by_vector:
        constants |= {"taste": np.linspace(0, 1, WIDTH * N_CLIMBS, dtype=np.float32).reshape(WIDTH, N_CLIMBS)}
        person = [node("MatMul", ["climber_vector", "taste"], ["persons"])]
    else:
        constants |= {"people": np.linspace(0, 1, N_CLIMBERS + 3, dtype=np.float32)}
        person = [
            node("Gather", ["people", "climber"], ["person"]),
            node("Unsqueeze", ["person", "one"], ["persons"]),
        ]
    nodes = [
        node("Gather", ["table", "climb"], ["embedded"]),
        node("ReduceMean", ["embedded"], ["mean"], axes=[1], keepdims=0),
        node("MatMul", ["mean", "out"], ["scores"]),
        *person,
        node("ReduceMean", ["grade"], ["level"], axes=[1], keepdims=1),
        node("Cast", ["given"], ["prompts"], to=TensorProto.FLOAT),
        node("ReduceMean", ["prompts"], ["prompt"], axes=[1], keepdims=1),
        node("Sum", ["scores", "persons", "level", "prompt"], ["logits"]),
    ]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", N_CLIMBS])
    tensors = [numpy_helper.from_array(values, name) for name, values in constants.items()]
    graph = helper.make_graph(nodes, "hand", inputs, [output], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
