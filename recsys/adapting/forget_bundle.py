"""A bundle without some of its climbers: their logbooks, ids, and their rows of the graph's embeddings.

What is skill and catalogue in it was worked out of everybody's sends and stays (a run's are made anew).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from recsys import columns as c
from recsys.adapting.leaving import FACTS, POOLED, check_climbers, held, rewritten, told
from recsys.arrays import Array, packed, unpacked
from recsys.columns import CLIMBER, FIRST_VALUE_ID
from recsys.errors import RunError, UsageError
from recsys.files import read_json, write_json
from recsys.manifest import MANIFEST, check_manifest, write_manifest
from recsys.recommending import bundle as b
from recsys.recommending.card import read_card, write_card
from recsys.recommending.fields import Fields
from recsys.recommending.stored import CLIMBER_VECTORS, EMBEDDINGS, OFFSETS

_MOST: Final = 10**9  # climbers that a bundle may say were forgotten
_MADE_ANEW: Final = (b.HISTORIES, b.ARRAYS, b.CONSTANTS, b.MODEL, MANIFEST, ".tmp-*", ".old-*")


def forget_in_bundle(folder: Path, climbers: Sequence[str], output: Path | None) -> int:
    """`recsys.adapting.forgetting.forget` of a bundle."""
    with held(folder):
        return _forgotten(folder, climbers, output)


def _forgotten(folder: Path, climbers: Sequence[str], output: Path | None) -> int:
    bundle = b.Bundle.open(folder)
    if bundle.features.texts is not None:
        raise UsageError(f"{folder}: {POOLED}")
    counted = bundle.method.counted
    if counted is not None and counted.KEEPS_SENDS:  # which of them were whose, a bundle does not tell
        raise UsageError(
            f"{folder}: {counted.KIND} keeps everybody's sends; forget in the run, and export it"
        )
    check_climbers(folder, climbers, bundle.climbers)
    listed = [name for name in check_manifest(folder) if not name.endswith("/")]
    with rewritten(folder, output) as fresh:
        shutil.copytree(
            folder, fresh, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*_MADE_ANEW)
        )
        known = read_json(folder / b.CONSTANTS)["vocabularies"].get(CLIMBER, [])
        gone = [index for index, each in enumerate(known) if each in climbers]
        sends = _write_histories(folder, fresh, climbers, gone)
        _write_model(folder, fresh, known, gone)
        about = Fields.read(folder / b.BUNDLE)
        before = about.integer(FACTS, 0, _MOST) if FACTS in about else 0
        write_json(fresh / b.BUNDLE, {**read_json(folder / b.BUNDLE), FACTS: before + len(climbers)})
        write_card(fresh, told(read_card(folder), before, len(climbers)))
        write_manifest(fresh, listed)
        b.Bundle.open(fresh)
    return sends


def _write_histories(folder: Path, fresh: Path, climbers: Sequence[str], gone: Sequence[int]) -> int:
    """histories.json and arrays.npz of the others; texts that nobody else logged go too.

    `gone` are the climbers' indices in the vocabulary, which their embeddings go by.

    What no reader of a bundle knows may hold anybody's rows, and is left out.
    """
    read, before = read_json(folder / b.HISTORIES), _arrays(folder / b.ARRAYS)
    texts = {name: read[name] for name in (c.CLIMBER_ID, *b.CODED)}
    stays = np.array([each not in climbers for each in texts[c.CLIMBER_ID]])
    counts = np.diff(before[OFFSETS])
    rows = np.repeat(stays, counts)
    arrays = {n: v[rows] for n, v in before.items() if n not in (OFFSETS, EMBEDDINGS, CLIMBER_VECTORS)}
    if EMBEDDINGS in before:
        arrays[EMBEDDINGS] = before[EMBEDDINGS]
    if CLIMBER_VECTORS in before:
        arrays[CLIMBER_VECTORS] = _without(before[CLIMBER_VECTORS], gone)
    arrays[OFFSETS] = np.concatenate([[0], np.cumsum(counts[stays])]).astype(np.int64)
    texts[c.CLIMBER_ID] = [each for each, kept in zip(texts[c.CLIMBER_ID], stays, strict=True) if kept]
    for name in b.CODED:
        used, codes = np.unique(arrays[name][arrays[name] >= 0], return_inverse=True)
        arrays[name][arrays[name] >= 0] = codes
        texts[name] = [texts[name][index] for index in used]
    write_json(fresh / b.HISTORIES, texts)
    (fresh / b.ARRAYS).write_bytes(packed(arrays))
    return int((~rows).sum())


def _arrays(path: Path) -> dict[str, Array]:
    known = (EMBEDDINGS, CLIMBER_VECTORS, OFFSETS, c.RATING, c.DAY, c.DAY_INDEX, *b.CODED, *b.WRITTEN)
    try:
        return unpacked(path, known)
    except ValueError as error:
        raise RunError(f"{path}: {error}; export it again") from None


def _without(table: Array, gone: Sequence[int]) -> Array:
    """A table by id without some rows, which are indices in the vocabulary."""
    return np.delete(table, np.array(gone, dtype=np.int64) + FIRST_VALUE_ID, axis=0)


def _write_model(folder: Path, fresh: Path, known: Sequence[str], gone: Sequence[int]) -> None:
    """features.json without the ids, and the graph without their rows."""
    constants = read_json(folder / b.CONSTANTS)
    if gone:
        stays = [each for index, each in enumerate(known) if index not in set(gone)]
        constants["vocabularies"][CLIMBER] = stays
    write_json(fresh / b.CONSTANTS, constants)
    if not (folder / b.MODEL).is_file():
        return
    if gone:
        _drop_rows(folder / b.MODEL, fresh / b.MODEL, len(known) + FIRST_VALUE_ID, gone)
    else:
        shutil.copyfile(folder / b.MODEL, fresh / b.MODEL)


def _drop_rows(source: Path, target: Path, n_ids: int, gone: Sequence[int]) -> None:
    """The graph with rows taken out of every table that the climber's id is looked up in."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(source), load_external_data=False)
    tables = {each.name: each for each in model.graph.initializer}
    found = _looked_up(model.graph) & tables.keys()
    if CLIMBER in {each.name for each in model.graph.input} and not found:
        raise RunError(f"{source}: has no table of climbers; forget in the run, and export it again")
    for name in found:
        values = numpy_helper.to_array(tables[name])
        if len(values) != n_ids:
            raise RunError(f"{source}: {name} is no table of {n_ids} climbers; forget in the run, and export")
        tables[name].CopyFrom(numpy_helper.from_array(_without(values, gone), name))
    target.write_bytes(model.SerializeToString())


def _looked_up(graph: Any) -> set[str]:
    """Names of what rows are gathered from by the climber's id, or by what is worked out of it alone."""
    of_climber, constant = {CLIMBER}, {each.name for each in graph.initializer} | {""}
    found = set()
    for node in graph.node:  # in the order in which they are worked out
        if node.op_type == "Gather" and node.input[1] in of_climber:
            found.add(node.input[0])
        elif node.op_type == "Constant":
            constant.update(node.output)
        elif not of_climber.isdisjoint(node.input) and (of_climber | constant).issuperset(node.input):
            of_climber.update(node.output)
    return found
