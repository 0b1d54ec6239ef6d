"""A trial: train with its parameters, tell Optuna the validation score of every epoch, return the best one.

The score is the one that chooses a run's epoch, so a run of the best trial's settings has the same, of one
network. The test part is in none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import optuna
from lightning.pytorch.callbacks import EarlyStopping

from recsys.config.run import RunConfig
from recsys.errors import DivergedError
from recsys.training.fit import best_score
from recsys.training.methods import build_module, settings_of
from recsys.training.module import SCORE
from recsys.tuning.space import configured

if TYPE_CHECKING:
    import lightning.pytorch as pl
    from merlin.schema import Schema

    from recsys.baselines.interactions import Interactions


class Pruning(EarlyStopping):
    """Early stopping that also lets a trial be pruned.

    It is one, because Lightning calls other callbacks before an epoch's validation score is known.
    """

    def __init__(self, trial: optuna.Trial, patience: int) -> None:
        super().__init__(SCORE, mode="max", patience=patience, check_on_train_epoch_end=True)
        self.trial = trial

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Report the epoch, counted from 0; after the last one there is nothing to save by pruning."""
        super().on_train_epoch_end(trainer, pl_module)
        self.trial.report(float(trainer.callback_metrics[SCORE]), trainer.current_epoch)
        last = trainer.should_stop or trainer.current_epoch + 1 == trainer.max_epochs
        if not last and self.trial.should_prune():
            raise optuna.TrialPruned


def validation_score(trial: optuna.Trial, base: RunConfig, sends: Interactions, schema: Schema) -> float:
    """The best validation score of the base's settings with the trial's parameters.

    What is counted of the sends is counted once for all trials that are given the same.

    Raises
    ------
    optuna.TrialPruned
        The trial is worse than others were at that epoch, or its loss is not finite any more.
    """
    config = configured(base, trial.params)
    method: Any = settings_of(config)
    stop = Pruning(trial, config.training.patience)
    try:
        module = build_module(method.alone(), sends, schema, config, config.seed)
        return best_score(module, config.training, stop)
    except DivergedError as error:
        raise optuna.TrialPruned from error
