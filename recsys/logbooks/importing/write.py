"""Writes an import: the sends (CSV, or Parquet where pyarrow is at hand) and the rows that were not used."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from recsys.atomic import atomic_paths
from recsys.errors import UsageError
from recsys.logbooks.importing.model import COLUMNS, Ascent, Reject
from recsys.spreadsheet import inert

SUFFIXES: Final = (".parquet", ".csv")


def check_output(path: Path, inputs: Sequence[Path]) -> None:
    """Raise UsageError when the output has an unknown suffix, or would replace a file that is imported."""
    if path.suffix not in SUFFIXES:
        raise UsageError(f"`output` {path}: give it the suffix .parquet or .csv")
    for target in (path, rejects_path(path)):
        if target.resolve() in [each.resolve() for each in inputs]:
            raise UsageError(f"`output` {path}: would replace {target}, which is imported; name another")


def rejects_path(output: Path) -> Path:
    """Where the rejects of an output go: sends.parquet -> sends.rejects.csv."""
    return output.with_name(f"{output.stem}.rejects.csv")


def write(rows: Sequence[Ascent], rejects: Sequence[Reject], path: Path) -> None:
    """Write the sends, and beside them the rows that were not used: both whole, or neither.

    Without sends a file of an earlier import stays; without rejects one of an earlier import is removed.
    """
    targets = [*([path] if rows else []), rejects_path(path)]
    with atomic_paths(*targets) as fresh:
        if rows:
            _write_sends(rows, fresh[0])
        if rejects:
            _write_rejects(rejects, fresh[-1])


def _write_sends(rows: Sequence[Ascent], path: Path) -> None:
    """The sends in the contract's columns; blank is null."""
    # Of a file without a sequence none is made: the order of a day stays that of the file.
    names = [name for name in COLUMNS if name != "sequence" or any(row.sequence is not None for row in rows)]
    if path.suffix == ".csv":
        _write_csv(path, names, ([_cell(getattr(row, name)) for name in names] for row in rows))
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {
        "rating": pa.float64(),
        "sequence": pa.float64(),
        "repeat": pa.bool_(),
        "tries": pa.int64(),
        "pitches": pa.int64(),
    }
    columns = {
        name: pa.array([_blank(getattr(row, name)) for row in rows], kinds.get(name, pa.string()))
        for name in names
    }
    pq.write_table(pa.table(columns), path)


def _write_rejects(rejects: Sequence[Reject], path: Path) -> None:
    names = ("file", "row", "line", "reason", "value", "text")
    _write_csv(path, names, ([_cell(getattr(each, name)) for name in names] for each in rejects))


def _write_csv(path: Path, names: Sequence[str], rows: Any) -> None:
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)


def _blank(value: Any) -> Any:
    return None if value == "" else value


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else inert(str(value))
