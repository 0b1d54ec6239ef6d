"""A run in its folder, open for questions with PyTorch."""

from __future__ import annotations

from pathlib import Path


def trained(folder: Path):
    from recsys.runs import Run
    from recsys.training.trained import TrainedRun

    return TrainedRun(Run.open(folder))
