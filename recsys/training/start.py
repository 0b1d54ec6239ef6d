"""Weights that a training begins with, where it continues another: kept in the folder until it has ended.

They lie there from the last step of preparing on, so that a run killed in its first epoch is resumed from
them, whatever became of the run that they are from.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from recsys import run_files
from recsys.atomic import atomic_path
from recsys.model.network import Network
from recsys.model.weights import drafted, read_weights


def keep_start(model: Network, folder: Path) -> None:
    """Write the weights to begin with."""
    final = folder / run_files.START
    with atomic_path(final) as fresh, drafted(model, final) as draft:
        shutil.copyfile(draft, fresh)


def begin_with(model: Network, folder: Path) -> None:
    """Read them; a RunError where they are damaged, or of another network."""
    read_weights(model, folder / run_files.START, "start anew with `overwrite`")


def start_of(folder: Path) -> Path | None:
    """The folder, where it holds weights to begin with."""
    return folder if (folder / run_files.START).is_file() else None
