"""Comments and beta as vectors, pooled over the earlier sends of a climb.

Every text of a training send is encoded (`recsys.sequences.encoders`); what varies most among them is kept
(principal components). For each climb and each day on which somebody wrote of it there is one vector, the sum
of all its texts up to that day over their number and one more, which draws few texts towards the mean of all:
frozen, as the text features of UniSRec (Hou et al. 2022), whose text is the item's description and whole at
all times. Here it grows, and a send reads what was there on the day before (`TextStates`). The texts of other
sends than training's are read by nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from recsys import columns as c
from recsys.atomic import atomic_path
from recsys.recommending.stored import read_arrays
from recsys.recommending.text_states import TextStates

if TYPE_CHECKING:
    import pandas as pd

    from recsys.arrays import Array
    from recsys.sequences.encoders import Encoder

FILE: Final = "texts.npz"  # in the workflow's folder
WIDTH: Final = 32  # components that are kept
_KINDS: Final = {"offsets": ("int64", 1), "days": ("int64", 1), "vectors": ("float32", 2)}
_LATER: Final = {"mean": ("float64", 1), "axes": ("float64", 2)}
COLUMNS: Final = (c.COMMENT, c.BETA)


def kept_in(folder: Path) -> bool:
    """Whether a workflow's folder holds texts: those of its climbers were pooled once for all."""
    return (folder / FILE).is_file()


@dataclass(frozen=True, eq=False)
class Texts:
    """The pools of a run.

    Attributes
    ----------
    states:
        Which state a send reads.
    vectors:
        Of state i, numbered from 1, row i - 1: float32 [n_states, WIDTH].
    components:
        What texts are brought to; None in runs of earlier versions, which did not keep it.
    """

    states: TextStates
    vectors: Array
    components: Components | None = None

    @classmethod
    def of(cls, training: pd.DataFrame, climbs: Array, n_ids: int, encoder: Encoder) -> Texts | None:
        """Of training sends; None where they hold no text.

        Parameters
        ----------
        training:
            Sends with `DAY`, comments and beta.
        climbs:
            Id of each send's climb, int64 [n_sends].
        n_ids:
            Ids that there are.
        encoder:
            Makes vectors of the texts, each distinct one once.
        """
        row, text = written(training)
        if not len(row):
            return None
        distinct, which = np.unique(text.astype(str), return_inverse=True)
        encoded = encoder(distinct.tolist())
        components = Components.of(encoded, np.bincount(which))
        days = np.floor(training[c.DAY].to_numpy(np.float64)).astype(np.int64)
        return cls(*pooled(climbs[row], days[row], components(encoded)[which], n_ids), components)

    def save(self, folder: Path) -> None:
        """Write them to a workflow's folder."""
        arrays = {"offsets": self.states.offsets, "days": self.states.days, "vectors": self.vectors}
        if self.components is not None:
            arrays |= {"mean": self.components.mean, "axes": self.components.axes}
        with atomic_path(folder / FILE) as fresh, fresh.open("wb") as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, folder: Path) -> Texts | None:
        """Those of a workflow's folder, whose manifest was checked; None where it has none.

        Raises RunError where the file is damaged, or something else.
        """
        if not kept_in(folder):
            return None
        arrays = read_arrays(folder / FILE, _KINDS, _LATER)
        components = Components(arrays["mean"], arrays["axes"]) if arrays.keys() >= _LATER.keys() else None
        return cls(TextStates(arrays["offsets"], arrays["days"]), arrays["vectors"], components)

    @property
    def table(self) -> Array:
        """The vectors by state, zeros for 0: float32 [n_states + 1, WIDTH]."""
        return np.concatenate([np.zeros((1, WIDTH), np.float32), self.vectors])

    @property
    def of_climbs(self) -> Array:
        """All that was written of each climb, zeros where nothing was: float32 [n_ids, WIDTH]."""
        ends = self.states.offsets[1:]
        return self.table[np.where(ends > self.states.offsets[:-1], ends, 0)]


def written(sends: pd.DataFrame) -> tuple[Array, Array]:
    """Every text that is not blank: the index of its send, int64 [n_texts], and itself, object [n_texts]."""
    rows, texts = [], []
    for name in COLUMNS:
        if name in sends:
            values = sends[name].fillna("").astype(str).str.strip().to_numpy(object)
            rows.append(np.flatnonzero(values != ""))
            texts.append(values[rows[-1]])
    if not rows:
        return np.empty(0, np.int64), np.empty(0, object)
    return np.concatenate(rows), np.concatenate(texts)


@dataclass(frozen=True, eq=False)
class Components:
    """The `WIDTH` principal components of a run's texts, in which these have mean 0 and mean square length 1.

    Attributes
    ----------
    mean:
        Of the encoded texts, float64 [dimension].
    axes:
        float64 [dimension, WIDTH]; zeros in what there is less of.
    """

    mean: Array
    axes: Array

    @classmethod
    def of(cls, vectors: Array, counts: Array) -> Components:
        """Those of distinct texts.

        Parameters
        ----------
        vectors:
            As encoded, [n, dimension].
        counts:
            How often each was written, [n].
        """
        share = counts / counts.sum()
        mean = (share @ vectors).astype(np.float64)
        centred = vectors - mean
        _, axes = np.linalg.eigh((centred * share[:, None]).T @ centred)  # the smallest first
        axes = axes[:, ::-1][:, :WIDTH]
        axes = axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])])  # one of two directions
        length = np.sqrt(share @ ((centred @ axes) ** 2).sum(1))
        axes = np.pad(axes, ((0, 0), (0, WIDTH - axes.shape[1])))
        return cls(mean, axes / length if length > 0 else axes)

    def __call__(self, vectors: Array) -> Array:
        """Encoded texts, [n, dimension], in the components: float32 [n, WIDTH]."""
        return ((vectors - self.mean) @ self.axes).astype(np.float32)


def pooled(climbs: Array, days: Array, vectors: Array, n_ids: int) -> tuple[TextStates, Array]:
    """A state for each climb and day with a text: the sum up to that day over the number of texts and one.

    Parameters
    ----------
    climbs, days:
        Of each text, int64 [n_texts].
    vectors:
        Of each text, float32 [n_texts, WIDTH].
    n_ids:
        Ids of climbs.
    """
    order = np.lexsort((days, climbs))
    climbs, days = climbs[order], days[order]
    running = vectors[order].astype(np.float64).cumsum(0)
    last = np.append((np.diff(climbs) != 0) | (np.diff(days) != 0), True)  # of its climb and day
    first = np.flatnonzero(np.diff(climbs, prepend=-1) != 0)  # text of each climb
    climb = np.repeat(np.arange(len(first)), np.diff(first, append=len(climbs)))
    before = np.concatenate([np.zeros((1, running.shape[1])), running])[first][climb]
    number = np.arange(1, len(climbs) + 1) - first[climb]
    means = (running - before) / (number[:, None] + 1)
    counts = np.bincount(climbs[last], minlength=n_ids)
    states = TextStates(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), days[last].astype(np.int64)
    )
    return states, means[last].astype(np.float32)
