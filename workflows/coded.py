"""Columns of a pandas frame as indices in their distinct values, and lists as pieces of flat arrays.

A string costs Python an object, a hash and a comparison each time it is looked at; its index among the
distinct ones costs an integer. `coded` finds the indices once, `code_text` keeps them in the column.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.arrays import Array


def code_text(column: pd.Series) -> pd.Series:
    """A column of text as categories, in order of appearance; one that is categorical already as it is."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.reset_index(drop=True)
    codes, values = coded(column)
    return pd.Series(pd.Categorical.from_codes(codes, categories=values))


def coded(column: pd.Series) -> tuple[Array, Array]:
    """Indices in the distinct values [n], -1 for null, and those values, object [n_distinct].

    A categorical column may name values that it does not hold.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), column.cat.categories.to_numpy(dtype=object)
    codes, values = pd.factorize(column)
    return codes, np.asarray(values, dtype=object)


def first_rows(column: pd.Series) -> Array:
    """Rows whose value differs from the one before, the first included: int64 [n_runs]."""
    codes, _ = coded(column)
    return np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]])[: len(codes)])


def as_lists(values: Array, starts: Array) -> Array:
    """Flat values [n] as one list for each start: object [n_starts], each a view that copies nothing."""
    lists = np.empty(len(starts), dtype=object)
    bounds = [*starts.tolist(), len(values)]
    for index, (start, end) in enumerate(itertools.pairwise(bounds)):
        lists[index] = values[start:end]
    return lists


def flat(lists: pd.Series) -> Array:
    """A column of lists end to end, [n_values]."""
    pieces = [np.asarray(values) for values in lists]
    return np.concatenate(pieces) if pieces else np.empty(0, np.int32)


def to_arrow(table: pd.DataFrame) -> pa.Table:
    """A frame with columns of lists as an Arrow table: each list column is one flat array with offsets."""
    columns = {}
    for name in table.columns:
        column = table[name]
        if len(column) and isinstance(column.iloc[0], np.ndarray):
            offsets = np.concatenate([[0], np.cumsum(column.map(len).to_numpy())])
            columns[name] = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(flat(column)))
        else:
            columns[name] = pa.array(column)
    return pa.table(columns)


def write_sequences(tables: Iterable[pd.DataFrame], path: Path) -> int:
    """Write frames with columns of lists as one Parquet file, through Arrow's lists; returns the rows."""
    rows, writer = 0, None
    try:
        for each in tables:
            table = to_arrow(each)
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
            rows += len(each)
    finally:
        if writer is not None:
            writer.close()
    return rows
