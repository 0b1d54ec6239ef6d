"""The workflow's feature values once more, in NumPy: what a bundle uses in place of NVTabular.

Every constant (vocabularies, bin edges, means and deviations) was taken out of the fitted workflow. A
property test holds the two against each other, value for value, on random logbooks.

Ids: 0 padding, 1 null, 2 out of vocabulary, then the values. Bins: 0 padding, 1 not logged, then upwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from recsys import columns as c
from recsys.arrays import Array
from recsys.columns import BIN, CLIMB, CLIMBER, ELAPSED_DAYS, FIRST_VALUE_ID, NULL_ID, UNKNOWN_ID
from recsys.logbooks.grades import ordinals
from recsys.logbooks.text_grades import middles
from recsys.recommending.fields import Fields
from recsys.recommending.logbook import Logbook
from recsys.recommending.text_states import TextStates

ArrayBatch = dict[str, Array]
_NUMBERS: Final = (c.GRADE, c.RATING, ELAPSED_DAYS)
_MOST_EDGES: Final = 10_000
COLUMN_OF: Final = {CLIMB: c.CLIMB_ID, CLIMBER: c.CLIMBER_ID, c.REGION: c.REGION}


@dataclass(frozen=True, eq=False)
class Features:
    """Constants of a fitted workflow.

    Attributes
    ----------
    vocabularies:
        Feature (climb, climber, region) to its values by id, the first having `FIRST_VALUE_ID`.
    numbers:
        Feature (grade, rating, elapsed_days) to {"mean", "std", "edges"}; mean None where nothing was logged.
    flags:
        Texts of which only counts whether there is one.
    not_logged:
        What stands for a missing number before it is put into a bin.
    grades:
        Where none can be read as a grade: the texts that have bins, in their order.
    texts:
        Which state of its climb's texts a send reads; None where no texts are read.
    """

    vocabularies: Mapping[str, Sequence[str]]
    numbers: Mapping[str, Mapping[str, Any]]
    flags: Sequence[str]
    not_logged: float
    texts: TextStates | None = None
    grades: Sequence[str] = ()

    def __post_init__(self) -> None:
        ids = {
            name: {value: index + FIRST_VALUE_ID for index, value in enumerate(values)}
            for name, values in self.vocabularies.items()
        }
        object.__setattr__(self, "_ids", ids)

    @property
    def has_time(self) -> bool:
        """Whether the workflow knows elapsed days."""
        return ELAPSED_DAYS in self.numbers

    @property
    def ranges(self) -> dict[str, tuple[float, type]]:
        """Feature of a batch to its largest value (of standardised numbers, one of many) and its type."""
        found: dict[str, tuple[float, type]] = {
            name: (len(values) + FIRST_VALUE_ID - 1, np.int64) for name, values in self.vocabularies.items()
        }
        for name, constants in self.numbers.items():
            found |= {name: (3.0, np.float32), name + BIN: (len(constants["edges"]), np.int64)}
        if self.texts is not None:
            found[c.TEXT] = (len(self.texts), np.int64)
        return found | dict.fromkeys(self.flags, (2, np.int64))

    def ids(self, name: str, values: Iterable[str | None]) -> Array:
        """Category ids, int64 [n]."""
        table: dict[str, int] = self._ids[name]  # type: ignore[attr-defined]
        found = [NULL_ID if value is None else table.get(value, UNKNOWN_ID) for value in values]
        return np.array(found, dtype=np.int64)

    def encode(self, logbooks: Sequence[Logbook]) -> ArrayBatch:
        """Every feature of all the sends, the logbooks end to end: int64 or float32 [n_sends] each."""
        columns = {
            name: np.concatenate([each.columns[name] for each in logbooks]) for name in logbooks[0].columns
        }
        batch = {
            name: self.ids(name, columns[COLUMN_OF[name]]) for name in self.vocabularies if name != CLIMBER
        }
        for name in self.numbers:
            values = _numbers(name, columns, logbooks)
            batch[name] = self._standardised(name, values)
            if name == c.GRADE and self.grades:
                values = middles(columns[c.GRADE].tolist(), self.grades)
            batch[name + BIN] = self._binned(name, values)
        for name in self.flags:
            batch[name] = np.array([2 if str(v or "").strip() else 1 for v in columns[name]], dtype=np.int64)
        if self.texts is not None:
            batch[c.TEXT] = self.texts.ids(batch[CLIMB], columns[c.DAY])
        return batch

    def _standardised(self, name: str, values: Array) -> Array:
        """Zero mean, unit variance, 0 where there is none: float32 [n]. The order is the workflow's."""
        mean, std = self.numbers[name]["mean"], self.numbers[name]["std"]
        with np.errstate(invalid="ignore", divide="ignore"):
            shifted = np.log(values + 1) if name == ELAPSED_DAYS else values
            shifted = shifted - (np.nan if mean is None else mean)
            scaled = shifted / std if std > 0 else shifted
        return np.where(np.isnan(scaled), 0, scaled).astype(np.float32)

    def _binned(self, name: str, values: Array) -> Array:
        filled = np.where(np.isnan(values), values.dtype.type(self.not_logged), values)
        return np.digitize(filled, np.array(self.numbers[name]["edges"])).astype(np.int64)


def windows(features: ArrayBatch, lengths: Sequence[int], length: int) -> ArrayBatch:
    """The last `length` sends of each logbook, 0 at the start where it is shorter: [n_logbooks, length] each.

    Parameters
    ----------
    features:
        Of all the sends, the logbooks end to end, [n_sends] each.
    lengths:
        Sends of each logbook, [n_logbooks].
    length:
        Sends in a window.
    """
    ends = np.cumsum(lengths)
    at = ends[:, None] + np.arange(-length, 0)  # [n_logbooks, length]
    real = at >= (ends - np.asarray(lengths))[:, None]
    at = np.where(real, at, 0)
    return {name: np.where(real, values[at], values.dtype.type(0)) for name, values in features.items()}


def _numbers(name: str, columns: Mapping[str, Array], logbooks: Sequence[Logbook]) -> Array:
    """The plain numbers, NaN where there is none; float32 but for ratings, as in the workflow."""
    if name == c.GRADE:
        return ordinals(columns[c.GRADE].tolist()).astype(np.float32)
    if name == c.RATING:
        return columns[c.RATING]
    day = columns[c.DAY]
    elapsed = np.diff(day, prepend=np.nan)
    elapsed[np.cumsum([0, *(len(each) for each in logbooks[:-1])])] = np.nan
    return elapsed.astype(np.float32)


def read_features(path: Path) -> Features:
    """features.json as a bundle holds it.

    Raises
    ------
    RunError
        A constant is missing, or is what it cannot be.
    """
    fields = Fields.read(path)
    vocabularies, numbers = fields.table("vocabularies"), fields.table("numbers")
    for name in (CLIMB, CLIMBER):
        vocabularies.get(name)
    flags = fields.texts("flags", same=False)
    if not set(flags) <= {c.COMMENT, c.BETA}:
        fields.refuse("flags", f"are not all of {c.COMMENT}, {c.BETA}")
    known = {name: vocabularies.texts(name, same=False) for name in vocabularies.names(tuple(COLUMN_OF))}
    n_ids = len(known[CLIMB]) + FIRST_VALUE_ID
    return Features(
        vocabularies=known,
        numbers={name: _constants(numbers.table(name)) for name in numbers.names(_NUMBERS)},
        flags=flags,
        not_logged=fields.number("not_logged"),
        texts=TextStates.read(fields.table("texts"), n_ids) if "texts" in fields else None,
        grades=fields.texts("grades", same=False) if "grades" in fields else (),
    )


def _constants(fields: Fields) -> dict[str, Any]:
    """Mean, deviation and bins of one number."""
    edges = fields.numbers("edges", None, -1e9, 1e9)
    if len(edges) > _MOST_EDGES or any(low >= high for low, high in pairwise(edges)):
        fields.refuse("edges", f"do not rise, or are more than {_MOST_EDGES}")
    mean = None if fields.get("mean") is None else fields.number("mean")
    return {"mean": mean, "std": fields.number("std", 0), "edges": edges}
