"""A run without some of its climbers: sends, vocabulary, schema, weights, skill, and what was rejected."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys import run_files
from recsys.adapting.growing import drop_climbers
from recsys.adapting.leaving import FACTS, told
from recsys.adapting.reject_rows import without_rows
from recsys.adapting.vocabulary import shrink_workflow
from recsys.manifest import MANIFEST
from recsys.recommending.answering import read_about
from recsys.recommending.card import read_card, write_card
from recsys.recommending.counted import store
from recsys.runs import LOCK, Run
from recsys.sequences.prepare import load_prepared, write_schema
from recsys.sequences.run_tables import PART, read_climbs_table, read_sends_table
from recsys.sequences.split import TRAIN
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


def write_without(run: Run, climbers: Sequence[str], gone: pd.DataFrame, fresh: Path) -> None:
    """Write to `fresh` the run without its climbers; `gone` are their sends."""
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
        without_rows(run.folder / run_files.REJECTS, fresh / run_files.REJECTS, climbers)
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
        method: Any = ROWS[counted.KIND].load()
        left = Interactions.of(load_prepared(fresh, config.training.accelerator))
        store.save(method.without(counted, left), fresh)


def _tell(run: Run, fresh: Path, count: int) -> None:
    """config.json and the card, with how many were forgotten."""
    config = run.config
    before = int(config.facts.get(FACTS, 0))
    config = config.model_copy(update={"facts": {**config.facts, FACTS: before + count}})
    Run(fresh).write_config(config)
    write_card(fresh, told(read_card(run.folder), before, count))
