"""The same workflow on a Dask cluster, out of core: sends in Parquet parts, by way of folders of climbers.

    parts of SENDS ── share out ──> one folder a range of climbers, raw rows ── read ──> sorted, checked sends
                                    ── fit (NVTabular, on all) ──> workflow ── transform ──> sequences

A task holds one part or one range in memory, and what it leaves is a file in a folder that all workers see;
its result is a few numbers. A worker that dies therefore costs the tasks it had, which Dask gives to another.
The ranges are in the order of the climbers' ids, so the sequences come out as one process writes them.

What one file says as a whole is here said by a range: which grades a bare number is of
(`recsys.logbooks.grade_context`) is settled among its rows. Means and deviations are sums of float32 in
another order, and agree to some seven digits; all else is equal.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from recsys import columns as c
from recsys.atomic import atomic_path
from recsys.config.bad_rows import BadRows
from recsys.errors import DataError, RecsysError, UsageError
from recsys.files import open_plain
from workflows.sends.frames import INPUTS

if TYPE_CHECKING:
    from nvtabular import Workflow

RANGE: Final = 250_000  # sends of a range, about: what a task holds
_SAMPLED: Final = 100  # rows of a range that are looked at to find where it ends
_BATCH: Final = 100_000  # rows that are shared out at a time


@dataclass(frozen=True)
class Range:
    """Sends of a range of climbers.

    Attributes
    ----------
    path:
        Their file.
    sends, start:
        How many, and the index of the first.
    has_time:
        Whether their days are days.
    known:
        Columns that are not blank throughout.
    reasons:
        Rows that were dropped, by reason.
    last_day:
        The last of their days; NaN where they were read without them.
    """

    path: str
    sends: int
    has_time: bool
    known: frozenset[str]
    reasons: Mapping[str, int]
    start: int = 0
    last_day: float = float("nan")

    @property
    def dropped(self) -> int:
        """Rows that were dropped."""
        return sum(self.reasons.values())


class Here:
    """Stands for a cluster's client where there is none: this process does each task when it is given."""

    @staticmethod
    def submit(task: Callable[..., Any], *args: Any) -> Any:
        """The task's result."""
        return task(*args)

    @staticmethod
    def gather(results: list[Any]) -> list[Any]:
        """The same results."""
        return results


@contextmanager
def cluster(where: str | None, memory: str = "2GB", on_cpu: bool = True) -> Iterator[Any]:
    """A client of a cluster: ``local:2`` starts two workers here, anything else is a scheduler's address.

    None stands for this process, which does one task after the other.

    Raises
    ------
    UsageError
        The scheduler cannot be reached, or the number of workers is none.
    """
    if where is None:
        yield Here()
        return
    from dask.distributed import Client, LocalCluster

    kind, _, count = where.partition(":")
    if kind != "local":
        try:
            client = Client(where, timeout=10)
        except (OSError, ValueError) as error:
            raise UsageError(f"`dask` {where}: the scheduler cannot be reached ({error})") from None
        with client:
            yield client
        return
    if not count.isdigit() or not int(count):
        raise UsageError(f"`dask` {where}: give local:N, such as local:2, or a scheduler's address")
    options: dict[str, Any] = {"n_workers": int(count), "threads_per_worker": 1, "dashboard_address": None}
    if on_cpu:
        started = LocalCluster(memory_limit=memory, **options)
    else:
        from dask_cuda import LocalCUDACluster

        started = LocalCUDACluster(memory_limit=memory, **options)
    with started, Client(started) as client:
        yield client


def read(
    client: Any,
    sends: Path,
    scratch: Path,
    schema: str | None,
    bad_rows: BadRows,
    size: int = RANGE,
    columns: Sequence[str] | None = INPUTS,
) -> list[Range]:
    """Share out the rows of all parts by climber, and read each range as `read_sends` reads a file.

    Parameters
    ----------
    client:
        Of the cluster.
    sends:
        Raw sends in Parquet: a folder of parts, or one file.
    scratch:
        A folder that all workers see.
    schema, bad_rows:
        As of `read_sends`.
    size:
        Sends of a range, about; a climber's are never parted.
    columns:
        What is kept of them; None: everything.

    Raises
    ------
    DataError
        There are no parts, or a row is not right.
    """
    folders = share_out(client, sends, scratch, schema, size)
    tasks = [client.submit(_read_range, each, schema, bad_rows, columns) for each in folders]
    ranges = gathered(client, tasks)
    failed = [each for each in ranges if isinstance(each, str)]
    if failed:
        problem = f"of the rows of some of its climbers, {failed[0]}"
        remedy = "read it without `stream` and `dask` for the row of the file, or pass `bad_rows` drop"
        raise DataError(problem, path=sends, remedy=remedy)
    if len({each.has_time for each in ranges if each.sends}) > 1:
        raise DataError("some of its dates are days, some plain order", path=sends, remedy="write one kind")
    starts = itertools.accumulate((each.sends for each in ranges), initial=0)
    return [
        Range(**{**vars(each), "start": n}) for each, n in zip(ranges, starts, strict=False) if each.sends
    ]


def share_out(client: Any, sends: Path, scratch: Path, schema: str | None, size: int = RANGE) -> list[str]:
    """Folders with the raw rows of a range of climbers each, in the order of the climbers' ids as text.

    Parameters
    ----------
    client, sends, scratch, schema, size:
        As of `read`.
    """
    from recsys.logbooks.locate import locate
    from recsys.logbooks.sheets.open import parts_of
    from recsys.logbooks.sheets.partitions import keys_of

    found = locate(sends, schema)
    climber = found.mapping.columns[c.CLIMBER_ID].column
    parts: dict[str, dict[str, str]] = {str(found.path): {}}  # and the columns that folders' names give
    if found.path.is_dir():
        parts = {str(each): keys_of(each, found.path) for each in parts_of(found.path)}
    _refuse_others(parts, climber)
    every = max(1, size // _SAMPLED)
    samples = gathered(client, [client.submit(_sample, *part, climber, every) for part in parts.items()])
    ids = sorted(itertools.chain.from_iterable(samples))
    edges = sorted(set(ids[size // every :: size // every]))
    given = climber, edges, str(scratch)
    gathered(client, [client.submit(_share_out, *part, n, *given) for n, part in enumerate(parts.items())])
    return sorted(str(each) for each in scratch.iterdir() if each.is_dir())


def fit(ranges: Sequence[Range], folder: Path, on_cpu: bool = True) -> Workflow:
    """Fit the workflow on all ranges, and save it, as `workflows.sends.fit` does with one frame."""
    import nvtabular as nvt
    from dask.dataframe.io.io import from_map

    from workflows import sends as workflow_of
    from workflows.sends.frames import input_schema

    there = frozenset().union(*(each.known for each in ranges))
    known = [name for name in INPUTS if name in there]
    meta = _frame(ranges[0], known, on_cpu).iloc[:0]
    parts = from_map(_frame, list(ranges), known=known, on_cpu=on_cpu, meta=meta, enforce_metadata=False)
    data = nvt.Dataset(parts, cpu=on_cpu, schema=input_schema(known))
    return workflow_of.fit_dataset(data, known, folder, ranges[0].has_time)


def transform(client: Any, ranges: Sequence[Range], workflow_folder: Path, path: Path) -> int:
    """Write the sequences of all ranges as one Parquet file; returns the climbers."""
    import pyarrow.parquet as pq

    tasks = [client.submit(_transform, each, str(workflow_folder)) for each in ranges]
    written, climbers, writer = gathered(client, tasks), 0, None
    for each in written:
        file = pq.ParquetFile(each)
        writer = writer or pq.ParquetWriter(path, file.schema_arrow)
        for group in range(file.num_row_groups):
            writer.write_table(file.read_row_group(group))
        climbers += file.metadata.num_rows
    if writer is not None:
        writer.close()
    return climbers


def gathered(client: Any, tasks: list[Any]) -> list[Any]:
    """Results of tasks; a worker that ran out of memory again and again is said in one line."""
    from dask.distributed import KilledWorker

    try:
        found: list[Any] = client.gather(tasks)
        return found
    except KilledWorker as error:
        raise DataError(
            f"a task ended its worker again and again ({error.task}); it may need more memory",
            remedy="give a worker more with `dask_memory`, or smaller parts",
        ) from None


def _refuse_others(parts: Mapping[str, Mapping[str, str]], climber: str) -> None:
    """DataError where a part is no Parquet, names no climbers, or has not the columns of the first one."""
    from recsys.logbooks.arrow_parquet import open_parquet, refuse_other_columns

    first: set[str] = set()
    for part, keys in parts.items():
        _refuse_other_kinds(part)
        with open_parquet(Path(part)) as opened:
            names = {*opened.schema_arrow.names, *keys}
        refuse_other_columns(names, first or names, part)
        if climber not in names:
            problem = f"has no column {climber!r}; it has {', '.join(sorted(names))[:80]}"
            raise DataError(problem, path=part, remedy="name its columns so, or write a `schema_name`")
        first = names


def _refuse_other_kinds(part: str) -> None:
    from recsys.logbooks.sheets.kinds import PARQUET_MARK

    try:
        with open_plain(part) as file:
            start = file.read(len(PARQUET_MARK))
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", path=part, remedy="check the path") from error
    if start != PARQUET_MARK:
        raise DataError("is no Parquet", path=part, remedy="write the sends as Parquet, in parts or whole")


def _sample(part: str, keys: Mapping[str, str], climber: str, every: int) -> list[str]:
    """Every so many-th climber's id of a part."""
    from recsys.logbooks.arrow_parquet import batches, open_parquet

    with open_parquet(Path(part)) as file:
        if climber not in file.schema_arrow.names:
            return [keys[climber]] * -(-file.metadata.num_rows // every)
    found, ahead = [], 0  # rows of the next batch before the next one that is taken
    for batch in batches(Path(part), _BATCH, [climber]):
        column = batch.column(0)
        found += [_text(value) for value in column.take(list(range(ahead, len(column), every))).to_pylist()]
        ahead = (ahead - len(column)) % every
    return found


def _share_out(
    part: str, keys: Mapping[str, str], number: int, climber: str, edges: list[str], scratch: str
) -> int:
    """Write the rows of a part into the folders of their climbers' ranges, in their order."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from recsys.logbooks.arrow_parquet import batches, with_keys

    writers: dict[int, Any] = {}
    rows = 0
    for batch in batches(Path(part), _BATCH):
        table = with_keys(batch, keys)
        ids = np.array([_text(value) for value in table[climber].to_pylist()], dtype=object)
        unique, codes = np.unique(ids, return_inverse=True)
        places: Any = np.searchsorted(np.array(edges, dtype=object), unique, side="right")
        belongs = places[codes]
        for each in np.unique(belongs).tolist():
            folder = Path(scratch) / f"range-{each:06d}"
            folder.mkdir(parents=True, exist_ok=True)
            taken = table.filter(pa.array(belongs == each))
            if each not in writers:
                path = folder / f".part-{number:06d}.parquet"
                writers[each] = path, pq.ParquetWriter(path, taken.schema)
            writers[each][1].write_table(taken)
        rows += len(batch)
    for path, writer in writers.values():
        writer.close()
        path.rename(path.with_name(path.name[1:]))  # hidden until it is whole
    return rows


def _read_range(
    folder: str, schema: str | None, bad_rows: BadRows, columns: Sequence[str] | None
) -> Range | str:
    """Check and sort a range's rows into one file; an error in words, for few errors can be pickled."""
    from recsys.logbooks.read import read_sends

    try:
        read = read_sends(Path(folder), schema, bad_rows, whole=False)
    except RecsysError as error:
        text = str(error).replace(f"{folder}, row", "row").replace(folder, "all")
        return text.removesuffix(", or pass bad_rows drop")
    frame = read.frame
    kept = frame if columns is None else frame[[name for name in columns if name in frame]]
    path = Path(f"{folder}.parquet")
    with atomic_path(path) as fresh:
        kept.to_parquet(fresh, index=False)
    known = frozenset(name for name in kept if kept[name].notna().any())
    last = float(frame[c.DAY].max())
    return Range(str(path), len(kept), read.has_time, known, dict(read.n_dropped), last_day=last)


def _frame(part: Range, known: Sequence[str], on_cpu: bool) -> Any:
    """A range's sends in the workflow's columns, ``row`` counting over all ranges."""
    import pandas as pd

    from workflows.sends.frames import ordered, plain_text

    frame = pd.read_parquet(part.path)
    frame[c.ROW] += part.start
    frame = ordered(frame, known)
    if on_cpu:
        return frame
    from merlin.core.dispatch import cudf

    return cudf.DataFrame.from_pandas(plain_text(frame))


def _transform(part: Range, workflow_folder: str) -> str:
    """A range's sequences, as a file beside its sends."""
    import pandas as pd

    from workflows import sends as workflow_of
    from workflows.coded import write_sequences

    workflow = _opened(workflow_folder)
    frame = pd.read_parquet(part.path)
    frame[c.ROW] += part.start
    path = f"{part.path}.sequences"
    with atomic_path(path) as fresh:
        write_sequences(workflow_of.pieces(workflow, frame), fresh)
    return path


@functools.lru_cache(maxsize=1)
def _opened(workflow_folder: str) -> Workflow:
    """A saved workflow, read once by each worker, for it names every climber; no folder is written twice."""
    from workflows import sends as workflow_of

    return workflow_of.load(Path(workflow_folder))


def _text(value: Any) -> str:
    """A climber's id as text, so that one climber is in one range whatever type a part gives the ids."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()
