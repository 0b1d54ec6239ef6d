"""A run as a bundle (see `recsys.recommending.bundle`): written whole or not at all, and checked before."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from recsys import run_files
from recsys.atomic import atomic_folder
from recsys.baselines.rows import COUNTING
from recsys.console import progress, say
from recsys.errors import UsageError
from recsys.exporting import constants
from recsys.exporting.copied import model_bytes
from recsys.exporting.graph import REQUESTS, check_parity, export_graph
from recsys.exporting.histories import write_histories
from recsys.exporting.int8 import METRIC, check_loss, quantise, recall
from recsys.files import write_json
from recsys.manifest import MANIFEST, sha256, write_manifest
from recsys.nouns import spoken
from recsys.recommending import bundle as b
from recsys.recommending.answering import write_method
from recsys.recommending.card import read_card
from recsys.recommending.kept import OF
from recsys.runs import Run
from recsys.sequences.run_tables import read_climbs_table
from recsys.training.skill import fit_skill, skill_sends
from recsys.training.trained import TrainedRun


def export(
    run: Run,
    output: Path,
    int8: bool = False,
    overwrite: bool = False,
    trust: bool = False,
    name: str | None = None,
) -> dict[str, Any]:
    """Write the bundle of a finished run; returns what was measured on the way.

    Parameters
    ----------
    run:
        As returned by `Run.open`.
    output:
        The folder to make.
    int8:
        Quantise the weights, if recall@10 on the run's test part stays within 1%.
    overwrite:
        Replace a folder that has something in it.
    trust:
        Load NVTabular's pickle where the run's workflow has no description; it can run any code.
    name:
        What the run is called; None: as its folder.

    Raises
    ------
    RunError
        The folder is taken, the graph departs from the model, or int8 loses too much.
    UsageError
        int8 was asked of a method that only counts.
    """
    if int8 and run.config.method in COUNTING:
        raise UsageError(f"`int8` is for a network's weights, and {run.config.method} counts; leave it out")
    card = read_card(run.folder)  # before what takes long
    with atomic_folder(output, replace=overwrite) as folder:
        with progress("loading the run"):
            trained = TrainedRun(run, trust)
        measured = _write_network(trained, folder / b.MODEL, int8) if trained.network is not None else {}
        write_method(trained.method, folder)
        measured["bytes"] = model_bytes(folder)
        features = constants.features_of(trained.workflow, run.folder / run_files.WORKFLOW)
        write_json(folder / b.CONSTANTS, constants.to_json(features))
        write_json(folder / b.CLIMBS, trained.catalogue.to_columns())
        write_histories(
            trained.stored,
            folder,
            None if trained.network is None else np.asarray(trained.embeddings),
            trained.climber_vectors,
        )
        (folder / run_files.CARD).write_text(_card(card, measured), encoding="utf-8")
        write_json(folder / b.BUNDLE, _about(trained, name or run.folder.name, measured))
        skill = trained.skill or fit_skill(skill_sends(run.folder), read_climbs_table(run.folder))
        skill.save(folder / run_files.SKILL)
        write_manifest(folder, [*b.files_of(trained.method), run_files.SKILL])
    return measured


def _write_network(trained: TrainedRun, path: Path, int8: bool) -> dict[str, Any]:
    """model.onnx, and how near it comes to PyTorch."""
    config = trained.run.config.model
    with progress("exporting the model"):
        assert trained.network is not None
        export_graph(trained.network, trained.schema, config, path)
        worst = check_parity(trained.network, trained.schema, config, path)
    say(f"ONNX and PyTorch differ by {worst:.1e} at the most on {REQUESTS} random requests")
    measured: dict[str, Any] = {"largest_difference": worst, "requests": REQUESTS, "int8": int8}
    if int8:
        measured[METRIC] = _to_int8(trained, path)
    return measured


def _to_int8(trained: TrainedRun, path: Path) -> dict[str, Any]:
    """Put the int8 graph in place of the float one, if it may be; recall@10 before and after."""
    from recsys.sequences.prepare import load_prepared

    config, full = trained.run.config, path.with_name("float.onnx")
    path.rename(full)
    quantise(full, path)
    with progress("measuring int8 on the test part"):
        prepared = load_prepared(trained.run.folder, config.training.accelerator)
        before, after = (
            recall(graph, prepared, config.model.length, config.exclude_seen, trained.climber_vectors)
            for graph in (full, path)
        )
    for name, value in before.items():
        say(f"{METRIC} on the test part, {name}: {value:.4f} in float, {after[name]:.4f} in int8")
    full.unlink()
    check_loss(before, after)
    return {"float": before, "int8": after}


def _about(trained: TrainedRun, name: str, measured: dict[str, Any]) -> dict[str, Any]:
    config = trained.run.config
    return {
        "format": b.FORMAT,
        "version": metadata.version("recsys-climb"),
        "run": name,
        OF: sha256(trained.run.folder / MANIFEST),
        "length": trained.window,
        "method": trained.method.method,
        "attributes": list(trained.attributes),
        "day": trained.day,
        "n_items": len(trained.catalogue),
        "model": config.model.model_dump(mode="json") if config.trains_transformer else {},
        "facts": config.facts,
        "measured": measured,
    }


def _card(card: str, measured: dict[str, Any]) -> str:
    """The run's model card, and what the bundle adds to it."""
    made = "- NumPy arrays; scores are those of the run, by the same code"
    if "requests" in measured:
        weights = "int8 weights" if measured["int8"] else "float32"
        made = (
            f"- ONNX, {weights}; scores differ from PyTorch's by at most "
            f"{measured['largest_difference']:.1e} (float32, {measured['requests']} random requests)"
        )
    lines = [
        "## This bundle",
        made,
        "- it needs ONNX Runtime and NumPy only, and holds no pickle",
        "- it holds the logbooks of the run's climbers, of comments and beta only whether there were any",
        "- `recsys recommend FOLDER --climber ID` asks it, `recsys serve FOLDER` serves it",
    ]
    return card.rstrip() + "\n\n" + spoken("\n".join(lines)) + "\n"
