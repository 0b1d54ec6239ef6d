"""A study's folder: what was asked, what was prepared, and one file a finished cell.

    studies/NAME/study.json              the configuration
                 workflow/ schema.pbtxt sends.parquet climbs.parquet   as in a run
                 cells/KEY.npz           ranks of a cell's cases, and what it took
                 cells/KEY.log           what a cell that failed had to say
                 results.csv report.html report.md

A cell's file is whole or absent, so whatever a killed study leaves behind can be continued.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recsys.arrays import Array, packed, unpacked
from recsys.atomic import atomic_path
from recsys.errors import RunError
from recsys.evaluation.beyond import MEASURES
from recsys.files import parsed_json
from recsys.study.summary import LISTS


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one cell measured.

    Attributes
    ----------
    ranks:
        Name of a reading to the ranks of its cases, int64 [n]: ``test-unprompted``, ``test-prompted``,
        ``test-window_shuffled``, ``test-history_shuffled``, ``validation-unprompted``,
        ``train-unprompted`` and so on.
    facts:
        ``settings`` in words, ``parameters``, ``seconds``, ``peak_mib``.
    embeddings:
        The climbs' embeddings, float32 [n_items, dim], where the study keeps them.
    """

    ranks: dict[str, Array]
    facts: dict[str, Any]
    embeddings: Array | None = None


class Store:
    """Reads and writes the cells of a study."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "cells"

    def path(self, key: str) -> Path:
        """The cell's file."""
        return self.folder / f"{key}.npz"

    def log(self, key: str) -> Path:
        """Where a cell's process writes what it has to say."""
        return self.folder / f"{key}.log"

    def has(self, key: str) -> bool:
        """Whether the cell is finished."""
        return self.path(key).is_file()

    def sweep_logs(self) -> None:
        """Remove logs of finished cells: a kill, or a broken disk, may come between a cell and its log."""
        for log in self.folder.glob("*.log"):
            if self.has(log.stem):
                log.unlink(missing_ok=True)

    def write(self, key: str, outcome: Outcome) -> None:
        """Keep a finished cell."""
        arrays = {f"ranks/{name}": ranks.astype(np.int32) for name, ranks in outcome.ranks.items()}
        if outcome.embeddings is not None:
            arrays["embeddings"] = outcome.embeddings
        arrays["facts"] = np.array(json.dumps(outcome.facts))
        with atomic_path(self.path(key)) as fresh:
            fresh.write_bytes(packed(arrays, compressed=True))

    def read(self, key: str) -> Outcome:
        """A finished cell.

        Raises
        ------
        RunError
            The file is damaged; with it removed the cell is run again.
        """
        try:
            return _outcome(unpacked(self.path(key), compressed=True))
        except ValueError as error:
            raise RunError(
                f"{self.path(key)}: not a readable cell ({error}); remove it and study again"
            ) from None


def _outcome(named: dict[str, Array]) -> Outcome:
    """The arrays of a cell's file as `Store.write` was given them; a `ValueError` where they are others."""
    facts = parsed_json(str(named.pop("facts", "")))
    embeddings = named.pop("embeddings", None)
    if not isinstance(facts, dict) or (embeddings is not None and embeddings.dtype != np.float32):
        raise ValueError("its facts or embeddings are of another kind")
    if any(each.dtype != np.int32 or each.ndim != 1 for each in named.values()):
        raise ValueError("its ranks are no whole numbers")
    _check_lists(facts.get(LISTS, {}), named)
    ranks = {name.removeprefix("ranks/"): values.astype(np.int64) for name, values in named.items()}
    return Outcome(ranks, facts, embeddings)


def _check_lists(found: Any, named: dict[str, Array]) -> None:
    """Refuse what lists are said to be like unless it is `MEASURES` of how the test part was asked."""
    ways = found if isinstance(found, dict) else {"": found}
    for how, measures in ways.items():
        known = isinstance(measures, dict) and set(measures) <= set(MEASURES)
        numbers = known and all(type(value) is float and math.isfinite(value) for value in measures.values())
        if not numbers or f"ranks/test-{how}" not in named:
            raise ValueError("what its lists are like is of another kind")
