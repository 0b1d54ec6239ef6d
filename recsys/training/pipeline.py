"""A run from raw sends to metrics.json: read, filter, split, prepare, train, evaluate.

Each step leaves its files whole; ``--resume`` starts after the last one that did.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys import columns as c
from recsys.console import progress, say, warn
from recsys.errors import RunError, UsageError
from recsys.files import atomic_path, check_manifest, read_json, write_json
from recsys.runs import Run, RunConfig

if TYPE_CHECKING:
    import pandas as pd

    from recsys.sequences.prepare import Prepared

SMALL = 2_000  # training sends below which a person is told not to trust the figures


def train_run(
    config: RunConfig, folder: Path, resume: bool = False, overwrite: bool = False
) -> dict[str, Any]:
    """Train and evaluate a run; returns what metrics.json holds.

    Parameters
    ----------
    config:
        Everything the run depends on. Resuming takes the one that the run was started with instead.
    folder:
        Where the run is kept.
    resume:
        Continue a run that was interrupted; one that never started starts now, a finished one stays.
    overwrite:
        Start anew in a folder that holds a run.

    Raises
    ------
    RunError
        The folder holds a run already, or another process is writing to it.
    DataError
        The data cannot be read, or nothing of it is left after filtering.
    """
    run = Run(folder)
    with run.lock():
        started = (folder / "config.json").exists()
        if started and not (resume or overwrite):
            raise RunError(
                f"{folder}: holds a run already; continue it with --resume, replace it with --overwrite, "
                "or choose another --output"
            )
        if started and resume:
            check_manifest(folder)
            config = run.config
            if (folder / "metrics.json").exists():
                say(f"{folder}: was finished already")
                return read_json(folder / "metrics.json")
        elif started:
            _clear(folder)
        began = time.perf_counter()
        prepared, config = _resumed(run) if started and resume else _prepare(run, config)
        return _train(run, prepared, config, resume, time.perf_counter() - began)


def _prepare(run: Run, config: RunConfig) -> tuple[Prepared, RunConfig]:
    """Read, filter and split the sends, fit the workflow, and write what the run was started with."""
    from recsys.sequences.split import assign

    with progress("reading sends"):
        sends, source = _read(config, run.folder)
    frame, k = _filtered(sends.frame, config.min_sends)
    parts, described = assign(frame, config.split, config.seed, sends.has_time)
    with progress("importing Merlin"):
        from recsys.sequences.prepare import prepare
        from workflows.sends import device

    say(device()[1])
    with progress("fitting the workflow"):
        prepared = prepare(frame, parts, sends.has_time, run.folder)
    facts = {
        "source": source,
        "simulated": bool(frame[c.CLIMB_ID].str.startswith(c.SIMULATED).all()),
        "sends_read": sends.n_read,
        "dropped": dict(sends.n_dropped),
        "kept_with_at_least": k,
        "sends": len(frame),
        "climbers": int(frame[c.CLIMBER_ID].nunique()),
        "climbs": int(frame[c.CLIMB_ID].nunique()),
        "split": described,
    }
    config = config.model_copy(update={"facts": facts})
    run.write_config(config)
    run.write_manifest(trained=False)
    return prepared, config


def _resumed(run: Run) -> tuple[Prepared, RunConfig]:
    with progress("loading what was prepared"):
        from recsys.sequences.prepare import load_prepared

        return load_prepared(run.folder), run.config


def _train(
    run: Run, prepared: Prepared, config: RunConfig, resume: bool, preprocess: float
) -> dict[str, Any]:
    """Train, evaluate once on the test part, and write the results."""
    with progress("importing Transformers4Rec"):
        import lightning.pytorch as pl

        from recsys.evaluation.card import model_card
        from recsys.evaluation.suite import PASSES, evaluate_run
        from recsys.model.recommender import build_model
        from recsys.training.fit import choose_device, fit
        from recsys.training.module import NextClimb

    import numpy as np

    from recsys.sequences.cases import Cases
    from recsys.sequences.split import TRAIN

    say(choose_device(config.training)[1])
    training_sends = np.flatnonzero(prepared.parts == TRAIN)
    if len(training_sends) < SMALL:
        warn(f"only {len(training_sends)} sends to train on: the figures will say little")
    validation = Cases.of(
        prepared.sequences, prepared.parts, "validation", most=config.training.validation_cases
    )
    if not len(validation):
        raise UsageError("no validation send has a history; use more sends or another --split")
    pl.seed_everything(config.seed, verbose=False)
    module = NextClimb(
        build_model(prepared.schema, config.model),
        config.model,
        config.training,
        training_sends,
        validation,
        prepared.n_items,
        config.exclude_seen,
        config.seed,
    )
    say(_describe(prepared, config, len(training_sends), len(validation)))
    began = time.perf_counter()
    fitted = fit(module, config.training, run.folder, resume)
    trained = time.perf_counter() - began
    say(f"trained {fitted['epochs_trained']} epochs in {trained:.0f} s; the best was {fitted['best_epoch']}")
    began = time.perf_counter()
    total = PASSES * len(Cases.of(prepared.sequences, prepared.parts, "test"))
    with progress("evaluating on the test part", total) as advance:
        metrics = evaluate_run(
            module.model, prepared, config.model.length, config.exclude_seen, config.seed, progress=advance
        )
    metrics["training"] = fitted
    metrics["seconds"] = {
        "preprocess": round(preprocess, 2),
        "train": round(trained, 2),
        "evaluate": round(time.perf_counter() - began, 2),
    }
    run.save_model(module.model)
    described = {"name": run.folder.name, **config.model_dump(exclude={"facts"})}
    used = set(prepared.schema.column_names)
    described["model"]["features"] = [name for name in config.model.features if name in used]
    with atomic_path(run.folder / "MODEL_CARD.md") as fresh:
        fresh.write_text(model_card(described, metrics, config.facts), encoding="utf-8")
    write_json(run.folder / "metrics.json", metrics)
    run.write_manifest(trained=True)
    return metrics


def _read(config: RunConfig, folder: Path) -> tuple[Any, str]:
    """The validated sends, and where they are from in words."""
    from recsys.logbooks.read import read_sends

    if config.data is not None:
        sends = read_sends(Path(config.data), config.schema_name, config.bad_rows, folder / "rejects.csv")
        for text in sends.warnings:
            warn(text)
        for reason, count in sends.n_dropped.items():
            warn(f"{count} rows dropped: {reason} (kept in {folder / 'rejects.csv'})")
        return sends, Path(config.data).name
    from recsys.logbooks.simulate import simulate

    with atomic_path(folder / "simulated.parquet") as fresh:
        simulate("bc", seed=0).to_parquet(fresh, index=False)
    return read_sends(folder / "simulated.parquet"), "simulated BC logbooks, seed 0"


def _filtered(frame: pd.DataFrame, k: int) -> tuple[pd.DataFrame, int]:
    """The k-core of the sends; where nothing is left of so few, the largest k that leaves something."""
    import numpy as np

    from recsys.errors import DataError
    from recsys.logbooks.filter import core_filter

    for least in range(k, 0, -1):
        try:
            kept = core_filter(frame, least)
        except DataError:
            continue
        if kept[c.CLIMBER_ID].nunique() < 3 and least > 1:
            continue
        if least < k:
            warn(f"no climbs and climbers have {k} sends each; kept those with {least} (--min-sends {least})")
        return kept.assign(**{c.ROW: np.arange(len(kept))}).reset_index(drop=True), least
    raise DataError("holds no sends")


def _describe(prepared: Prepared, config: RunConfig, training: int, validation: int) -> str:
    model = config.model
    return (
        f"{training} training sends, {prepared.n_items} climbs, {validation} validation cases; "
        f"{model.body} with {model.masking} masking, windows of {model.length}"
    )


def _clear(folder: Path) -> None:
    """Remove a former run's files, config.json first so that what is left is no run."""
    import shutil

    for name in ("config.json", "manifest.json", "metrics.json", "model.safetensors", "MODEL_CARD.md"):
        (folder / name).unlink(missing_ok=True)
    for name in ("checkpoints", "logs", "workflow"):
        shutil.rmtree(folder / name, ignore_errors=True)
