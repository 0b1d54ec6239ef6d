"""A run's workflow with more values: new ids come after the old ones, which keep theirs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from recsys.columns import FIRST_VALUE_ID
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
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".tmp-") as scratch, quiet():
        between = Path(scratch) / "workflow"
        shutil.copytree(source, between)
        for column, values in added.items():
            _append(description.values_file(between, column), column, values)
        workflow = description.load(between)
        workflow.save(str(target))
    description.write(workflow, target)
    return description.load(target)


def _append(path: Path, column: str, values: Sequence[str]) -> None:
    """Values at the end of a file of values by id, of no sends each."""
    table = pd.read_parquet(path)
    more = pd.DataFrame({column: list(values), f"{column}_size": 0}).astype({f"{column}_size": "int64"})
    grown = pd.concat([table, more], ignore_index=True)
    grown.index = pd.RangeIndex(FIRST_VALUE_ID, FIRST_VALUE_ID + len(grown))
    grown.to_parquet(path, compression=None)
