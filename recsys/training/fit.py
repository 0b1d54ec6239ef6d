"""The Lightning trainer: devices, checkpoints that are whole or absent, early stopping, logs, resuming."""

from __future__ import annotations

import contextlib
import math
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from recsys import run_files
from recsys.config.training import TrainingConfig
from recsys.console import say
from recsys.environment import environment
from recsys.errors import UsageError
from recsys.model.products import by_onednn
from recsys.training.allocator import freed_memory_held
from recsys.training.checkpoints import (
    BEST,
    LAST,
    AtomicCheckpointIO,
    RunCheckpoint,
    checkpoint_of,
    read_checkpoint,
)
from recsys.training.compiling import check_compiler, plain_body
from recsys.training.epochs import EpochLines
from recsys.training.memory import check_step
from recsys.training.module import SCORE, NextClimb
from recsys.training.processes import hush_lightning, launched, layout, leads, or_run_error

_WARNINGS: Final = "PYTHONWARNINGS"  # the environment's, which processes that are started read


def choose_device(config: TrainingConfig) -> tuple[str, str]:
    """Lightning's name of the accelerator, and one line that says which was chosen and why.

    Raises
    ------
    UsageError
        It is not there, or torch cannot compile for it and is to.
    """
    cuda = torch.cuda.is_available()
    if config.accelerator == "gpu" and not cuda:
        raise UsageError("`accelerator` gpu: torch sees no CUDA device; use `accelerator` auto or cpu")
    cuda = cuda and config.accelerator != "cpu"
    if config.compile:
        check_compiler("cuda" if cuda else "cpu")
    if cuda:
        precision = "bf16" if _precision(config, "cuda") == "bf16-mixed" else "float32"
        return "cuda", f"torch on {torch.cuda.get_device_name()} in {precision} (a CUDA device is there)"
    why = "as asked" if config.accelerator == "cpu" else "no CUDA device"
    return "cpu", f"torch on the CPU with {torch.get_num_threads()} threads ({why})"


def fit(
    module: NextClimb, config: TrainingConfig, folder: Path, resume: bool, part: str = ""
) -> dict[str, Any]:
    """Train until the epochs are over or the validation score stops growing, then load the best weights.

    Parameters
    ----------
    module:
        What is trained; its model holds the best weights afterwards.
    config:
        Devices, epochs, patience, clipping.
    folder:
        The run's folder: ``checkpoints/`` and ``logs/`` are written there.
    resume:
        Continue from ``checkpoints/last.ckpt`` if there is one.
    part:
        Where several networks are trained, the name of this one's folder in either. One that has more epochs
        than `config` asks for stays as it is: they may be asked for to end another before it diverges.

    Returns
    -------
    Epochs trained, the best epoch (1-based), windows in a batch, and the best validation score.
    """
    world = math.prod(layout(config))
    batch_size, reason = module.batches(world)
    for line in filter(None, (module.model.note, reason)) if leads() else ():
        say(line)
    check_step(module.model, module.length, min(batch_size, math.ceil(module.drawn / world)), config)
    checkpoints = (folder / run_files.CHECKPOINTS / part).absolute()
    each: dict[str, Any] = {"save_on_train_epoch_end": True, "enable_version_counter": False}
    best = RunCheckpoint(checkpoints, BEST, monitor=SCORE, mode="max", **each)
    last = RunCheckpoint(checkpoints, LAST, **each)  # after `best`, so that it knows its score
    stop = EarlyStopping(SCORE, mode="max", patience=config.patience, check_on_train_epoch_end=True)
    with _quiet():
        place = folder / run_files.LOGS / part
        lines = CSVLogger(place, name="csv", flush_logs_every_n_steps=1)  # an epoch's, before a kill
        logs = [lines, TensorBoardLogger(place, name="tensorboard")]
        checkpoint, epochs = _last(folder, module, part) if resume else (None, config.epochs)
        trainer = _trainer(
            config.model_copy(update={"epochs": epochs}), [stop, best, last], logs, module.label
        )
        with or_run_error(folder):
            _fit(trainer, module, checkpoint)
    # The files say more than the objects here: with several devices other processes did the training.
    ended = read_checkpoint(checkpoint_of(folder, LAST, part), module.state_dict())
    chosen = load_best(module, folder, part)
    return {
        "epochs_trained": int(ended["epoch"]) + 1,
        "best_epoch": int(chosen["epoch"]) + 1,
        "batch_size": batch_size,
        SCORE: float(chosen["callbacks"][best.state_key]["best_model_score"]),
    }


def load_best(module: NextClimb, folder: Path, part: str) -> dict[str, Any]:
    """Give the model the weights of the best epoch that `fit` kept, and return the checkpoint."""
    chosen = read_checkpoint(checkpoint_of(folder, BEST, part), module.state_dict())
    module.load_state_dict(chosen["state_dict"])
    plain_body(module.model)
    return chosen


def best_score(module: NextClimb, config: TrainingConfig, stop: EarlyStopping) -> float:
    """Train and keep nothing: the best validation score of the epochs, as `stop` watched them.

    Raises whatever `stop` raises after an epoch to end the training early.
    """
    with _quiet():
        _fit(_trainer(config, [stop], []), module, None)
    return float(stop.best_score)


def _fit(trainer: pl.Trainer, module: NextClimb, checkpoint: str | None) -> None:
    """Run the trainer; Lightning turns an interruption into an exit, which is turned back here."""
    cpu = trainer.strategy.root_device.type == "cpu"
    onednn = cpu and module.config.onednn and not module.config.compile
    try:
        with by_onednn(onednn), freed_memory_held():
            trainer.fit(module, ckpt_path=checkpoint, weights_only=True)
    except SystemExit:
        raise KeyboardInterrupt from None
    if trainer.interrupted:
        raise KeyboardInterrupt


def _trainer(config: TrainingConfig, callbacks: list[Any], logs: list[Any], label: str = "") -> pl.Trainer:
    accelerator, _ = choose_device(config)
    bar = sys.stderr.isatty()
    devices, nodes = layout(config)
    strategy = "ddp_find_unused_parameters_true" if launched() else "ddp_spawn_find_unused_parameters_true"
    return pl.Trainer(
        accelerator=accelerator,
        devices=devices,
        num_nodes=nodes,
        strategy="auto" if devices * nodes == 1 else strategy,
        precision=_precision(config, accelerator),  # type: ignore[arg-type]
        max_epochs=config.epochs,
        gradient_clip_val=config.clip,
        deterministic="warn" if accelerator == "cuda" else True,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        log_every_n_steps=50,
        enable_progress_bar=bar,
        enable_model_summary=False,
        plugins=[AtomicCheckpointIO()],
        callbacks=[*callbacks, *([RichProgressBar()] if bar else [])],
        logger=logs if bar or not logs else [*logs, EpochLines(config.epochs, label)],
        enable_checkpointing=any(isinstance(each, ModelCheckpoint) for each in callbacks),
    )


def _precision(config: TrainingConfig, accelerator: str) -> str:
    if config.precision == "auto":
        bf16 = accelerator == "cuda" and torch.cuda.is_bf16_supported()
        return "bf16-mixed" if bf16 else "32-true"
    return {"32": "32-true", "bf16": "bf16-mixed"}[config.precision]


def _last(folder: Path, module: NextClimb, part: str) -> tuple[str | None, int]:
    """The checkpoint to continue from, looked through before, or None; and the epochs to end with.

    Raises
    ------
    RunError
        It is damaged.
    UsageError
        More epochs are in it than are asked for, and it is the only network.
    """
    checkpoint = checkpoint_of(folder, LAST, part)
    if not checkpoint.exists():
        return None, module.config.epochs
    trained = int(read_checkpoint(checkpoint, module.state_dict())["epoch"]) + 1
    if trained > module.config.epochs and not part:
        raise UsageError(
            f"`epochs` {module.config.epochs}: {folder} has {trained} epochs trained; "
            f"give {trained} to end with the best of them"
        )
    return str(checkpoint), max(trained, module.config.epochs)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hide Lightning's tips and Merlin's warnings, in the processes that are started too."""
    with warnings.catch_warnings(), environment(_WARNINGS, "ignore"):
        warnings.simplefilter("ignore")
        hush_lightning()
        yield
