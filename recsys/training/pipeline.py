"""A run from raw sends to metrics.json: read, filter, split, prepare, train, evaluate.

Nothing of a former run is touched before the new data has been read and found good. Each step leaves its
files whole; ``--resume`` starts after the last one that did.
"""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys import columns as c
from recsys.console import progress, say, warn
from recsys.errors import DataError, RunError
from recsys.files import atomic_path, read_json, write_json
from recsys.runs import Run, RunConfig

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from recsys.sequences.prepare import Prepared
    from recsys.training.module import NextClimb

SMALL = 2_000  # training sends below which a person is told not to trust the figures


@dataclass(frozen=True, eq=False)
class _Split:
    """Sends that are ready to be prepared: filtered, sorted, each with its part."""

    frame: pd.DataFrame
    parts: np.ndarray[Any, Any]
    has_time: bool
    facts: dict[str, Any]


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
        The folder holds a run already, or something else, or another process is writing to it.
    DataError
        The data cannot be read, or nothing of it is left after filtering.
    """
    run = Run(folder)
    with run.lock():
        began = time.perf_counter()
        if run.started and resume:
            if run.finished:
                say(f"{folder}: was finished already")
                return read_json(folder / "metrics.json")
            prepared, config = _resumed(run)
        elif run.started and not overwrite:
            raise RunError(
                f"{folder}: holds a run already; continue it with --resume, replace it with --overwrite, "
                "or choose another --output"
            )
        else:
            prepared, config = _prepared(run, config)
        return _train(run, prepared, config, resume, time.perf_counter() - began)


def _prepared(run: Run, config: RunConfig) -> tuple[Prepared, RunConfig]:
    """Read, filter and split the sends; then clear the folder, fit the workflow, write the configuration."""
    split = _split(run, config)
    with progress("importing Merlin"):
        from recsys.sequences.prepare import prepare
        from recsys.training.fit import choose_device
        from workflows.sends import device

    choose_device(config.training)  # a device that is not there is found before anything is written
    say(device()[1])
    run.clear()
    with progress("fitting the workflow"):
        prepared = prepare(split.frame, split.parts, split.has_time, run.folder)
    config = config.model_copy(update={"facts": split.facts})
    run.write_config(config)
    run.write_manifest(trained=False)
    return prepared, config


def _split(run: Run, config: RunConfig) -> _Split:
    """Sends that were read, filtered and split, with what is to be told of them."""
    from recsys.sequences.split import TEST, VALIDATION, assign

    with progress("reading sends"):
        sends, source = _read(config, run.folder)
    try:
        frame, k = _filtered(sends.frame, config.min_sends)
        parts, described = assign(frame, config.split, config.seed, sends.has_time)
    except DataError as error:
        raise error.at(source) from None
    later = frame[c.CLIMBER_ID].duplicated().to_numpy()  # a first send has no history
    for name, part in (("validation", VALIDATION), ("test", TEST)):
        if not (later & (parts == part)).any():
            problem = f"the {name} part of the {config.split} split has no send with a history"
            raise DataError(problem, path=source, remedy="use more sends or another --split")
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
    return _Split(frame, parts, sends.has_time, facts)


def _resumed(run: Run) -> tuple[Prepared, RunConfig]:
    with progress("loading what was prepared"):
        from recsys.sequences.prepare import load_prepared

        return load_prepared(run.folder), run.config


def _train(
    run: Run, prepared: Prepared, config: RunConfig, resume: bool, preprocess: float
) -> dict[str, Any]:
    """Train, evaluate once on the test part, and write the results."""
    with progress("importing Transformers4Rec"):
        from recsys.evaluation.suite import evaluate_run
        from recsys.training.fit import choose_device, fit

        module = _module(prepared, config)
    say(choose_device(config.training)[1])
    say(_describe(prepared, config, module))
    began = time.perf_counter()
    fitted = fit(module, config.training, run.folder, resume)
    trained = time.perf_counter()
    say(f"trained {fitted['epochs_trained']} epochs in {trained - began:.0f} s, best {fitted['best_epoch']}")
    with progress("evaluating on the test part"):
        metrics = evaluate_run(module.model, prepared, config.model.length, config.exclude_seen, config.seed)
    seconds = {"preprocess": preprocess, "train": trained - began, "evaluate": time.perf_counter() - trained}
    metrics["training"] = fitted
    metrics["seconds"] = {name: round(value, 2) for name, value in seconds.items()}
    run.save_model(module.model)
    _write_card(run, prepared, config, metrics)
    write_json(run.folder / "metrics.json", metrics)
    run.write_manifest(trained=True)
    return metrics


def _module(prepared: Prepared, config: RunConfig) -> NextClimb:
    """What the trainer trains."""
    import numpy as np

    from recsys.model.recommender import build_model
    from recsys.sequences.cases import Cases
    from recsys.sequences.split import TRAIN
    from recsys.training.module import NextClimb

    return NextClimb(
        functools.partial(build_model, prepared.schema, config.model),
        config.model.length,
        config.training,
        np.flatnonzero(prepared.parts == TRAIN),
        Cases.of(prepared.sequences, prepared.parts, "validation", most=config.training.validation_cases),
        prepared.n_items,
        config.exclude_seen,
        config.seed,
    )


def _describe(prepared: Prepared, config: RunConfig, module: NextClimb) -> str:
    """One line on what is trained, after warnings on what is lacking."""
    model, training = config.model, len(module.windows)
    if training < SMALL:
        warn(f"only {training} sends to train on: the figures will say little")
    missing = [name for name in model.features if name not in prepared.schema.column_names]
    if missing:
        say(f"not in these sends, and left out: {', '.join(missing)}")
    return (
        f"{training} training sends, {prepared.n_items} climbs, {len(module.validation)} validation cases; "
        f"{model.body} with {model.masking} masking, windows of {model.length}"
    )


def _write_card(run: Run, prepared: Prepared, config: RunConfig, metrics: dict[str, Any]) -> None:
    from recsys.evaluation.card import model_card

    described = config.model_dump(exclude={"facts"})
    used = set(prepared.schema.column_names)
    described["model"]["features"] = [name for name in config.model.features if name in used]
    described |= {"name": run.folder.name, "output": f"runs/{run.folder.name}"}
    with atomic_path(run.folder / "MODEL_CARD.md") as fresh:
        fresh.write_text(model_card(described, metrics, config.facts), encoding="utf-8")


def _read(config: RunConfig, folder: Path) -> tuple[Any, str]:
    """The validated sends, and where they are from in words."""
    from recsys.logbooks.read import read_sends

    if config.data is None:
        from recsys.logbooks.simulate import simulate

        with atomic_path(folder / "simulated.parquet") as fresh:
            simulate("bc", seed=0).to_parquet(fresh, index=False)
        return read_sends(folder / "simulated.parquet"), "simulated BC logbooks, seed 0"
    rejects = folder / "rejects.csv"
    rejects.unlink(missing_ok=True)
    sends = read_sends(Path(config.data), config.schema_name, config.bad_rows, rejects)
    for text in sends.warnings:
        warn(text)
    for reason, count in sends.n_dropped.items():
        warn(f"{count} rows dropped: {reason} (kept in {rejects})")
    return sends, Path(config.data).name


def _filtered(frame: pd.DataFrame, k: int) -> tuple[pd.DataFrame, int]:
    """The k-core of the sends; where nothing is left of so few, the largest k that leaves something."""
    import numpy as np

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
