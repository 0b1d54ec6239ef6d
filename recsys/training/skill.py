"""Skill from a run's training sends."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys.logbooks.grades import ordinals
from recsys.sequences.run_tables import PART, StoredSends
from recsys.sequences.split import TRAIN
from recsys.skill.model import Skill

MOST: Final = 2_000_000  # sends that skill is learnt from
_READ: Final = (c.CLIMBER_ID, c.CLIMB_ID, c.DAY, c.GRADE, PART)


def fit_skill(sends: pd.DataFrame, climbs: pd.DataFrame) -> Skill:
    """Skill from the training part of a run's sends and its catalogue, in the catalogue's order.

    Parameters
    ----------
    sends, climbs:
        sends.parquet and climbs.parquet.
    """
    usual = ordinals(_column(climbs, c.GRADE))
    training = sends[sends[PART] == TRAIN] if PART in sends else sends
    indices = pd.Index(climbs[c.CLIMB_ID]).get_indexer(training[c.CLIMB_ID])
    training, indices = training[indices >= 0], indices[indices >= 0]
    return Skill.fit(
        pd.factorize(training[c.CLIMBER_ID])[0].astype(np.int64),
        training[c.DAY].to_numpy(np.float64) if c.DAY in training else np.full(len(training), np.nan),
        indices.astype(np.int64),
        ordinals(_column(training, c.GRADE)),
        usual,
    )


def skill_sends(folder: Path, held: pd.DataFrame | None = None, most: int = MOST) -> pd.DataFrame:
    """The sends of a run that skill is learnt from: all, or of so many the histories of every n-th climber.

    Parameters
    ----------
    folder:
        The run's folder, whose sends.parquet is read, a group of rows at a time.
    held:
        All sends of the run, where they are in memory: these are taken instead.
    most:
        Sends, about.
    """
    if held is not None:
        return _every(held[[name for name in _READ if name in held]], -(-len(held) // most))
    stored = StoredSends(folder)
    every = -(-len(stored) // most)
    return pd.concat([_every(part, every) for part in stored.parts(_READ)], ignore_index=True)


def _every(sends: pd.DataFrame, every: int) -> pd.DataFrame:
    """The sends of every so many climbers, the first included."""
    return sends if every <= 1 else sends[pd.factorize(sends[c.CLIMBER_ID])[0] % every == 0]


def _column(table: pd.DataFrame, name: str) -> list[object]:
    values = table[name] if name in table else pd.Series([None] * len(table))
    return values.astype(object).where(values.notna(), None).tolist()
