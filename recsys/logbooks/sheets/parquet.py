"""Parquet, decoded as far as a file of sends may go: a value that is kept once may stand in a million rows.

A file of 1,198 bytes, a text of 100,000 letters in 20,000 rows, took 4 GB before its size was looked at.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from recsys.bounds import most_unpacked
from recsys.columns import OPTIONAL, REQUIRED
from recsys.errors import DataError

_TEXTS: Final = "BYTE_ARRAY"
_PLAIN: Final = ("STRING", "NONE")  # not of a number that is kept as bytes


def read_bounded(source: Path | io.BytesIO, name: str) -> Any:
    """The table of a Parquet file, a `pyarrow.Table` without its nested columns.

    Texts are read as they are kept, each distinct one once, and become plain columns when it is known how
    long they are.

    Parameters
    ----------
    source:
        The file, or its content.
    name:
        What messages call it.

    Raises
    ------
    DataError
        It decodes to more than a hundred times its size, and to more than 50 MB; or a column that sends are
        read from is nested.
    pyarrow.ArrowException, OSError, ...
        It is broken.
    """
    import pyarrow as pa

    file, flat, budget = _opened(source, name)
    return budget.plain(file.read(columns=flat), pa)


def bounded_batches(path: Path, rows: int, columns: Sequence[str] | None = None) -> Iterator[Any]:
    """The same a number of rows at a time, for a file that is not held as a whole: `pyarrow.Table` each.

    Parameters
    ----------
    path:
        The file.
    rows:
        Of a table, at the most.
    columns:
        Those to read; None: all that are not nested.
    """
    import pyarrow as pa

    file, flat, budget = _opened(path, str(path))
    with file:
        for batch in file.iter_batches(rows, columns=flat if columns is None else columns):
            yield budget.plain(pa.Table.from_batches([batch]), pa)


class _Budget:
    """What a file may still decode to, in bytes; its texts become plain only within it."""

    def __init__(self, name: str, size: int, kept: Any) -> None:
        self._name, self._most, self._decoded, self._kept = name, most_unpacked(size), 0, kept

    def spend(self, decoded: int) -> None:
        """Take off it; DataError where it is used up."""
        self._decoded += decoded
        if self._decoded > self._most:
            problem = f"holds more than {self._most // 1_000_000} MB once decoded, for so small a file"
            raise DataError(problem, path=self._name, remedy="write the sends anew, or as CSV (UTF-8)")

    def plain(self, table: Any, pa: Any) -> Any:
        """The table, its texts as plain columns, its short floats as doubles."""
        self.spend(sum(_decoded(column, pa) for column in table.columns))
        for at, field in enumerate(table.schema):
            first = self._kept.get_all_field_indices(field.name)[0]  # a name may be there twice
            kind = self._kept.field(first).type
            if pa.types.is_dictionary(field.type) and not pa.types.is_dictionary(kind):
                table = table.set_column(at, field.name, table.column(at).cast(field.type.value_type))
            elif pa.types.is_float16(field.type) or pa.types.is_float32(field.type):
                table = table.set_column(at, field.name, _doubles(table.column(at), pa))
        return table


def _doubles(column: Any, pa: Any) -> Any:
    """Floats of two or four bytes as the doubles that are written alike: 1.1, and not 1.100000023841858."""
    if pa.types.is_float32(column.type):
        return column.cast(pa.string()).cast(pa.float64())
    import numpy as np

    distinct, codes = np.unique(column.to_numpy(), return_inverse=True)  # no null is left: it is NaN
    return pa.chunked_array([pa.array(np.array([float(str(each)) for each in distinct])[codes])])


def _opened(source: Path | io.BytesIO, name: str) -> tuple[Any, list[str], _Budget]:
    """The file, its texts as they are kept; its columns that are not nested; what it may decode to."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    size = source.stat().st_size if isinstance(source, Path) else source.getbuffer().nbytes
    about = pq.read_metadata(source)
    packed = sum(about.row_group(each).total_byte_size for each in range(about.num_row_groups))
    _Budget(name, size, None).spend(max(packed, about.num_rows * about.num_columns))
    leaves = [about.schema.column(each) for each in range(about.num_columns)]
    texts = [
        leaf.path for leaf in leaves if leaf.physical_type == _TEXTS and leaf.logical_type.type in _PLAIN
    ]
    file = pq.ParquetFile(source, read_dictionary=texts)
    flat = [field.name for field in file.schema_arrow if _is_flat(field, name, pa)]
    return file, flat, _Budget(name, size, pq.read_schema(source))


def _is_flat(field: Any, name: str, pa: Any) -> bool:
    """Whether a column is no list or the like; one of the contract's has to be."""
    if not pa.types.is_nested(field.type):
        return True
    if field.name in (*REQUIRED, *OPTIONAL):
        problem = f"the column {field.name!r} holds {field.type}, not text"
        raise DataError(problem, path=name, remedy="write it as text")
    return False


def _decoded(column: Any, pa: Any) -> int:
    """Bytes of a column whose texts stand in every row."""
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    total = 0
    for chunk in column.chunks:
        lengths = pc.binary_length(chunk.dictionary)
        total += 4 * len(chunk) + (pc.sum(lengths.take(chunk.indices)).as_py() or 0)
    return total
