"""Turns the columns of a file into text and numbers (`column_days`: into days). No row is judged.

The rules are those of `recsys.logbooks.cells` and `recsys.logbooks.days`, which the light readers follow
value by value; here Arrow and NumPy do what can be done for a column at once, and the same functions read
each distinct value of what is left. A mapping's `[date] unit` overrules what the size of numbers tells.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsys.errors import DataError
from recsys.logbooks import cells
from recsys.spreadsheet import restored


def as_text(column: pa.ChunkedArray, path: Path, name: str) -> pa.ChunkedArray:
    """Strings without white space at their ends; blank is null. Whole floats lose their ".0" (7.0 is "7")."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return as_text(column.cast(kind.value_type), path, name)
    if pa.types.is_floating(kind):
        column = _numbered(column)
    no_text = DataError(f"the column {name!r} holds {kind}, not text", path=path, remedy="write it as text")
    if pa.types.is_duration(kind):
        raise no_text
    try:
        text = _decoded(column) if _is_binary(kind) else column.cast(pa.string())
    except pa.ArrowException as error:
        raise no_text from error
    text = pc.utf8_trim_whitespace(text)
    marked = pc.fill_null(pc.starts_with(text, "'"), False)
    if pc.any(marked).as_py():
        kept = [restored(each) for each in text.filter(marked).to_pylist()]
        text = pc.replace_with_mask(text, marked.combine_chunks(), pa.array(kept, pa.string()))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def without_tokens(text: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """The text with blank tokens (NA, null, -) as null, and how many there were."""
    blank = pc.fill_null(pc.is_in(pc.utf8_lower(text), value_set=pa.array(sorted(cells.BLANK_TOKENS))), False)
    n = int(pc.sum(blank).as_py() or 0)
    return (pc.if_else(blank, pa.scalar(None, pa.string()), text) if n else text), n


def as_numbers(
    column: pa.ChunkedArray, path: Path, name: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(values, bad), both [len(column)]: blank is NaN and not bad, what is no finite number NaN and bad."""
    if is_number(column.type):
        values = to_float(column)
        return np.where(np.isfinite(values), values, np.nan), np.isinf(values)
    text = without_tokens(as_text(column, path, name))[0]
    values = as_floats(text)
    return values, np.isnan(values) & filled(text)


def is_number(kind: pa.DataType) -> bool:
    """Whether a column of that type holds numbers."""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def to_float(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A column of numbers as floats, null as NaN."""
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), np.float64)


def filled(text: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Which values are not null."""
    return np.asarray(text.is_valid().to_numpy())


def _numbered(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Floats as integers when all are whole, else as the texts that `cells.as_cell` makes of them."""
    column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    values = to_float(column)
    values = values[~np.isnan(values)]
    whole = bool(np.all((values == np.floor(values)) & (np.abs(values) < 2**53)))
    return column.cast(pa.int64()) if whole else written(column, _cells)


def written(column: pa.ChunkedArray, texts: Callable[[pa.Array], list[str]]) -> pa.ChunkedArray:
    """A column as text, each distinct value of a chunk written once; what is blank is null."""
    chunks = []
    for chunk in column.chunks:
        encoded = chunk.dictionary_encode()
        words = [each or None for each in texts(encoded.dictionary)]
        chunks.append(pa.array(words, pa.string()).take(encoded.indices))
    return pa.chunked_array(chunks, pa.string())


def _cells(column: pa.Array) -> list[str]:
    return [cells.as_cell(each) for each in column.to_pylist()]


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Bytes as text: some writers leave out the mark that says a column of bytes is UTF-8."""
    try:
        return column.cast(pa.binary()).cast(pa.string())
    except pa.ArrowException:
        return pa.chunked_array(
            [pa.array([cells.as_cell(each) or None for each in column.to_pylist()], pa.string())]
        )


def on_unique(text: pa.ChunkedArray, function: Callable[[str], float]) -> NDArray[np.float64]:
    """`function` of each distinct string, spread to every row; null is NaN."""
    codes, unique = pd.factorize(text.to_pandas())
    values = np.array([function(each) for each in unique] + [np.nan], np.float64)
    return values[codes]


def as_floats(text: pa.ChunkedArray) -> NDArray[np.float64]:
    """Numbers of a column of text, NaN where there is none: by Arrow when it reads every one."""
    try:
        values = to_float(text.cast(pa.float64()))
    except pa.ArrowException:
        values = np.array([np.inf])
    if np.isinf(values).any() or (np.isnan(values) & filled(text)).any():
        return on_unique(text, lambda each: _nan(cells.number(each)))
    return values


def _nan(value: float | None) -> float:
    return np.nan if value is None else value
