"""A run's workflow with more values, or with fewer.

New ids come after the old ones, which keep theirs; where a value is taken out, those after it move up by one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from recsys.columns import FIRST_VALUE_ID
from recsys.sequences.texts import FILE as TEXTS
from recsys.sequences.texts import kept_in
from recsys.temporaries import temporary_name
from workflows.sends import description
from workflows.sends.frames import quiet

if TYPE_CHECKING:
    from nvtabular import Workflow


def grow_workflow(source: Path, target: Path, added: Mapping[str, Sequence[str]]) -> Workflow:
    """Write the workflow of `source` to `target` with values added to its vocabularies, and return it.

    Parameters
    ----------
    source, target:
        Folders of a saved workflow; `target` is made.
    added:
        Raw column (climb_id, climber_id) to values that it does not hold yet.
    """
    return _rewritten(source, target, added, _appended)


def shrink_workflow(source: Path, target: Path, removed: Mapping[str, Sequence[str]]) -> Workflow:
    """`grow_workflow` the other way: values are taken out of the vocabularies, and their ids with them."""
    return _rewritten(source, target, removed, _without)


def _rewritten(
    source: Path,
    target: Path,
    values: Mapping[str, Sequence[str]],
    change: Callable[[pd.DataFrame, str, Sequence[str]], pd.DataFrame],
) -> Workflow:
    description.read(source)  # one that is lacking is told of the run, and not of a copy
    target.mkdir(parents=True)
    between = temporary_name(target)  # by which what a kill leaves is swept
    try:
        _save_changed(source, between, target, values, change)
    finally:
        shutil.rmtree(between, ignore_errors=True)
    if kept_in(source):  # by ids that stay; new ones have none
        shutil.copy2(source / TEXTS, target / TEXTS)
    return description.load(target)


def _save_changed(
    source: Path,
    between: Path,
    target: Path,
    values: Mapping[str, Sequence[str]],
    change: Callable[[pd.DataFrame, str, Sequence[str]], pd.DataFrame],
) -> None:
    """Save the workflow with other values to `target`; `between` is a folder to change them in."""
    with quiet():
        shutil.copytree(source, between)
        for column, some in values.items():
            path = description.values_file(between, column)
            table = change(pd.read_parquet(path), column, some)
            table.index = pd.RangeIndex(FIRST_VALUE_ID, FIRST_VALUE_ID + len(table))
            table.to_parquet(path, compression=None)
        workflow = description.load(between)
        workflow.save(str(target))
        description.write(workflow, target)


def _appended(table: pd.DataFrame, column: str, values: Sequence[str]) -> pd.DataFrame:
    """A table of values by id with more at its end, of no sends each."""
    more = pd.DataFrame({column: list(values), f"{column}_size": 0}).astype({f"{column}_size": "int64"})
    return pd.concat([table, more], ignore_index=True)


def _without(table: pd.DataFrame, column: str, values: Sequence[str]) -> pd.DataFrame:
    return table[~table[column].astype(str).isin(values)]
