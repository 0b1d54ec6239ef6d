"""The tables of a run, checked when they are read: its manifest tells of changes, not of its maker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys import columns as c
from recsys import run_files
from recsys.errors import RecsysError, RunError

PART: Final = "part"  # of the split: a column of sends.parquet
_ADDED: Final = 3  # of sends that came after training (`recsys.adapting.climbers.ADDED`)
_SENDS: Final = "sends"
_REMEDY: Final = "copy the folder again from its source, or train anew"


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind))


_KINDS: Final[Mapping[str, tuple[Callable[[pa.DataType], bool], str]]] = {
    **dict.fromkeys(
        (c.CLIMBER_ID, c.CLIMB_ID, c.REGION, c.GRADE, c.COMMENT, c.BETA, c.CLIMB_NAME, c.AREA, c.STYLE),
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
    table = _read(folder / run_files.SENDS, (c.CLIMBER_ID, c.CLIMB_ID, c.DAY, c.ROW, PART))
    _check(folder / run_files.SENDS, PART, table, 0, _ADDED)
    return table.to_pandas()


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
    its own errors for a file that it does not expect. The first of them is the cause of what is raised.
    """
    try:
        yield
    except (RecsysError, MemoryError):
        raise
    except Exception as error:
        text = " ".join(str(error).split())[:200]
        problem = f"its files do not fit together ({type(error).__name__}: {text})"
        raise RunError(f"{folder}: {problem}; {_REMEDY}") from error


def _read(path: Path, filled: tuple[str, ...]) -> Any:
    """The table, its columns of the kinds that they are to have, and those `filled` without blanks."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        text = " ".join(str(error).split())[:200]
        raise RunError(f"{path}: cannot be read ({text}); {_REMEDY}") from error
    names = table.column_names
    for name in (*filled, *names):
        if names.count(name) != 1:
            raise RunError(f"{path}: has {'two columns' if name in names else 'no column'} {name}; {_REMEDY}")
        is_kind, kind = _KINDS.get(name, (None, ""))
        if is_kind is not None and not is_kind(table.schema.field(name).type):
            raise RunError(f"{path}: {name} is not {kind}; {_REMEDY}")
        if name in filled and table[name].null_count:
            raise RunError(f"{path}: {name} has blanks; {_REMEDY}")
    return table


def _check(path: Path, name: str, table: Any, low: int, high: int) -> None:
    found = pc.min_max(table[name]).as_py()
    if table.num_rows and not low <= found["min"] <= found["max"] <= high:
        raise RunError(f"{path}: {name} holds values that are not from {low} to {high}; {_REMEDY}")
