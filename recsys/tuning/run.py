"""A study: the data is prepared once, then trial after trial is drawn, trained, and kept.

Bergstra et al. 2011 (TPE) draw the parameters; the median rule of Golovin et al. 2017 prunes. A sampler is
seeded for each trial by how many are done, so a study that was killed goes on as one that was not.

    studies/NAME/prepared/  trials.db  trials.csv  best.json
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import optuna
from optuna.trial import TrialState

from recsys.baselines.interactions import Interactions
from recsys.config.run import RunConfig
from recsys.console import progress, say
from recsys.errors import RunError, UsageError
from recsys.runs import Run
from recsys.training.prepare import prepare_run, reopen_run
from recsys.tuning.results import SCORE, progress_line, score_of, write_results
from recsys.tuning.space import first_guess, space_of
from recsys.tuning.storage import done, finished, open_study, or_run_error, reading

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.sequences.prepare import Prepared

PREPARED = "prepared"  # the folder in a study's that holds what was prepared, as in a run's


def tune(
    config: RunConfig,
    folder: Path,
    trials: int,
    timeout: float | None = None,
    pruner: optuna.pruners.BasePruner | None = None,
) -> optuna.Study:
    """Search for the settings with the best validation score; the test part is not read.

    Parameters
    ----------
    config:
        Settings that stay, and where the search starts. Continuing takes those that the study began with.
    folder:
        Where the study is kept; one that was begun there is continued.
    trials:
        Trials to have in the end, finished or pruned, those of former calls included.
    timeout:
        Seconds after which no further trial is begun; None: no limit.
    pruner:
        What ends a trial early; None: the median rule, after 5 trials and a quarter of the epochs.

    Returns
    -------
    The study; best.json and trials.csv are written after every trial.

    Raises
    ------
    UsageError
        The settings ask for several devices, which a trial does not train on.
    RunError
        The folder holds something else, another process is writing to it, or no trial has finished.
    DataError
        The data cannot be read, or nothing of it is left after filtering.
    """
    until = time.monotonic() + (math.inf if timeout is None else timeout)
    for name in ("devices", "nodes"):
        if (asked := getattr(config.training, name)) > 1:
            raise UsageError(f"`{name}` {asked}: a trial trains on one device of one machine; leave it out")
    with Run(folder).lock():
        if Run(folder).started:
            raise RunError(f"{folder}: holds a run and not a study; choose another `output`")
        prepared, config = _prepared(Run(folder / PREPARED), config)
        study = open_study(folder, pruner or _median(config.training.epochs))
        with reading(folder):
            study.set_user_attr(SCORE, score_of(config))
        for line in _describe(config, prepared, trials, len(done(study))):
            say(line)
        _keep(folder, study, config)
        with or_run_error(folder):
            _search(study, config, prepared, folder, trials, until)
    if not finished(study):
        raise RunError(f"{folder}: no trial has finished yet; give it more `timeout` or `trials`")
    return study


def _search(
    study: optuna.Study, config: RunConfig, prepared: Prepared, folder: Path, trials: int, until: float
) -> None:
    """Run trials until there are so many, or until that time; what they found is written after each."""
    sends = Interactions.of(prepared)
    try:
        while len(done(study)) < trials and time.monotonic() < until:
            _next_trial(study, config, sends, prepared.schema, folder)
            _keep(folder, study, config)
            with reading(folder):
                told = progress_line(study, trials)
            say(told)
    except KeyboardInterrupt:
        say(f"{folder}: keeps {len(done(study))} trials; the same command goes on from there")
        raise
    finally:
        _keep(folder, study, config)


def _keep(folder: Path, study: optuna.Study, config: RunConfig) -> None:
    with reading(folder):
        write_results(folder, study, config)


def _prepared(run: Run, config: RunConfig) -> tuple[Prepared, RunConfig]:
    """What the trials train on: as it was left, or made now."""
    with run.lock():
        if not run.started:
            return prepare_run(run, config)
        _ = run.finished  # checks the manifest
        return reopen_run(run)


def _describe(config: RunConfig, prepared: Prepared, trials: int, before: int) -> tuple[str, str]:
    """On what the trials train, and how many of them are there already."""
    from recsys.training.fit import choose_device

    model, sends = config.model, config.facts["split"]["sends"]["train"]
    return (
        choose_device(config.training)[1],
        f"{sends} training sends, {prepared.n_items} climbs; {trials} trials, {before} of them done: "
        f"{model.body} with {model.masking} masking, {config.training.epochs} epochs at the most",
    )


def _next_trial(
    study: optuna.Study, base: RunConfig, sends: Interactions, schema: Schema, folder: Path
) -> None:
    """Draw, train and keep a trial; the first one tries the settings given."""
    with progress("importing Transformers4Rec"):
        from recsys.tuning.objective import validation_score

    with reading(folder):
        number = len(done(study))
        if not number and not study.get_trials(states=(TrialState.WAITING,)):
            study.enqueue_trial(first_guess(base))
        seed = int(np.random.default_rng([base.seed, number]).integers(2**32))
        study.sampler = optuna.samplers.TPESampler(seed=seed)
        trial = study.ask(space_of(base))
    try:
        study.tell(trial, validation_score(trial, base, sends, schema))
    except optuna.TrialPruned:
        study.tell(trial, state=TrialState.PRUNED)
    except BaseException:
        study.tell(trial, state=TrialState.FAIL)
        raise


def _median(epochs: int) -> optuna.pruners.BasePruner:
    return optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=max(1, epochs // 4))
