"""The tables of a run, checked when they are read: its manifest tells of changes, not of its maker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys import columns as c
from recsys import run_files
from recsys.errors import RecsysError, RunError
from recsys.sequences.split import OTHER

PART: Final = "part"  # of the split: a column of sends.parquet
_SENDS: Final = "sends"
_FILLED: Final = (c.CLIMBER_ID, c.CLIMB_ID, c.DAY, c.ROW, PART)  # columns without blanks
_REMEDY: Final = "copy the folder again from its source, or train anew"


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind))


_KINDS: Final[Mapping[str, tuple[Callable[[pa.DataType], bool], str]]] = {
    **dict.fromkeys(
        (
            c.CLIMBER_ID,
            c.CLIMB_ID,
            c.REGION,
            c.GRADE,
            c.COMMENT,
            c.BETA,
            c.CLIMB_NAME,
            c.AREA,
            c.STYLE,
            c.CLIMB_TYPE,
        ),
        (_is_text, "text"),
    ),
    **dict.fromkeys((c.RATING, c.DAY, _SENDS, "stars"), (_is_number, "a number")),
    **dict.fromkeys((c.ROW, c.DAY_INDEX, PART), (pa.types.is_integer, "a whole number")),
}


def read_sends_table(folder: Path) -> pd.DataFrame:
    """``sends.parquet`` of a run's folder, which `prepare` wrote.

    Raises
    ------
    RunError
        It cannot be read, or a column is missing, of another type, or has blanks where there are none.
    """
    table = _read(folder / run_files.SENDS, _FILLED)
    _check(folder / run_files.SENDS, table)
    return table.to_pandas()


@dataclass(frozen=True)
class StoredSends:
    """``sends.parquet`` of a run's folder, to be read a group of rows at a time.

    What it raises is what `read_sends_table` does.
    """

    folder: Path

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / run_files.SENDS

    @cached_property
    def _about(self) -> tuple[list[str], int]:
        with _reading(self.path), pq.ParquetFile(self.path) as file:
            _check_kinds(self.path, file.schema_arrow, _FILLED)
            return list(file.schema_arrow.names), int(file.metadata.num_rows)

    @property
    def names(self) -> list[str]:
        """Its columns."""
        return self._about[0]

    def __len__(self) -> int:
        """Number of sends."""
        return self._about[1]

    def parts(self, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
        """The groups of rows in their order, each checked; those of `columns` that it has, or all.

        A climber's sends may be in two of them.
        """
        wanted = [name for name in self.names if columns is None or name in columns]
        with _reading(self.path), pq.ParquetFile(self.path) as file:
            for number in range(file.num_row_groups):
                table = file.read_row_group(number, columns=wanted)
                _check(self.path, table)
                yield table.to_pandas()


def whole_climbers(parts: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """The same sends in parts of which no two have a climber in common; two are in memory at a time."""
    held = None
    for part in parts:
        fresh = part
        if held is not None and len(held) and len(part):
            others = part[c.CLIMBER_ID].to_numpy() != held[c.CLIMBER_ID].iloc[-1]
            more = int(others.argmax()) if others.any() else len(part)
            held = pd.concat([held, part[:more]]) if more else held
            fresh = part[more:]
        if held is not None and len(fresh):
            yield held
        if held is None or len(fresh):
            held = fresh
    if held is not None:
        yield held


def read_climbs_table(folder: Path) -> pd.DataFrame:
    """``climbs.parquet`` of a run's folder, the climbs in the order of their ids.

    Raises
    ------
    RunError
        As of `read_sends_table`, or a climb is there twice.
    """
    path = folder / run_files.CLIMBS
    table = _read(path, (c.CLIMB_ID,))
    if _SENDS not in table.column_names:
        raise RunError(f"{path}: has no column {_SENDS}; {_REMEDY}")
    if pc.count_distinct(table[c.CLIMB_ID]).as_py() < table.num_rows:
        raise RunError(f"{path}: names a climb twice; {_REMEDY}")
    return table.to_pandas()


@contextmanager
def fitting(folder: Path) -> Iterator[None]:
    """Say that the files of a folder do not fit together where using them fails, whatever fails.

    What is read of them goes through NVTabular, Merlin's schema, safetensors and PyTorch, each of which has
    its own errors for a file that it does not expect. The first of them is the cause of what is raised. What
    the system refuses, a full disk say, stays what it is.
    """
    try:
        yield
    except (RecsysError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        text = " ".join(str(error).split())[:200]
        problem = f"its files do not fit together ({type(error).__name__}: {text})"
        raise RunError(f"{folder}: {problem}; {_REMEDY}") from error


def _read(path: Path, filled: tuple[str, ...]) -> Any:
    """The table, its columns of the kinds that they are to have, and those `filled` without blanks."""
    with _reading(path):
        table = pq.read_table(path)
    _check_kinds(path, table.schema, filled)
    _check_filled(path, table, filled)
    return table


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Name the file that Arrow cannot read."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        text = " ".join(str(error).split())[:200]
        raise RunError(f"{path}: cannot be read ({text}); {_REMEDY}") from error


def _check_kinds(path: Path, schema: pa.Schema, filled: tuple[str, ...]) -> None:
    """Refuse columns that are missing, there twice, or of another kind."""
    names = schema.names
    for name in (*filled, *names):
        if names.count(name) != 1:
            raise RunError(f"{path}: has {'two columns' if name in names else 'no column'} {name}; {_REMEDY}")
        is_kind, kind = _KINDS.get(name, (None, ""))
        if is_kind is not None and not is_kind(schema.field(name).type):
            raise RunError(f"{path}: {name} is not {kind}; {_REMEDY}")


def _check_filled(path: Path, table: Any, filled: tuple[str, ...]) -> None:
    for name in filled:
        if name in table.column_names and table[name].null_count:
            raise RunError(f"{path}: {name} has blanks; {_REMEDY}")


def _check(path: Path, table: Any) -> None:
    """Refuse rows of sends.parquet with blanks, or of a part that is none."""
    _check_filled(path, table, _FILLED)
    if PART not in table.column_names or not table.num_rows:
        return
    found = pc.min_max(table[PART]).as_py()
    if not 0 <= found["min"] <= found["max"] <= OTHER:
        raise RunError(f"{path}: {PART} holds values that are not from 0 to {OTHER}; {_REMEDY}")
