"""What `recsys.training.prepare` does with all sends at once, done with a range of climbers at a time.

A task of a cluster (`workflows.sends.distributed`) reads a file of a range's sends, leaves files beside it,
and returns a few numbers. What needs all sends is settled between the tasks from those numbers: which climbs
are too rare, who is held out, and which attributes a climb usually has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys.atomic import atomic_path
from recsys.sequences import split
from recsys.sequences.catalogue import attribute_counts, reduced
from recsys.sequences.days import looks_sorted, order_days, ties
from recsys.sequences.run_tables import PART
from workflows import sends as workflow_of
from workflows.sends.distributed import Range, gathered

if TYPE_CHECKING:
    from recsys.arrays import Array
    from recsys.config.run import DayOrder

_CORE: Final = [c.CLIMBER_ID, c.CLIMB_ID]


@dataclass(frozen=True)
class Ordered:
    """A range's sends that are kept, in order."""

    path: str
    sends: int
    climbers: int
    days: Mapping[float, int]
    tied: int
    simulated: bool
    sorted_by: str | None


@dataclass(frozen=True)
class Parted:
    """A range's sends with their parts, and its sends of training, in a file each.

    Attributes
    ----------
    path, training:
        The files.
    counted:
        Sends and climbers of each part.
    asked:
        Parts that have a send with a history.
    climbs:
        Of the sends of training, `recsys.sequences.catalogue.attribute_counts`.
    """

    path: str
    training: Range
    counted: split.Counted
    asked: frozenset[int]
    climbs: Mapping[str, pd.DataFrame]


def rare_climbs(client: Any, ranges: Sequence[Range], least: int) -> tuple[frozenset[str], int, int]:
    """The climbs that the core of `least` sends (`recsys.logbooks.filter`) leaves out; its climbers, climbs.

    Each pass counts the sends of every climb by climbers who have enough left, until no climb has too few.
    """
    rare: frozenset[str] = frozenset()
    while True:
        tasks = [client.submit(_core, each.path, least, rare) for each in ranges]
        found = gathered(client, tasks)
        counts: Counter[str] = Counter()
        for climbs, _ in found:
            counts.update(climbs)
        more = {climb for climb, count in counts.items() if count < least}
        if not more:
            return rare, sum(climbers for _, climbers in found), len(counts)
        rare |= more


def order(
    client: Any, ranges: Sequence[Range], least: int, rare: frozenset[str], how: DayOrder, seed: int
) -> list[Ordered]:
    """The ranges without what the core leaves out, in the order that is learned from; empty ones are gone."""
    tasks = [client.submit(_order, each.path, least, rare, how, seed) for each in ranges]
    return [each for each in gathered(client, tasks) if each.sends]


def days_of(ranges: Sequence[Ordered]) -> tuple[Array, Array]:
    """The different whole days in order, float64 [n_days], and the sends of each, int64 [n_days]."""
    counts: Counter[float] = Counter()
    for each in ranges:
        counts.update(each.days)
    days = sorted(counts)
    return np.array(days), np.array([counts[day] for day in days])


def part(client: Any, ranges: Sequence[Ordered], plan: split.Plan, has_time: bool) -> list[Parted]:
    """The ranges with the part of each send, rows numbered throughout."""
    climbers = np.cumsum([0, *(each.climbers for each in ranges)]).tolist()
    rows = np.cumsum([0, *(each.sends for each in ranges)]).tolist()
    tasks = [
        client.submit(_part, each.path, plan, first, row, has_time)
        for each, first, row in zip(ranges, climbers, rows, strict=False)
    ]
    found: list[Parted] = gathered(client, tasks)
    return found


def counted_climbs(ranges: Sequence[Parted]) -> dict[str, pd.DataFrame]:
    """`attribute_counts` of all sends of training."""
    names = dict.fromkeys(name for each in ranges for name in each.climbs)
    found = {}
    for name in names:
        table = pd.concat([each.climbs[name] for each in ranges if name in each.climbs])
        keys = list(dict.fromkeys([c.CLIMB_ID, name]))
        found[name] = table.groupby(keys, sort=True)["n"].sum().reset_index()
    return found


def write_sends(ranges: Sequence[Parted], path: Path) -> None:
    """All sends as one file, a group of rows for each range."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schemas = [pq.read_schema(each.path).remove_metadata() for each in ranges]
    schema = reduce(_wider, schemas)
    with atomic_path(path) as fresh, pq.ParquetWriter(fresh, schema) as writer:
        for each in ranges:
            table = pq.read_table(each.path)
            columns = [
                table[field.name].cast(field.type) if field.name in table.column_names
                else pa.nulls(len(table), field.type)
                for field in schema
            ]  # fmt: skip
            writer.write_table(pa.table(columns, schema=schema), row_group_size=max(1, len(table)))


def _wider(one: Any, other: Any) -> Any:
    """Columns of both; one that is blank throughout has the other's type."""
    import pyarrow as pa

    types = {each.name: each.type for each in other}
    for each in one:
        if each.name not in types or not pa.types.is_null(each.type):
            types[each.name] = each.type
    order = [name for name in (*workflow_of.INPUTS, c.DAY_INDEX, PART) if name in types]
    return pa.schema([(name, types[name]) for name in order])


def _core(path: str, least: int, rare: frozenset[str]) -> tuple[dict[str, int], int]:
    """Sends of each climb, and climbers, when climbs of `rare` and then climbers with too few are gone."""
    kept = _kept(pd.read_parquet(path, columns=_CORE), least, rare)
    return kept[c.CLIMB_ID].value_counts().to_dict(), int(kept[c.CLIMBER_ID].nunique())


def _kept(frame: pd.DataFrame, least: int, rare: frozenset[str]) -> pd.DataFrame:
    if rare:
        frame = frame[~frame[c.CLIMB_ID].isin(rare)]
    if least > 1:
        frame = frame[frame[c.CLIMBER_ID].map(frame[c.CLIMBER_ID].value_counts()) >= least]
    return frame.reset_index(drop=True)


def _order(path: str, least: int, rare: frozenset[str], how: DayOrder, seed: int) -> Ordered:
    """The sends of a range that are kept, beside it."""
    read = pd.read_parquet(path)
    by = looks_sorted(read) if len(read) else None
    kept = _kept(read, least, rare)
    if kept.empty:
        return Ordered("", 0, 0, {}, 0, True, by)
    frame = order_days(kept, how, seed)
    group = ties(frame)
    days, counts = np.unique(np.floor(frame[c.DAY].to_numpy(np.float64)), return_counts=True)
    out = f"{path}.ordered"
    with atomic_path(out) as fresh:
        frame.to_parquet(fresh, index=False)
    return Ordered(
        path=out,
        sends=len(frame),
        climbers=int(frame[c.CLIMBER_ID].nunique()),
        days=dict(zip(days.tolist(), counts.tolist(), strict=True)),
        tied=int((np.bincount(group)[group] > 1).sum()),
        simulated=bool(frame[c.CLIMB_ID].str.startswith(c.SIMULATED).all()),
        sorted_by=by,
    )


def _part(path: str, plan: split.Plan, first: int, row: int, has_time: bool) -> Parted:
    """The parts of a range's sends: the columns that a run keeps in one file, training in another."""
    frame = pd.read_parquet(path)
    frame[c.ROW] = np.arange(row, row + len(frame))
    parts = plan.parts(frame, first)
    training = frame[parts == split.TRAIN]
    inputs = training[[name for name in workflow_of.INPUTS if name in frame]]
    kept, fitted = Path(f"{path}.sends"), Path(f"{path}.training")
    with atomic_path(kept) as fresh:
        reduced(frame).assign(**{PART: parts}).to_parquet(fresh, index=False)
    with atomic_path(fitted) as fresh:
        inputs.to_parquet(fresh, index=False)
    known = frozenset(name for name in inputs if inputs[name].notna().any())
    return Parted(
        path=str(kept),
        training=Range(str(fitted), len(training), has_time, known, {}),
        counted=split.Counted.of(frame, parts),
        asked=split.asked_of(frame, parts),
        climbs=attribute_counts(training),
    )
