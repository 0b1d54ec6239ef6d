"""Parquet, decoded as far as a file of sends may go: a value that is kept once may stand in a million rows.

A file of 1,198 bytes, a text of 100,000 letters in 20,000 rows, took 4 GB before its size was looked at.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

from recsys.columns import OPTIONAL, REQUIRED
from recsys.errors import DataError
from recsys.logbooks.sheets.packed import MAX_BYTES, MAX_RATIO

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
    import pyarrow.parquet as pq

    size = source.stat().st_size if isinstance(source, Path) else source.getbuffer().nbytes
    most = max(MAX_BYTES, MAX_RATIO * size)
    about = pq.read_metadata(source)
    packed = sum(about.row_group(each).total_byte_size for each in range(about.num_row_groups))
    _refuse(name, most, max(packed, about.num_rows * about.num_columns))
    leaves = [about.schema.column(each) for each in range(about.num_columns)]
    texts = [
        leaf.path for leaf in leaves if leaf.physical_type == _TEXTS and leaf.logical_type.type in _PLAIN
    ]
    file = pq.ParquetFile(source, read_dictionary=texts)
    flat = [field.name for field in file.schema_arrow if _is_flat(field, name, pa)]
    table = file.read(columns=flat)
    _refuse(name, most, sum(_decoded(column, pa) for column in table.columns))
    kept = pq.read_schema(source)
    for at, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type) and not pa.types.is_dictionary(kept.field(field.name).type):
            table = table.set_column(at, field.name, table.column(at).cast(field.type.value_type))
    return table


def _refuse(name: str, most: int, decoded: int) -> None:
    if decoded > most:
        problem = f"holds more than {most // 1_000_000} MB once decoded, for so small a file"
        raise DataError(problem, path=name, remedy="write the sends anew, or as CSV (UTF-8)")


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
