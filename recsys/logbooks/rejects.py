"""Accounts for every row of a file that is not among the sends."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.atomic import atomic_path
from recsys.logbooks.cells import as_cell
from recsys.logbooks.raw import RawTable
from recsys.logbooks.sheets.rows import cells_of
from recsys.spreadsheet import inert


class DropLog:
    """Which rows of a table were dropped, and why: counted under the first reason given, written with all."""

    def __init__(self, raw: RawTable) -> None:
        self._raw = raw
        self._reasons: list[str] = []
        # For each row of the table the number of its reason, 0 = kept. [table.num_rows]
        self._reason = np.zeros(raw.table.num_rows, np.int16)
        self._more: dict[int, list[str]] = {}
        self._ragged_reasons: list[str] | None = None

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Rows of the table that are not dropped, shape [table.num_rows]."""
        return self._reason == 0

    def drop(self, mask: NDArray[np.bool_], reason: str) -> None:
        """Drop the rows under the mask, shape [table.num_rows]."""
        self._reasons.append(reason)
        for index in np.flatnonzero(mask & ~self.kept):
            self._more.setdefault(int(index), []).append(reason)
        self._reason[mask & self.kept] = len(self._reasons)

    def drop_indices(self, indices: NDArray[np.int64], reason: str) -> None:
        """Drop the rows at these indices of the table (from 0)."""
        mask = np.zeros(len(self._reason), bool)
        mask[indices] = True
        self.drop(mask, reason)

    def drop_ragged(self, reason: str) -> None:
        """Drop the rows that never made it into the table, for a problem of their own or for `reason`."""
        self._ragged_reasons = [each.problem or reason for each in self._raw.ragged]

    def counts(self) -> dict[str, int]:
        """Dropped rows by reason; reasons without rows are left out."""
        counts = np.bincount(self._reason, minlength=len(self._reasons) + 1)[1:]
        by_reason = dict(Counter(self._ragged_reasons or ()))
        by_reason.update((reason, int(n)) for reason, n in zip(self._reasons, counts, strict=True) if n)
        return by_reason

    def write(self, path: Path) -> None:
        """Write the dropped rows as CSV in the file's order: row (from 1), reason, the row's own values.

        A value is written as it was read, so that an id is that of the sends (12 of a column of floats).
        """
        indices = np.flatnonzero(self._reason)
        values = self._raw.shown(indices)
        lines: list[list[Any]] = [
            [int(self._raw.rows[index]), self._all(int(index)), *row]
            for index, row in zip(indices, values, strict=True)
        ]
        if self._ragged_reasons:
            pairs = zip(self._raw.ragged, self._ragged_reasons, strict=True)
            lines += [[each.row, reason, *cells_of(each.text)] for each, reason in pairs]
        lines.sort(key=lambda line: int(line[0]))
        with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["row", "reason", *map(inert, self._raw.table.column_names)])
            writer.writerows([row, *(inert(as_cell(each)) for each in rest)] for row, *rest in lines)

    def _all(self, index: int) -> str:
        """Every reason of a dropped row."""
        return "; ".join([self._reasons[self._reason[index] - 1], *self._more.get(index, [])])
