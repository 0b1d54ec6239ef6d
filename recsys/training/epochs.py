"""A line an epoch, for a log file: where there is no terminal, there is no bar."""

from __future__ import annotations

import time
from typing import Any

from lightning.pytorch.loggers.logger import Logger
from lightning.pytorch.utilities import rank_zero_only

from recsys.console import duration, say


class EpochLines(Logger):
    """Says after each epoch its number, loss, recall@10 on validation, seconds, and the time left at most.

    The time left is that of all epochs; patience may end the training earlier.

    Parameters
    ----------
    epochs:
        Epochs at the most.
    label:
        Which of several networks it is, in words; empty for the only one.
    """

    name, version = "lines", ""

    def __init__(self, epochs: int, label: str = "") -> None:
        super().__init__()
        self.epochs, self.before = epochs, time.monotonic()
        self.whose = f"{label}, " if label else ""

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Lines hold none."""

    @rank_zero_only
    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Called by Lightning with all that an epoch logged."""
        if "train_loss" not in metrics:
            return
        now = time.monotonic()
        spent, self.before = now - self.before, now
        number = int(metrics["epoch"]) + 1
        told = ", ".join(_parts(metrics, spent, self.epochs - number))
        say(f"{self.whose}epoch {number}/{self.epochs}: {told}")


def _parts(metrics: dict[str, float], spent: float, ahead: int) -> list[str]:
    parts = [f"loss {metrics['train_loss']:.3f}"]
    for kind in ("prompted", "unprompted"):
        name = f"validation_{kind}_recall@10"
        if name in metrics:
            parts.append(f"{kind} recall@10 {metrics[name]:.3f}")
    parts.append(f"{spent:.0f} s")
    return [*parts, f"{duration(ahead * spent)} left at most"] if ahead else parts
