"""Brings a file's columns under the contract's names: joins the file beside it, picks, cuts."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsys.columns import REQUIRED
from recsys.errors import DataError
from recsys.logbooks.importing.text import key
from recsys.logbooks.mapping import CONTRACT, ColumnMapping
from recsys.logbooks.raw import RawTable
from recsys.logbooks.sheets.sheet import BLANKS_BETWEEN, has_blanks_between
from recsys.logbooks.tables import read_table
from recsys.logbooks.values import as_text


@dataclass(frozen=True)
class Projected:
    """The contract's columns that the file has, as long as the raw table, and remarks on what is missing."""

    columns: dict[str, pa.ChunkedArray]
    warnings: list[str] = field(default_factory=list)


def project(raw: RawTable, mapping: ColumnMapping) -> Projected:
    """Pick the mapped columns. DataError when one that the contract requires is missing."""
    joined, warnings = _joined(raw, mapping)
    raw = _renamed(raw, mapping)
    columns = {}
    for ours, source in mapping.columns.items():
        theirs = source.column
        if theirs not in raw.table.column_names and theirs not in joined:
            if ours in REQUIRED:
                raise _missing(raw, theirs, mapping)
            continue
        column = raw.column(theirs) if theirs in raw.table.column_names else joined[theirs]
        if source.first_of is not None:
            column = first_part(as_text(column, raw.path, theirs), source.first_of)
        columns[ours] = column
    return Projected(columns, warnings)


def _renamed(raw: RawTable, mapping: ColumnMapping) -> RawTable:
    """The table with the contract's names for columns that differ in case and marks ("Climb ID")."""
    if mapping.name != CONTRACT:
        return raw
    ours = {key(name): name for name in mapping.columns if name not in raw.table.column_names}
    names = [ours.pop(key(name), name) for name in raw.table.column_names]
    return replace(raw, table=raw.table.rename_columns(names))


def keep_mask(raw: RawTable, mapping: ColumnMapping) -> NDArray[np.bool_]:
    """The rows that the mapping's [keep] keeps, shape [table.num_rows]."""
    if mapping.keep is None:
        return np.ones(raw.table.num_rows, bool)
    name = mapping.keep.column
    if name not in raw.table.column_names:
        raise _missing(raw, name, mapping)
    text = as_text(raw.column(name), raw.path, name)
    return np.asarray(pc.is_in(text, value_set=pa.array(mapping.keep.values, pa.string())).to_numpy())


def _missing(raw: RawTable, name: str, mapping: ColumnMapping) -> DataError:
    present = [each for each in raw.table.column_names if each.strip()]
    shown = ", ".join(present[:20]) + (", ..." if len(present) > 20 else "")
    # A column that the schema uses already cannot be meant for another.
    used = {source.column for source in mapping.columns.values()}
    free = {each.lower(): each for each in present if each not in used}
    nearest = next((free[near] for near in difflib.get_close_matches(name.lower(), free, 1, 0.5)), None)
    hint = f"rename {nearest!r} to {name!r}" if nearest else f"add it (the schema is {mapping.name!r})"
    if has_blanks_between(present):
        hint = BLANKS_BETWEEN
    problem = f"has no column {name!r}; it has {' '.join(shown.split())}"
    return DataError(problem, path=raw.path, remedy=f"{hint}, or map the names with `schema`")


def _joined(raw: RawTable, mapping: ColumnMapping) -> tuple[dict[str, pa.ChunkedArray], list[str]]:
    """The columns of the file beside it, one value a row of `raw`; null where the key is unknown."""
    if mapping.join is None:
        return {}, []
    file, key = raw.path.parent / mapping.join[0], mapping.join[1]
    if not file.is_file():
        return {}, [f"{file} is not there: the columns it would bring are left out"]
    beside = read_table(file)
    for table in (raw, beside):
        if key not in table.table.column_names:
            raise _missing(table, key, mapping)
    indices = _indices(raw, beside, key)
    wanted = {source.column for source in mapping.columns.values()} - set(raw.table.column_names)
    return {name: beside.column(name).take(indices) for name in wanted & set(beside.table.column_names)}, []


def _indices(raw: RawTable, beside: RawTable, key: str) -> pa.Array:
    """For each row, the first row beside that has its key; null where there is none."""
    keys = as_text(beside.column(key), beside.path, key).to_pandas()
    first = pd.Index(keys.drop_duplicates())
    rows = np.flatnonzero(~keys.duplicated().to_numpy())
    codes, unique = pd.factorize(as_text(raw.column(key), raw.path, key).to_pandas())
    found = np.append(first.get_indexer(pd.Index(unique)), -1)[codes]
    return pa.array(rows[found], mask=found < 0)


def first_part(text: pa.ChunkedArray, separator: str) -> pa.ChunkedArray:
    """What stands before the first separator, read once for each different value."""
    encoded = text.combine_chunks().dictionary_encode()
    values = [value.split(separator, 1)[0].strip() for value in encoded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(values, pa.string()).take(encoded.indices)])
