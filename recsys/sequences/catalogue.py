"""What a run keeps of its sends: their columns that are read again, and a table of the climbs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from recsys import columns as c
from workflows import sends as workflow_of
from workflows.operators import has_text

_ATTRIBUTES: Final = (c.CLIMB_NAME, c.GRADE, c.REGION, c.AREA, c.STYLE, c.CLIMB_TYPE)


def reduced(frame: pd.DataFrame) -> pd.DataFrame:
    """The workflow's columns; of the texts only whether there was one."""
    kept = frame[[name for name in (*workflow_of.INPUTS, c.DAY_INDEX) if name in frame]].copy()
    for name in (c.COMMENT, c.BETA):
        if name in kept:
            kept[name] = has_text(kept[name]).map({True: "yes", False: None})
    return kept


def catalogue_table(training: pd.DataFrame, vocabulary: list[str]) -> pd.DataFrame:
    """One row a climb, in the order of the category ids, with what most of its sends say of it."""
    return catalogue_of(attribute_counts(training), vocabulary)


def attribute_counts(training: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Sends of each climb under `CLIMB_ID`, and by attribute of each climb and value, in order, as ``n``."""
    names = [name for name in _ATTRIBUTES if name in training and training[name].notna().any()]
    keys = [[c.CLIMB_ID], *([c.CLIMB_ID, name] for name in names)]
    return {each[-1]: training.groupby(each, sort=True).size().rename("n").reset_index() for each in keys}


def catalogue_of(counts: Mapping[str, pd.DataFrame], vocabulary: list[str]) -> pd.DataFrame:
    """`catalogue_table` of what was counted."""
    ids = pd.Index(vocabulary[c.FIRST_VALUE_ID :], name=c.CLIMB_ID)
    table: dict[str, Any] = {"sends": counts[c.CLIMB_ID].set_index(c.CLIMB_ID)["n"]}
    table |= {name: _usual(counts[name], name) for name in _ATTRIBUTES if _tells(counts, name)}
    return pd.DataFrame(table).reindex(ids).reset_index()


def _tells(counts: Mapping[str, pd.DataFrame], name: str) -> bool:
    """Whether an attribute is kept: a type that all climbs have, as of boulders alone, tells nothing."""
    return name in counts and (name != c.CLIMB_TYPE or counts[name][name].nunique() > 1)


def _usual(counts: pd.DataFrame, name: str) -> pd.Series:
    """The most frequent value of a column for each climb; of equals, the first in order."""
    best = counts.sort_values("n", ascending=False, kind="stable").drop_duplicates(c.CLIMB_ID)
    return best.set_index(c.CLIMB_ID)[name]
