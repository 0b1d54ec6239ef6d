"""``recsys adapt RUN SENDS``: climbers join a run with their logbooks, and get embeddings of their own.

The model is not trained: only the rows of the new climbers are made, in one of four ways
(`recsys.adapting.checks.WAYS`). Old rows stay to the last bit, as do the catalogue, the skill and the parts
by which the run was evaluated.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys import run_files
from recsys.adapting.checks import Way, check_call, check_days, tell_known
from recsys.adapting.folder import adapted
from recsys.adapting.folding import fold_in
from recsys.adapting.growing import fill_climbers, grown_from
from recsys.adapting.same_ids import with_run_ids
from recsys.adapting.vocabulary import grow_workflow
from recsys.console import say
from recsys.errors import DataError
from recsys.model.climbers import climber_table, unknown_climber
from recsys.model.prompted_transformer import item_embeddings
from recsys.model.weights import save_weights
from recsys.recommending.newcomers import Acquaintances, profiles
from recsys.recommending.rerank import unit_rows
from recsys.runs import Run
from recsys.sequences.cases import item_index
from recsys.sequences.catalogue import reduced
from recsys.sequences.days import order_days
from recsys.sequences.prepare import write_schema
from recsys.sequences.run_tables import PART, read_climbs_table, read_sends_table
from recsys.sequences.split import OTHER, TRAIN
from recsys.sequences.store import Sequences
from recsys.training.trained import catalogue_of
from workflows import sends as workflow_of

if TYPE_CHECKING:
    from nvtabular import Workflow

    from recsys.arrays import Array
    from recsys.logbooks.read import Sends
    from recsys.model.prompted_transformer import PromptedTransformer


def add_climbers(run: Run, sends: Sends, output: Path, way: Way = "unknown", overwrite: bool = False) -> int:
    """Write the run with more climbers; returns how many.

    Parameters
    ----------
    run:
        As returned by `Run.open`; stays as it is.
    sends:
        Their logbooks; climbers whom the run has already are left out.
    output:
        The new run's folder.
    way:
        Where an embedding comes from; the default is none of their own, since none was worth more where
        that was measured (``benchmarks/newcomers.py``). "similar", the climbers with like logbooks;
        "fold-in", that, tuned for a few steps with everything else frozen; "encoder", a regression on the
        logbook; "unknown", the learned one of somebody unknown.
    overwrite:
        Replace a folder that has something in it.

    Raises
    ------
    DataError
        The run has all of the climbers already, or the sends have no dates where the run reads days.
    RunError
        The folder is taken, or something of the run cannot be read.
    UsageError
        The run is of another model than the default, there is no such way, the run reads texts and
        is asked to fold in, or `output` is the run itself.
    """
    check_call(run, output, "climbers", way)
    known = read_sends_table(run.folder)
    fresh = _fresh(run, known, sends)
    count = fresh[c.CLIMBER_ID].nunique()
    with adapted(run, output, overwrite, {"climbers": count}) as folder:
        _write(run, known, fresh, folder, way)
    return count


def _fresh(run: Run, known: pd.DataFrame, sends: Sends) -> pd.DataFrame:
    """The sends of climbers who are new, as sends.parquet holds them."""
    check_days(run, sends)
    catalogue = catalogue_of(read_climbs_table(run.folder), [])
    climbers = known[c.CLIMBER_ID].unique().tolist()
    given = with_run_ids(sends.frame, catalogue, climbers)
    frame = given[~given[c.CLIMBER_ID].isin(climbers)]
    there = given[c.CLIMBER_ID].nunique() - frame[c.CLIMBER_ID].nunique()
    if there:
        say(f"{there} climbers are in {run.folder} already, and stay as they are")
    if frame.empty:
        raise DataError("holds no climber whom the run does not have", remedy="give new climbers")
    tell_known(frame[c.CLIMB_ID], catalogue.ids)
    frame = order_days(frame.reset_index(drop=True), run.config.day, run.config.seed)
    frame = reduced(frame.assign(**{c.ROW: len(known) + np.arange(len(frame))}))
    return frame.assign(**{PART: np.int8(OTHER)}).reindex(columns=known.columns)


def _write(run: Run, known: pd.DataFrame, fresh: pd.DataFrame, folder: Path, way: Way) -> None:
    """The artifacts that grow: sends, workflow, schema, weights; and the catalogue as it is."""
    shutil.copy2(run.folder / run_files.CLIMBS, folder / run_files.CLIMBS)
    pd.concat([known, fresh], ignore_index=True).to_parquet(folder / run_files.SENDS, index=False)
    ids = list(dict.fromkeys(fresh[c.CLIMBER_ID]))
    before, after = (each / run_files.WORKFLOW for each in (run.folder, folder))
    workflow = grow_workflow(before, after, {c.CLIMBER_ID: ids})
    write_schema(workflow, folder)
    config = run.config.model
    old, model = grown_from(run.folder, folder, config)
    table = climber_table(model)
    if table is not None:
        new, met = histories(workflow, fresh), histories(workflow, known[known[PART] == TRAIN])
        vectors = embed(old, met, new, np.diff(new.offsets), config.length, way)
        fill_climbers(model, table.num_embeddings - len(ids), vectors)
    save_weights(model, folder)


def histories(workflow: Workflow, sends: pd.DataFrame) -> Sequences:
    """Sends as a run's workflow encodes them, days as they are in the table."""
    frame = sends.assign(**{c.ROW: np.arange(len(sends))}).reset_index(drop=True)
    sequences = Sequences.from_tables(workflow_of.pieces(workflow, frame, "cpu"))
    if c.DAY_INDEX not in frame:
        return sequences
    return replace(sequences, indices=frame[c.DAY_INDEX].to_numpy()[sequences.rows])


def embed(
    model: PromptedTransformer, met: Sequences, new: Sequences, ends: Array, length: int, way: Way
) -> Array:
    """Embeddings of new climbers, float32 [n_new, climber_dim], from the first `ends` sends of each.

    Parameters
    ----------
    model:
        The trained model.
    met:
        Histories of the climbers that it was trained on.
    new:
        Histories of the new ones.
    ends:
        How many sends of each may be read, int64 [n_new].
    length:
        Sends in a window.
    way:
        See `add_climbers`.
    """
    table = climber_table(model)
    assert table is not None, "asked for where there is one"
    if way == "unknown":
        return np.tile(unknown_climber(model), (len(ends), 1))
    units = unit_rows(item_embeddings(model))
    trained = table.weight.detach().numpy()[met.climbers]
    friends = Acquaintances(profiles(units, *_logbooks(met, np.diff(met.offsets))), trained)
    mine = profiles(units, *_logbooks(new, ends))
    if way == "encoder":
        return friends.encoded(mine)
    found = friends.similar(mine)
    return found if way == "similar" else fold_in(model, new, ends, found, length)


def _logbooks(sequences: Sequences, ends: Array) -> tuple[Array, Array]:
    """Indices of each climber's first `ends` climbs in the catalogue, end to end; how many each has."""
    within = np.arange(len(sequences)) - np.repeat(sequences.offsets[:-1], np.diff(sequences.offsets))
    read = within < np.repeat(ends, np.diff(sequences.offsets))
    return item_index(sequences.features[c.CLIMB])[read], ends
