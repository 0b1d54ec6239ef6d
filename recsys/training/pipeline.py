"""A run from raw sends to metrics.json: prepare, train, evaluate.

Each step leaves its files whole; ``--resume`` starts after the last one that did.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys import run_files
from recsys.atomic import atomic_path
from recsys.baselines.rows import COUNTING
from recsys.config.run import RunConfig
from recsys.config.settings import differing
from recsys.console import progress, say, warn
from recsys.errors import UsageError
from recsys.runs import RESUMABLE, Run
from recsys.training import processes
from recsys.training.prepare import described, opened, prepare_run, reopen_run
from recsys.training.resolve import ROW, resolve

if TYPE_CHECKING:
    from recsys.sequences.prepare import Prepared
    from recsys.training.module import NextClimb

UNTRUSTED = 2_000  # training sends below which a person is told not to trust the figures


def train_run(
    config: RunConfig,
    folder: Path,
    resume: bool = False,
    overwrite: bool = False,
    names: Collection[str] = (),
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
    names:
        The settings that were given: of `recsys.runs.RESUMABLE` resuming takes these.

    Under ``torchrun`` the first process alone prepares, evaluates and writes; the others return {}.

    Raises
    ------
    RunError
        The folder holds a run already, or something else, or another process is writing to it; or a process
        of the training was lost.
    DataError
        The data cannot be read, or nothing of it is left after filtering.
    """
    config, _ = resolve(config, ())
    run = Run(folder)
    if not processes.leads():
        return _assist(run, config, resume)
    processes.layout(config.training)
    with run.lock():
        began = time.perf_counter()
        if run.started and resume:
            if run.finished:
                refuse_changes(folder, config, RESUMABLE & set(names))
                (folder / run_files.START).unlink(missing_ok=True)  # left by a kill
                say(f"{folder}: was finished already")
                processes.announce(folder, False)
                return run.metrics
            run.change(config, names)
            prepared, config = reopen_run(run)
        elif run.started and not overwrite:
            raise run.taken()
        else:
            prepared, config = prepare_run(run, config)
        return train_prepared(run, prepared, config, resume, time.perf_counter() - began)


def refuse_changes(folder: Path, config: RunConfig, names: Collection[str]) -> None:
    """Refuse settings, those `names`, that differ from those that the run in `folder` was started with."""
    if not Run(folder).started:
        return
    found = differing(Run(folder).config, config, set(names))
    if found:
        name, old, new = found
        raise UsageError(
            f"`{name}` {new}: {folder} was started with {old}; leave it out to resume, "
            "or choose another `output`"
        )


def _assist(run: Run, config: RunConfig, resume: bool) -> dict[str, Any]:
    """Train with the process that leads, on what it prepared, and leave the rest to it."""
    if processes.told(run.folder):
        from recsys.training.fit import fit

        config = run.config
        for module, part in trainings_of(opened(run.folder, config), config, run.folder):
            fit(module, config.training, run.folder, resume, part)
    return {}


def train_prepared(
    run: Run, prepared: Prepared, config: RunConfig, resume: bool, preprocess: float
) -> dict[str, Any]:
    """Train, evaluate once on the test part, and write the results.

    Parameters
    ----------
    run:
        Its folder is locked, and holds what was prepared.
    prepared, config:
        As `prepare_run` and `reopen_run` return them.
    resume:
        Continue from the last checkpoint if there is one.
    preprocess:
        Seconds that preparing took.
    """
    with progress("importing Transformers4Rec"):
        from recsys.sequences.shards import remove_shards
        from recsys.training.answer import fit_run
        from recsys.training.curve import draw_curve, draw_reliability
        from recsys.training.fit import choose_device
        from recsys.training.kept import keep
        from recsys.training.skill import fit_skill, skill_sends
        from recsys.training.suite import evaluate_run

    counts = config.method in COUNTING
    if not counts:
        say(choose_device(config.training)[1])
    say(_describe(prepared, config))
    began = time.perf_counter()
    processes.announce(run.folder, not counts)
    with progress(f"fitting {config.method}") if counts else contextlib.nullcontext():
        method = fit_run(prepared, config, run.folder, resume)
    trained = time.perf_counter()
    facts = dict(method.facts or {})
    say(f"trained in {trained - began:.0f} s: {facts['settings']}")
    with progress("evaluating on the test part"):
        metrics = evaluate_run(
            method, prepared, config.model.length, config.exclude_seen, config.seed,
            said=described(config),
        )  # fmt: skip
    seconds = {"preprocess": preprocess, "train": trained - began, "evaluate": time.perf_counter() - trained}
    metrics["training"] = facts
    metrics["seconds"] = {name: round(value, 2) for name, value in seconds.items()}
    keep(method, config, run.folder)
    if not counts:
        draw_curve(run.folder)
    draw_reliability(run.folder, metrics["calibration"])
    _write_card(run, prepared, config, metrics)
    run.write_metrics(metrics)
    held = prepared.sends if prepared.shards is None else None
    fit_skill(skill_sends(run.folder, held), prepared.climbs).save(run.folder / run_files.SKILL)
    remove_shards(run.folder)
    run.write_manifest(trained=True)
    (run.folder / run_files.START).unlink(missing_ok=True)
    return metrics


def trainings_of(prepared: Prepared, config: RunConfig, folder: Path) -> Iterator[tuple[NextClimb, str]]:
    """What the trainer trains of a run, and its parts (see `recsys.training.methods.trainings`)."""
    from recsys.baselines.interactions import Interactions
    from recsys.training.methods import settings_of, trainings

    settings: Any = settings_of(config)
    return trainings(settings, Interactions.of(prepared), prepared.schema, config, config.seed, folder)


def _describe(prepared: Prepared, config: RunConfig) -> str:
    """One line on what is trained, after warnings on what is lacking."""
    from recsys.sequences.split import TRAIN, VALIDATION

    model = config.model
    if prepared.shards is None:
        training, validation = (int((prepared.parts == part).sum()) for part in (TRAIN, VALIDATION))
    else:
        sends = config.facts["split"]["sends"]
        training, validation = sends["train"], sends["validation"]
    if training < UNTRUSTED:
        warn(f"only {training} sends to train on: the figures will say little")
    if prepared.n_items == 1:
        warn("the sends are of one climb: a ranking of one means nothing, nor do its figures")
    missing = [name for name in model.features if name not in prepared.schema.column_names]
    if missing and config.trains_transformer:
        say(f"not in these sends, and left out: {', '.join(missing)}")
    what = config.method
    if config.trains_transformer:
        what = f"{model.body} with {model.masking} masking"
    windows = "" if config.method in COUNTING else f", windows of {model.length}"
    joined = f", with {' or '.join(config.partners)}" if config.partners else ""
    return (
        f"{training} training sends, {prepared.n_items} climbs, {validation} validation sends; "
        f"{what}{joined}{windows}"
    )


def _write_card(run: Run, prepared: Prepared, config: RunConfig, metrics: dict[str, Any]) -> None:
    from recsys.evaluation.card import model_card

    told = config.model_dump(exclude={"facts"})
    told["method"] = config.facts.get(ROW, config.method)
    told["settings"] = metrics["training"]["settings"]
    if "ensemble" in metrics["training"]:
        told["ensemble"] = metrics["training"]["ensemble"]["with"]
    if config.trains_transformer:
        used = set(prepared.schema.column_names)
        told["model"]["features"] = [name for name in config.model.features if name in used]
    else:
        told["model"] = {} if config.method in COUNTING else {"length": config.model.length}
    if "batch_size" in metrics["training"]:
        told["training"]["batch_size"] = metrics["training"]["batch_size"]
    if config.method in COUNTING:
        del told["training"]
    counts = "numpy" if config.method in COUNTING else "pytorch"
    told["library"] = "transformers4rec" if config.trains_transformer else counts
    told |= {"name": run.folder.name, "output": f"runs/{run.folder.name}"}
    with atomic_path(run.folder / run_files.CARD) as fresh:
        text = model_card(told, metrics, config.facts, _curve(run.folder), run_files.RELIABILITY)
        fresh.write_text(text, encoding="utf-8")


def _curve(folder: Path) -> str | None:
    """The name of the learning curve's picture, where there is one."""
    return run_files.LEARNING_CURVE if (folder / run_files.LEARNING_CURVE).is_file() else None
