"""Climbers leave a run: whether they can is told before Merlin is imported, by `forget_write`."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from recsys import columns as c
from recsys import run_files
from recsys.adapting.leaving import POOLED, check_climbers, rewritten
from recsys.adapting.reject_rows import named_in
from recsys.console import progress
from recsys.errors import UsageError
from recsys.runs import Run
from recsys.sequences.run_tables import read_sends_table
from recsys.sequences.texts import kept_in


def forget_in_run(folder: Path, climbers: Sequence[str], output: Path | None) -> int:
    """`recsys.adapting.forgetting.forget` of a run; its bundle is made anew, its checkpoints are removed."""
    run = Run.open(folder)
    if kept_in(folder / run_files.WORKFLOW):
        raise UsageError(f"{folder}: {POOLED}")
    kept = (folder / run_files.BUNDLE).is_dir()
    with run.lock() if output is None else contextlib.nullcontext():
        known = read_sends_table(folder)
        ids = known[c.CLIMBER_ID].unique().tolist()
        check_climbers(folder, climbers, ids, _elsewhere(folder, set(climbers).difference(ids)))
        gone = known[known[c.CLIMBER_ID].isin(climbers)]
        with rewritten(folder, output) as fresh:
            with progress("importing Transformers4Rec"):
                from recsys.adapting.forget_write import write_without
                from recsys.exporting.keep import keep_bundle
            write_without(run, climbers, gone, fresh)
            if kept:
                with progress("exporting the bundle"):
                    keep_bundle(Run.open(fresh), (output or folder).name)
    return len(gone)


def _elsewhere(folder: Path, climbers: set[str]) -> set[str]:
    """Those of the climbers, none of whom has a send in the run, that another of its files has rows of."""
    found = set[str]()
    if climbers and (folder / run_files.SIMULATED).is_file():
        made_up = pd.read_parquet(folder / run_files.SIMULATED, columns=[c.CLIMBER_ID])
        found |= climbers.intersection(made_up[c.CLIMBER_ID].astype(str))
    if climbers and (folder / run_files.REJECTS).is_file():
        found |= named_in(folder / run_files.REJECTS, climbers)
    return found
