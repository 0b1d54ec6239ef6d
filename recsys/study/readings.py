"""The finished cells of a study by row: values of their cases, what they took, and all of it as one table."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from recsys.atomic import atomic_path
from recsys.baselines.rows import ROWS
from recsys.errors import RunError
from recsys.evaluation.metrics import METRICS, case_values
from recsys.study.cells import cells
from recsys.study.store import Outcome, Store
from recsys.study.summary import LISTS

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.study.material import Material

COLUMNS: Final = ("row", "family", "seed", "part", "prompting", "metric", "value", "cases")
_FACTS: Final = ("parameters", "seconds", "peak_mib")


class Readings:
    """The finished cells of a study by row, and the values of their cases."""

    def __init__(self, material: Material, folder: Path) -> None:
        self.material, self.n_items = material, material.interactions.n_items
        self.store = Store(folder)
        self.outcomes: dict[str, list[Outcome]] = {}
        self.keys: dict[str, str] = {}  # row to the key of its first cell, which rows of one model share
        for cell in cells(material.config):
            self.keys.setdefault(cell.row.name, cell.key)
            if self.store.has(cell.key):
                self.outcomes.setdefault(cell.row.name, []).append(self.store.read(cell.key))
        self.names = [name for name in material.config.rows if name in self.outcomes]
        if not self.names:
            raise RunError(f"{folder}: no cell is finished yet; run recsys study again")

    def values(self, reading: str, metric: str) -> dict[str, Array]:
        """Each row's values [S, N] of a metric in a reading; rows that lack it are left out."""
        found = {}
        for name in self.names:
            ranks = [each.ranks[reading] for each in self.outcomes[name] if reading in each.ranks]
            if ranks:
                found[name] = np.stack([case_values(each, self.n_items)[metric] for each in ranks])
        return found

    def fact(self, name: str, key: str) -> float:
        """Mean of a fact over the seeds of a row."""
        return float(np.mean([each.facts[key] for each in self.outcomes[name]]))

    def lists(self, name: str) -> dict[str, dict[str, float]]:
        """What a row's lists are like by how it was asked, the mean over its seeds."""
        first, *others = (outcome.facts.get(LISTS, {}) for outcome in self.outcomes[name])
        return {
            how: {
                measure: float(np.mean([value, *(each[how][measure] for each in others)]))
                for measure, value in measures.items()
                if all(measure in each.get(how, {}) for each in others)
            }
            for how, measures in first.items()
        }

    def table(self) -> Iterator[tuple[Any, ...]]:
        """One line a value, in the order of `COLUMNS`; what a cell took has no part and no cases."""
        for name in self.names:
            family = ROWS[name].family
            for outcome in self.outcomes[name]:
                seed = outcome.facts["seed"]
                for reading, ranks in outcome.ranks.items():
                    part, prompting = reading.split("-")
                    values = case_values(ranks, self.n_items)
                    for metric in METRICS:
                        mean = float(values[metric].mean())
                        yield name, family, seed, part, prompting, metric, f"{mean:.6f}", len(ranks)
                for how, measures in outcome.facts.get(LISTS, {}).items():
                    for measure, value in measures.items():
                        cases = len(outcome.ranks[f"test-{how}"])
                        yield name, family, seed, "test", how, measure, f"{value:.6f}", cases
                for fact in _FACTS:
                    yield name, family, seed, "", "", fact, f"{outcome.facts[fact]:g}", ""

    def write(self, path: Path) -> None:
        """The table as CSV."""
        with atomic_path(path) as fresh, fresh.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(self.table())
