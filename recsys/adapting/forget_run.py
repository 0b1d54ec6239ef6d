"""A run without some of its climbers: sends, vocabulary, schema, weights, skill, and what was rejected."""

from __future__ import annotations

import contextlib
import csv
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys import run_files
from recsys.adapting.growing import drop_climbers
from recsys.adapting.leaving import FACTS, POOLED, check_climbers, rewritten, told
from recsys.adapting.vocabulary import shrink_workflow
from recsys.console import progress
from recsys.errors import UsageError
from recsys.exporting.keep import keep_bundle
from recsys.files import MANIFEST
from recsys.recommending.answering import read_about
from recsys.recommending.counted import store
from recsys.runs import LOCK, Run
from recsys.sequences.prepare import load_prepared, write_schema
from recsys.sequences.run_tables import PART, read_climbs_table, read_sends_table
from recsys.sequences.split import TRAIN
from recsys.sequences.texts import kept_in
from recsys.spreadsheet import restored
from recsys.training.skill import fit_skill
from workflows import sends as workflow_of

if TYPE_CHECKING:
    from merlin.schema import Schema

_SENDS: Final = (run_files.SENDS, run_files.SIMULATED)
_MADE_ANEW: Final = (
    *_SENDS,
    run_files.REJECTS,
    run_files.WORKFLOW,
    run_files.SCHEMA,
    run_files.CLIMBS,
    run_files.SKILL,
    MANIFEST,
)
_ANY_BYTES: Final[dict[str, Any]] = {"encoding": "utf-8", "errors": "surrogateescape"}
_DELIMITERS: Final = re.compile(r"[,;\t|]")
# A checkpoint holds every embedding, and so do the weights that a training began with.
_LEFT_OUT: Final = (
    run_files.CHECKPOINTS,
    run_files.START,
    run_files.SHARDS,
    run_files.BUNDLE,
    LOCK,
    ".tmp-*",
    ".old-*",
)


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
            _write(run, climbers, gone, fresh)
            if kept:
                with progress("exporting the bundle"):
                    keep_bundle(Run.open(fresh), (output or folder).name)
    return len(gone)


def _write(run: Run, climbers: Sequence[str], gone: pd.DataFrame, fresh: Path) -> None:
    ignored = shutil.ignore_patterns(*_LEFT_OUT)
    shutil.copytree(run.folder, fresh, symlinks=True, dirs_exist_ok=True, ignore=lambda parent, names: (
        {*ignored(parent, names), *(_MADE_ANEW if Path(parent) == run.folder else ())}
    ))  # fmt: skip
    for name in _SENDS:
        if (run.folder / name).is_file():
            table = pd.read_parquet(run.folder / name)
            left = table[~table[c.CLIMBER_ID].astype(str).isin(climbers)]
            left = left.assign(**{c.ROW: np.arange(len(left))}) if c.ROW in left else left  # counts the rows
            left.to_parquet(fresh / name, index=False)
    if (run.folder / run_files.REJECTS).is_file():
        _without_rows(run.folder / run_files.REJECTS, fresh / run_files.REJECTS, climbers)
    climbs = read_climbs_table(run.folder)
    counted = gone.loc[gone[PART] == TRAIN, c.CLIMB_ID].value_counts()
    climbs["sends"] -= climbs[c.CLIMB_ID].map(counted).fillna(0).astype(climbs["sends"].dtype)
    climbs.to_parquet(fresh / run_files.CLIMBS)
    _write_model(run, climbers, fresh)
    _write_counts(run, len(climbs), fresh)
    fit_skill(read_sends_table(fresh), climbs).save(fresh / run_files.SKILL)
    _tell(run, fresh, len(climbers))
    Run(fresh).write_manifest(trained=True)


def _write_model(run: Run, climbers: Sequence[str], fresh: Path) -> None:
    """The workflow and the schema without the climbers' ids, the network without their rows."""
    before, after = (each / run_files.WORKFLOW for each in (run.folder, fresh))
    vocabulary = workflow_of.vocabulary(before, c.CLIMBER_ID)
    rows = [vocabulary.index(each) for each in climbers if each in vocabulary]
    workflow = shrink_workflow(before, after, {c.CLIMBER_ID: climbers})
    write_schema(workflow, fresh)
    if rows and read_about(run.folder).network:
        _write_network(run, rows, workflow_of.read_schema(fresh / run_files.SCHEMA), fresh)


def _write_network(run: Run, rows: list[int], schema: Schema, fresh: Path) -> None:
    from recsys.model.weights import save_weights
    from recsys.training.kept import load_network
    from recsys.training.methods import settings_of

    config = run.config
    old = load_network(run, workflow_of.read_schema(run.folder / run_files.SCHEMA))
    settings: Any = settings_of(config)
    new = settings.build(schema, config.model.length)
    drop_climbers(old, new, rows)
    save_weights(new, fresh)


def _write_counts(run: Run, n_climbs: int, fresh: Path) -> None:
    """Of what was counted by keeping the sends, those that are left; other counts stay as they are copied."""
    from recsys.baselines.interactions import Interactions
    from recsys.baselines.rows import ROWS

    config, about = run.config, read_about(run.folder)
    if about.counted is None:
        return
    counted = store.load(run.folder, about.counted, n_climbs, fewer=about.network)
    if counted.KEEPS_SENDS:
        method: Any = ROWS[config.ensemble or config.method].load()
        left = Interactions.of(load_prepared(fresh, config.training.accelerator))
        store.save(method.without(counted, left), fresh)


def _without_rows(source: Path, target: Path, climbers: Sequence[str]) -> None:
    """A CSV file without the rows that name one of the ids.

    A cell is an id as `recsys.spreadsheet.inert` writes it, or holds a whole row of a file that could not be
    parted: what any delimiter parts of it is looked at. A damaged byte stays what it is.
    """
    named = set(climbers)
    with (
        source.open(newline="", **_ANY_BYTES) as old,
        target.open("w", newline="", **_ANY_BYTES) as new,
        _long_cells(),
    ):
        csv.writer(new).writerows(row for row in csv.reader(old) if named.isdisjoint(_named_in(row)))


def _elsewhere(folder: Path, climbers: set[str]) -> set[str]:
    """Those of the climbers, none of whom has a send in the run, that another of its files has rows of."""
    found = set[str]()
    if climbers and (folder / run_files.SIMULATED).is_file():
        made_up = pd.read_parquet(folder / run_files.SIMULATED, columns=[c.CLIMBER_ID])
        found |= climbers.intersection(made_up[c.CLIMBER_ID].astype(str))
    if climbers and (folder / run_files.REJECTS).is_file():
        with (folder / run_files.REJECTS).open(newline="", **_ANY_BYTES) as file, _long_cells():
            rows = csv.reader(file)
            header = next(rows, [])
            for row in rows:
                found |= climbers.intersection(_named_in(_climber_of(row, header)))
    return found


def _climber_of(row: Sequence[str], header: Sequence[str]) -> Sequence[str]:
    """The cell with the climber's id; all that were read of a row where another name or none tells it."""
    if c.CLIMBER_ID in header and len(row) == len(header):
        return [row[header.index(c.CLIMBER_ID)]]
    return row[2:]  # after its number and the reasons


def _named_in(row: Sequence[str]) -> Iterator[str]:
    """What the cells of a row may name."""
    for cell in row:
        for part in (cell, *_DELIMITERS.split(cell)):
            plain = part.strip()
            yield from (plain, restored(plain), plain.strip("\"'").strip())


@contextlib.contextmanager
def _long_cells() -> Iterator[None]:
    """Let a cell be as long as a reject's line may have been."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _tell(run: Run, fresh: Path, count: int) -> None:
    """config.json and the card, with how many were forgotten."""
    config = run.config
    before = int(config.facts.get(FACTS, 0))
    config = config.model_copy(update={"facts": {**config.facts, FACTS: before + count}})
    Run(fresh).write_config(config)
    (fresh / run_files.CARD).write_text(told(run.folder / run_files.CARD, before, count), encoding="utf-8")
