"""The data of the comparison, prepared once by the project and handed to every system."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

VALIDATION_CASES = 1_500  # that every system is chosen by, evenly spaced
HERE = Path(__file__).parent


def prepare(name: str, settings: dict[str, Any], source: Path, folder: Path) -> dict[str, Any]:
    """Split the data and write what `exchange` describes; what was written before stays.

    Parameters
    ----------
    name:
        Of the data.
    settings:
        Of the project's run that reads it: split, schema, fewest sends.
    source:
        Its file.
    folder:
        Where the project's run and the exchange are kept.
    """
    done = folder / "split.json"
    if done.exists():
        return json.loads(done.read_text())
    from recsys.baselines.interactions import Interactions
    from recsys.config.settings import configure
    from recsys.runs import Run
    from recsys.sequences.cases import Cases
    from recsys.training.prepare import prepare_run

    config, _ = configure({"data": source, **resolved(settings)})
    folder.mkdir(parents=True, exist_ok=True)
    with Run(folder / "run").lock():
        prepared, config = prepare_run(Run(folder / "run"), config)
    interactions = Interactions.of(prepared)
    training = interactions.training
    items, users = interactions.items[training], interactions.climbers[training]
    seconds = np.round(interactions.days[training] * (86_400 if prepared.sends["day"].max() < 1e6 else 1))
    np.savez(folder / "sends.npz", users=users, items=items, times=seconds.astype(np.int64))
    found = {}
    for part, most in (("validation", VALIDATION_CASES), ("test", None)):
        cases = Cases.of(prepared.sequences, prepared.parts, part, most)
        histories(folder / f"{part}.npz", cases)
        found[part] = cases
    np.savez(folder / "answers.npz", targets=found["validation"].targets)
    np.savez(folder / "kept-back.npz", targets=found["test"].targets, climbers=found["test"].climbers)
    split = {
        "data": name,
        "n_items": prepared.n_items,
        "cases": {part: len(cases) for part, cases in found.items()},
        "not_in_catalogue": int((found["test"].targets < 0).sum()),
        "training": len(training),
        "data_sha256": hashlib.sha256(source.read_bytes()).hexdigest()[:16],
        "targets_sha256": targets_hash(folder),
        "split": config.split,
        "min_sends": config.min_sends,
    }
    done.write_text(json.dumps(split, indent=1))
    return split


def resolved(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings, a schema beside this file by its path."""
    schema = settings.get("schema", "")
    return settings | ({"schema": HERE / schema} if schema.endswith(".toml") else {})


def histories(path: Path, cases: Any) -> None:
    """Everything before each target, of the catalogue, in order."""
    rows, items = cases.seen(np.arange(len(cases)))
    rows, items = rows[items >= 0], items[items >= 0]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(cases)))])
    np.savez(path, offsets=offsets, items=items)


def targets_hash(folder: Path) -> str:
    """Of the test cases: their histories and their targets."""
    test, kept = np.load(folder / "test.npz"), np.load(folder / "kept-back.npz")
    found = hashlib.sha256()
    for each in (test["offsets"], test["items"], kept["targets"]):
        found.update(np.ascontiguousarray(each, dtype=np.int64).tobytes())
    return found.hexdigest()[:16]
