"""A study's trials on disk, in SQLite: a process killed at any moment leaves every finished trial whole.

Optuna's journal file would be lighter, but a line half written by a killed process spoils it. The study's
folder is locked by one process at a time, so a trial that is RUNNING when the study is opened is nobody's.
"""

from __future__ import annotations

from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from recsys.errors import RunError

TRIALS = "trials.db"
_DONE = (TrialState.COMPLETE, TrialState.PRUNED)


def open_study(folder: Path, pruner: optuna.pruners.BasePruner) -> optuna.Study:
    """The study of a folder, begun or continued; trials that a killed process left are marked as failed."""
    path = folder / TRIALS
    try:
        study = optuna.create_study(
            storage=f"sqlite:///{path.absolute()}",
            study_name="tune",
            direction="maximize",
            pruner=pruner,
            load_if_exists=True,
        )
        for trial in study.get_trials(states=(TrialState.RUNNING,)):
            study.tell(trial.number, state=TrialState.FAIL)
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError):
        raise RunError(f"{path}: holds no trials that can be read; remove it to tune anew") from None
    return study


def done(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that count: finished or pruned."""
    return study.get_trials(deepcopy=False, states=_DONE)


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that were trained to their end, the best first; of equals the earlier."""
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sorted(trials, key=lambda trial: (-(trial.value or 0.0), trial.number))
