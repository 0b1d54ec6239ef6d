"""Rows written as a table: CSV that a spreadsheet can open without running it, Parquet, or JSON lines."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Final, TextIO

from recsys.atomic import atomic_path
from recsys.console import printable
from recsys.errors import UsageError
from recsys.spreadsheet import inert

Rows = Iterable[Mapping[str, Any]]
SUFFIXES: Final = (".csv", ".parquet", ".jsonl")


def write_table(
    path: Path,
    parquet: Callable[[Path], None],
    csv: Callable[[TextIO], None],
    lines: Callable[[TextIO], None],
) -> None:
    """Let the one of the path's suffix write (`lines`: JSON lines); the file is whole or absent."""
    check_suffix(path)
    with atomic_path(path) as fresh:
        if path.suffix == ".parquet":
            parquet(fresh)
            return
        with fresh.open("w", encoding="utf-8", newline="") as file:
            (csv if path.suffix == ".csv" else lines)(file)


def write_csv(rows: Rows, file: TextIO, columns: list[str] | None = None) -> None:
    """Rows as CSV; text that a spreadsheet would take for a formula gets an apostrophe before it.

    To a terminal a text has nothing that would steer it; a file gets every character.
    """
    iterator = iter(rows)
    if columns is None:
        first = next(iterator, {})
        columns, iterator = list(first), chain([first] if first else [], iterator)
    writer = csv.writer(file, lineterminator="\n")
    shown = _printable if file.isatty() else cell
    writer.writerow([shown(name) for name in columns])
    writer.writerows([shown(row.get(name)) for name in columns] for row in iterator)


def check_suffix(path: Path) -> None:
    """Refuse a file of another format, before any work is done."""
    if path.suffix not in SUFFIXES:
        raise UsageError(f"`output` {path}: give it one of the suffixes {', '.join(SUFFIXES)}")
    if path.suffix == ".parquet":
        try:
            import pyarrow  # noqa: F401
        except ModuleNotFoundError:
            raise UsageError(
                f"`output` {path}: Parquet needs pyarrow (pip install pyarrow); or write .csv"
            ) from None


@contextmanager
def parquet_writer(path: Path, columns: Mapping[str, type]) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """A function that writes columns of values as a row group of a Parquet file."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
    with parquet.ParquetWriter(path, schema) as writer:
        yield lambda values: writer.write_table(pa.table(values, schema))


def _printable(value: Any) -> Any:
    return printable(inert(value)) if isinstance(value, str) else value


def cell(value: Any) -> Any:
    """A value as a cell of CSV: text that a spreadsheet would run gets an apostrophe."""
    return inert(value) if isinstance(value, str) else value
