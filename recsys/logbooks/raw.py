"""A file of sends as it was read: an Arrow table, every row's number, and the rows that are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsys.errors import DataError
from recsys.logbooks.cells import as_cell
from recsys.logbooks.importing.text import key


@dataclass(frozen=True)
class RaggedRow:
    """A CSV row with too few or too many values, or with a `problem` of its own."""

    row: int
    text: str
    expected: int
    found: int
    problem: str = ""


@dataclass(frozen=True)
class RawTable:
    """A file as it was read: `rows` are the 1-based numbers of the table's rows, shape [table.num_rows]."""

    path: Path
    table: pa.Table
    rows: NDArray[np.int64]
    ragged: Sequence[RaggedRow] = ()
    notes: tuple[str, ...] = ()

    @property
    def n_read(self) -> int:
        """Data rows in the file, ragged ones included."""
        return len(self.rows) + len(self.ragged)

    def column(self, name: str) -> pa.ChunkedArray:
        """The column; DataError when the file has it twice."""
        if self.table.column_names.count(name) > 1:
            raise DataError(f"has the column {name!r} twice", path=self.path, remedy="rename or remove one")
        return self.table.column(name)

    def found(self, name: str) -> pa.ChunkedArray | None:
        """The column of that name, else the first of one that differs in case and marks ("Is Ascent")."""
        names = self.table.column_names
        exact = (index for index, each in enumerate(names) if each == name)
        near = (index for index, each in enumerate(names) if key(each) == key(name))
        index = next(chain(exact, near), None)
        return None if index is None else self.table.column(index)

    def shown(self, indices: NDArray[np.int64]) -> list[list[Any]]:
        """The values of rows, [len(indices)] lists, as Python's; a day that its calendar lacks as text."""
        columns = [_python(column) for column in self.table.take(indices).columns]
        return [list(row) for row in zip(*columns, strict=True)]


def value_at(column: pa.ChunkedArray, index: int) -> str:
    """One value as CSV would hold it."""
    return as_cell(_python(column.slice(index, 1))[0])


def _python(column: pa.ChunkedArray) -> list[Any]:
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError):
        return list(column.cast(pa.string()).to_pylist())
