"""A study's trials on disk, in SQLite: a process killed at any moment leaves every finished trial whole.

Optuna's journal file would be lighter, but a line half written by a killed process spoils it. The study's
folder is locked by one process at a time, so a trial that is RUNNING when the study is opened is nobody's.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from recsys.errors import RecsysError, RunError

TRIALS = "trials.db"
_OF_DAMAGE = ("Could not decode", "no such", "unsupported")  # what SQLite blames on the disk as well
_DONE = (TrialState.COMPLETE, TrialState.PRUNED)


@contextlib.contextmanager
def or_run_error(folder: Path) -> Iterator[None]:
    """Turn what SQLite refuses into one line: a full or broken disk, or a file that holds no trials.

    Where a training may run in the block; `reading` is for the trials alone.
    """
    path = folder / TRIALS
    try:
        yield
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        refused = _operational(error)
        if refused is None or str(refused).startswith(_OF_DAMAGE):
            raise _unreadable(path, error) from None
        raise RunError(
            f"{path}: cannot be used ({refused}); free some space, or see to the disk, and call again"
        ) from None


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[None]:
    """`or_run_error` of a block that does nothing else than with the trials, where any error is of theirs.

    SQLite keeps no checksums: of a damaged value Optuna raises whatever it stumbles over.
    """
    try:
        with or_run_error(folder):
            yield
    except (RecsysError, OSError):
        raise
    except Exception as error:
        raise _unreadable(folder / TRIALS, error) from None


def _unreadable(path: Path, error: Exception) -> RunError:
    name = type(error).__name__
    return RunError(f"{path}: holds no trials that can be read ({name}); remove it to tune anew")


def _operational(error: BaseException | None) -> sqlite3.OperationalError | None:
    """What SQLite said of the disk, behind the errors of those that stand between."""
    while error is not None and not isinstance(error, sqlite3.OperationalError):
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__
    return error


def open_study(folder: Path, pruner: optuna.pruners.BasePruner) -> optuna.Study:
    """The study of a folder, begun or continued; trials that a killed process left are marked as failed."""
    with reading(folder):
        study = optuna.create_study(
            storage=f"sqlite:///{(folder / TRIALS).absolute()}",
            study_name="tune",
            direction="maximize",
            pruner=pruner,
            load_if_exists=True,
        )
        for trial in study.get_trials(states=(TrialState.RUNNING,)):
            study.tell(trial.number, state=TrialState.FAIL)
        study.get_trials(deepcopy=False)  # all are read, so that what is damaged is told before any training
    return study


def done(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that count: finished or pruned."""
    return study.get_trials(deepcopy=False, states=_DONE)


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that were trained to their end, the best first; of equals the earlier."""
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sorted(trials, key=lambda trial: (-(trial.value or 0.0), trial.number))
