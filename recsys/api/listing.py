"""The runs of a folder side by side: what ``recsys runs`` lists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recsys import run_files
from recsys.errors import RecsysError, RunError
from recsys.runs import Run


def summaries(folder: Path) -> list[dict[str, Any]]:
    """What there is to compare of each run in a folder, in order of their names.

    Returns
    -------
    run, data, method, split and settings of each; of a finished one also cases, seconds of training, and
    recall@10 prompted, unprompted and by popularity.

    Raises
    ------
    RunError
        There is no such folder, or no run in it.
    """
    if not folder.is_dir():
        raise RunError(f"{folder}: is no folder; train a run with: python train.py --output {folder}/NAME")
    shown = sorted(each for each in folder.iterdir() if not each.name.startswith("."))  # others are temporary
    runs = [each for each in shown if (each / run_files.CONFIG).is_file()]
    found = [_summary(each) for each in runs if not (each / run_files.STUDY).is_file()]
    if not found:
        raise RunError(f"{folder}: holds no run; train one with: python train.py --output {folder}/NAME")
    return found


def _summary(folder: Path) -> dict[str, Any]:
    """One run's line; a file of it that cannot be read is said in its place."""
    try:
        config = Run(folder).config
        metrics = Run(folder).metrics if (folder / run_files.METRICS).is_file() else {}
    except RecsysError as error:
        return {"run": folder.name, "data": str(error)}
    asked = ("prompted", "unprompted", "popularity")
    recall = {name: _within(metrics, name, "recall@10") for name in asked}
    return {
        "run": folder.name,
        "data": config.facts.get("source", config.data),
        "method": config.label,
        "split": config.split,
        "cases": metrics.get("n_cases"),
        **recall,
        "seconds": _within(metrics, "seconds", "train"),
        "settings": config.model_dump(mode="json", exclude={"facts"}),
    }


def _within(metrics: Mapping[str, Any], name: str, part: str) -> Any:
    """A value of a block of the metrics; None where there is no such block."""
    block = metrics.get(name)
    return block.get(part) if isinstance(block, Mapping) else None
