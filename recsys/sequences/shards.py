"""Prepared sequences in parts on the disk: what training reads where it does not hold all sends.

Each part is a Parquet file of whole climbers, one row a climber with a list for each feature, and the part
of the split, the day and the index in the day of each send. They are made of ``sends.parquet``, one of each
of its row groups, when a training begins, and taken away when it has ended.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys import columns as c
from recsys import run_files
from recsys.arrays import Array, evenly
from recsys.atomic import atomic_folder
from recsys.errors import RunError
from recsys.sequences.cases import PARTS, with_history
from recsys.sequences.counts import Counts
from recsys.sequences.run_tables import PART
from recsys.sequences.split import OTHER, TRAIN
from recsys.sequences.store import Sequences, narrow
from recsys.temporaries import temporary_name

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLIMBER: Final = "climber"
_OWN: Final = (_CLIMBER, c.CLIMBER_ID, PART, c.DAY, c.DAY_INDEX)


@dataclass(frozen=True, eq=False)
class Held:
    """Sends in memory: their sequences, and of each send its part (int8) and day (float64), [n_sends]."""

    sequences: Sequences
    parts: Array
    days: Array

    def of_climbers(self, climbers: Array) -> Held:
        """The histories of some climbers, by their indexes in order, int64 [n]."""
        own = self.sequences
        starts, lengths = own.offsets[climbers], np.diff(own.offsets)[climbers]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        sends = np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
        taken = replace(
            own,
            offsets=offsets,
            climbers=own.climbers[climbers],
            climber_ids=own.climber_ids[climbers],
            features={name: values[sends] for name, values in own.features.items()},
            rows=np.arange(len(sends), dtype=np.int32),
            indices=own.indices[sends],
        )
        return Held(taken, self.parts[sends], self.days[sends])


@dataclass(frozen=True)
class Shards:
    """The parts of a run, in order of climbers."""

    paths: tuple[Path, ...]

    @classmethod
    def of(cls, folder: Path) -> Shards:
        """Those that `write_shard` left in a run's folder, or another."""
        paths = tuple(sorted((folder / run_files.SHARDS).glob("*.parquet")))
        if not paths:
            raise RunError(f"{folder}: lacks {run_files.SHARDS}/, which its training streams from")
        return cls(paths)

    def __len__(self) -> int:
        """Number of parts."""
        return len(self.paths)

    def __iter__(self) -> Iterator[Held]:
        """One after the other."""
        return (self.read([number]) for number in range(len(self)))

    def read(self, numbers: Sequence[int]) -> Held:
        """Some of the parts as if they were one."""
        return _joined([_held(pq.read_table(self.paths[number])) for number in numbers])

    @cached_property
    def counts(self) -> Counts:
        """Of all training sends, whose parts are read once for it."""
        found = [Counts.of(each.sequences, np.flatnonzero(each.parts == TRAIN)) for each in self]
        return sum(found[1:], start=found[0])

    def asked(self, most: Mapping[str, int]) -> Held:
        """The histories of the cases that are asked for, whose sends alone keep their part.

        They are those that `Cases.of` takes of all sends; any other send is `OTHER`. Features are read once,
        of the parts with such cases.

        Parameters
        ----------
        most:
            Name of a part ("train", "validation", "test") to the cases of it, at the most.
        """
        parts = (_held(pq.read_table(path, columns=list(_OWN))) for path in self.paths)  # without features
        there = np.array([[len(_cases(held, part)) for part in most] for held in parts])  # [n_parts, kinds]
        before = np.concatenate([[[0] * len(most)], np.cumsum(there, axis=0)])
        picked = [evenly(total, number) for total, number in zip(before[-1], most.values(), strict=True)]
        kept: list[Held] = []
        for number, begin in enumerate(before[:-1]):
            own = [each - first for each, first in zip(picked, begin, strict=True)]
            own = [each[(each >= 0) & (each < n)] for each, n in zip(own, there[number], strict=True)]
            if kept and not any(map(len, own)):
                continue
            held = self.read([number])
            marks = np.full(len(held.parts), OTHER, dtype=np.int8)
            for part, cases in zip(most, own, strict=True):
                marks[_cases(held, part)[cases]] = PARTS[part]
            climbers = np.unique(held.sequences.owner(np.flatnonzero(marks != OTHER)))
            kept.append(replace(held, parts=marks).of_climbers(climbers))
        return _joined(kept)


def write_shard(held: Held, folder: Path, number: int) -> None:
    """Write some climbers' sequences as a part, [n_climbers] rows."""
    own = held.sequences
    offsets = pa.array(own.offsets, pa.int32())
    sends = {**own.features, PART: held.parts, c.DAY: held.days, c.DAY_INDEX: own.indices}
    columns: dict[str, Any] = {_CLIMBER: own.climbers, c.CLIMBER_ID: own.climber_ids.astype(str)}
    for name, values in sends.items():
        wide = values.astype(np.int32) if values.dtype.kind in "iu" else values
        columns[name] = pa.ListArray.from_arrays(offsets, pa.array(wide))
    pq.write_table(pa.table(columns), folder / f"part-{number:06d}.parquet")


def remove_shards(folder: Path) -> None:
    """Take a run's parts away, at once: a folder with some of them is nowhere, whenever this is killed."""
    there = folder / run_files.SHARDS
    if there.is_dir():
        gone = temporary_name(there)
        there.rename(gone)
        shutil.rmtree(gone)


def shard_folder(folder: Path) -> Any:
    """The folder of a run's parts, to be filled: whole or not there."""
    return atomic_folder(folder / run_files.SHARDS, replace=True)


def _cases(held: Held, part: str) -> Array:
    return with_history(held.sequences, held.parts, part)


def _held(table: pa.Table) -> Held:
    """The sends of a part, its lists end to end, in the narrowest types."""

    def flat(name: str) -> Array:
        return table[name].combine_chunks().flatten().to_numpy()

    lengths = table[PART].combine_chunks().value_lengths().to_numpy()
    sequences = Sequences(
        offsets=np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]),
        climbers=table[_CLIMBER].to_numpy(),
        climber_ids=table[c.CLIMBER_ID].to_numpy(),
        features={name: narrow(flat(name)) for name in table.column_names if name not in _OWN},
        rows=np.arange(lengths.sum(), dtype=np.int32),
        indices=flat(c.DAY_INDEX),
    )
    return Held(sequences, flat(PART).astype(np.int8), flat(c.DAY))


def _joined(parts: Sequence[Held]) -> Held:
    """Several as one."""
    own = [each.sequences for each in parts]
    lengths = np.concatenate([np.diff(each.offsets) for each in own])
    names = list(own[0].features)
    sequences = Sequences(
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        climbers=np.concatenate([each.climbers for each in own]),
        climber_ids=np.concatenate([each.climber_ids for each in own]),
        features={name: np.concatenate([each.features[name] for each in own]) for name in names},
        rows=np.arange(lengths.sum(), dtype=np.int32),
        indices=np.concatenate([each.indices for each in own]),
    )
    return Held(
        sequences,
        np.concatenate([each.parts for each in parts]),
        np.concatenate([each.days for each in parts]),
    )
