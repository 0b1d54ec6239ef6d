"""What every fitted counting method is: arrays and settings that score a batch.

A batch holds what a method reads of the sends, whole histories and not a network's window: every feature of
`Counted.reads`, and the climbs, [batch, width], 0 at the start, the send that is asked for last; and
``given``, bool [batch, n_attributes]. Its names start with `PREFIX`, so that a network's own may stand
beside them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np

from recsys.arrays import Array
from recsys.columns import ATTRIBUTES, CLIMB, FIRST_VALUE_ID, GIVEN, UNKNOWN_ID
from recsys.recommending.features import ArrayBatch, windows

PREFIX: Final = "counted/"
ALL: Final = 1 << 20  # sends of a history that are read where all are


@dataclass(frozen=True, eq=False)
class Counted(ABC):
    """A fitted counting method: a dataclass whose arrays are kept in model.npz and whose rest in method.json.

    Attributes
    ----------
    vectors:
        What climbs are likened by, float32 [n_items, dimension] (`SIMILAR` says what it is).
    """

    KIND: ClassVar[str]
    ARRAYS: ClassVar[Mapping[str, tuple[str, int]]]  # type and dimensions of each
    SIMILAR: ClassVar[str] = "truncated singular vectors of the climbs' co-occurrence"
    reads: ClassVar[tuple[str, ...]] = ()  # features beside the climbs
    prompted: ClassVar[bool] = False  # whether the prompt changes the scores
    KEEPS_SENDS: ClassVar[bool] = False  # whether an array has a row a send, with its day

    vectors: Array

    @property
    def sends(self) -> int:
        """How many sends of a history are read, from its end."""
        return ALL

    @abstractmethod
    def check(self) -> None:
        """Raise a `ValueError`, a clause, where arrays that were read do not belong together."""

    @property
    @abstractmethod
    def n_items(self) -> int:
        """Climbs that are scored."""

    @abstractmethod
    def scores(self, batch: ArrayBatch) -> Array:
        """Scores of every climb, higher is better, float32 [batch, n_items]."""

    @property
    def embeddings(self) -> Array:
        """One row a climb, float32 [n_items, dimension]."""
        return self.vectors


@dataclass(frozen=True, eq=False)
class LastCounted(Counted):
    """A method that reads the last sends of a history alone.

    Attributes
    ----------
    last:
        Sends of a history that are read; None is all.
    """

    last: int | None

    def check(self) -> None:
        """See `Counted.check`."""
        whole(self.last, 1, "last is no number of sends", blank=True)

    @property
    def sends(self) -> int:
        """How many sends of a history are read, from its end."""
        return self.last or ALL


def counted_batch(method: Counted, features: Mapping[str, Array], lengths: Sequence[int]) -> ArrayBatch:
    """What a method reads of some logbooks, each ending with the send that is asked for.

    Parameters
    ----------
    method:
        Says which features, and how much of a history.
    features:
        Of all the sends, the logbooks end to end, [n_sends] each, `recsys.columns.DAY` among them.
    lengths:
        Sends of each logbook.
    """
    width = min(method.sends + 1, max(lengths))
    read = {name: features[name] for name in (CLIMB, *method.reads) if name in features}
    read[CLIMB] = counted_climbs(method, read[CLIMB])
    return {PREFIX + name: values for name, values in windows(read, lengths, width).items()}


def counted_climbs(method: Counted, ids: Array) -> Array:
    """Ids of climbs, [n], those unknown that joined the catalogue after the method had counted."""
    return np.where(ids >= FIRST_VALUE_ID + method.n_items, UNKNOWN_ID, ids)


def size(batch: ArrayBatch) -> int:
    """Number of questions of a batch."""
    return len(batch[PREFIX + CLIMB])


def read(batch: ArrayBatch, name: str) -> Array | None:
    """A feature of a batch, [batch, width], or None where the data lacks it."""
    return batch.get(PREFIX + name)


def histories(batch: ArrayBatch, last: int | None = None) -> Iterator[Array]:
    """The different climbs of each history, int64 [n], in the catalogue's order; of its last or of all."""
    ids = batch[PREFIX + CLIMB][:, :-1]
    for row in ids if last is None else ids[:, max(0, ids.shape[1] - last) :]:
        yield np.unique(row[row >= FIRST_VALUE_ID].astype(np.int64)) - FIRST_VALUE_ID


def given(batch: ArrayBatch, attribute: str) -> Array:
    """Whether the prompt holds an attribute, bool [batch]."""
    return np.asarray(batch[GIVEN][:, ATTRIBUTES.index(attribute)], dtype=bool)


def demand(holds: bool, words: str) -> None:
    """Raise a `ValueError` unless something holds."""
    if not holds:
        raise ValueError(words)


def whole(value: object, low: int, words: str, blank: bool = False) -> None:
    """Demand that a setting is a whole number from `low`, or None where it may be blank."""
    demand((blank and value is None) or (type(value) is int and low <= value <= 1 << 62), words)


def number(value: object, low: float, high: float, words: str, blank: bool = False) -> None:
    """Demand that a setting is a number from `low` to `high`, or None where it may be blank."""
    known = type(value) in (int, float)
    demand((blank and value is None) or (known and low <= value <= high), words)  # type: ignore[operator]


def within(values: Array, n: int, words: str) -> None:
    """Demand that indices lie in 0 to n - 1."""
    demand(not len(values) or (values.min() >= 0 and values.max() < n), words)


def plain(value: Any) -> Any:
    """A setting as JSON has it."""
    return list(value) if isinstance(value, tuple) else value
