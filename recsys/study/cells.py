"""The cells of a study: each a row and a seed, under the name that its outcome is kept by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.baselines.rows import Row
from recsys.study.store import Store

if TYPE_CHECKING:
    from recsys.study.config import StudyConfig


@dataclass(frozen=True)
class Cell:
    """A row and a seed, and the name under which their outcome is kept."""

    row: Row
    seed: int
    key: str

    def __str__(self) -> str:
        """As it is shown: ``sasrec, seed 1``."""
        return f"{self.row.name}, seed {self.seed}"


def cells(config: StudyConfig) -> list[Cell]:
    """All cells of a study, the first seed of every row before the second of any."""
    return [
        Cell(row, seed, config.key(row, seed))
        for seed in range(config.seeds)
        for row in map(config.row, config.rows)
        if seed == 0 or row.random
    ]


def unfinished(config: StudyConfig, folder: Path) -> list[Cell]:
    """The cells that are still to be run; of those that share an outcome, the first."""
    store = Store(folder)
    first = {cell.key: cell for cell in reversed(cells(config))}
    return [cell for cell in cells(config) if first[cell.key] == cell and not store.has(cell.key)]
