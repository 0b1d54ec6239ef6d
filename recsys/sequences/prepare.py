"""From validated sends to everything a model needs, kept in the run's folder so that it can be had again.

workflow/        the fitted NVTabular workflow: its description with the category files, and its pickle; where
                 texts are read, their pooled vectors (`recsys.sequences.texts`)
schema.pbtxt     the Merlin schema that the model is built from
sends.parquet    the sends, with the part (0 train, 1 validation, 2 test) of each; comments and beta are
                 reduced to whether there were any
climbs.parquet   the catalogue in the order of the model's outputs: id, name, usual grade, region, sends
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys import run_files
from recsys.arrays import Array
from recsys.errors import DataError
from recsys.files import atomic_folder, atomic_path
from recsys.sequences.split import TRAIN
from recsys.sequences.store import Sequences
from recsys.sequences.texts import Texts
from workflows import sends as workflow_of
from workflows.operators import has_text

if TYPE_CHECKING:
    from merlin.schema import Schema
    from nvtabular import Workflow

    from recsys.sequences.encoders import Encoder

PART = "part"


@dataclass(frozen=True, eq=False)
class Prepared:
    """Sequences, the part of each send in their order (int8 [n_sends]), the catalogue and the workflow."""

    sends: pd.DataFrame
    sequences: Sequences
    parts: Array
    climbs: pd.DataFrame
    schema: Schema
    workflow: Workflow

    @property
    def n_items(self) -> int:
        """Climbs in the catalogue."""
        return len(self.climbs)


def prepare(
    frame: pd.DataFrame,
    parts: Array,
    has_time: bool,
    folder: Path,
    accelerator: str = "auto",
    encoder: Encoder | None = None,
) -> Prepared:
    """Fit the workflow on the training sends, transform all of them, and write the four artifacts.

    Parameters
    ----------
    frame:
        Sorted sends, filtered, ``row`` counting from 0.
    parts:
        Part of each send, int8 [n_sends].
    has_time:
        Whether ``day`` is in days.
    folder:
        The run's folder.
    accelerator:
        "cpu" for pandas even where there is a GPU with cudf.
    encoder:
        Of texts, where they are read.
    """
    training = frame[parts == TRAIN]
    if training.empty:
        raise DataError("no send is left for training", remedy="use more sends or another `split`")
    with atomic_folder(folder / run_files.WORKFLOW, replace=True) as fresh:
        workflow = workflow_of.fit(training, fresh, has_time, accelerator)
        texts = None if encoder is None else _texts(training, fresh, encoder)
        if texts is not None:
            texts.save(fresh)
    write_schema(workflow, folder)
    with atomic_path(folder / run_files.SENDS) as fresh:
        reduced(frame).assign(**{PART: parts}).to_parquet(fresh, index=False)
    with atomic_path(folder / run_files.CLIMBS) as fresh:
        vocabulary = workflow_of.vocabulary(folder / run_files.WORKFLOW, c.CLIMB_ID)
        catalogue_table(training, vocabulary).to_parquet(fresh)
    return load_prepared(folder, accelerator)


def write_schema(workflow: Workflow, folder: Path) -> None:
    """Write schema.pbtxt: Merlin's schema of the sequences that a workflow makes, and of the texts read."""
    schema = workflow_of.model_schema(workflow)
    texts = Texts.load(folder / run_files.WORKFLOW)
    if texts is not None:
        schema += workflow_of.listed(c.TEXT, len(texts.states))
    with atomic_path(folder / run_files.SCHEMA) as fresh:
        fresh.write_text(workflow_of.schema_text(schema))


def _texts(training: pd.DataFrame, workflow: Path, encoder: Encoder) -> Texts | None:
    """The pooled texts of training sends, climbs by the ids of a saved workflow."""
    ids = {climb: index for index, climb in enumerate(workflow_of.vocabulary(workflow, c.CLIMB_ID))}
    climbs = training[c.CLIMB_ID].map(ids).to_numpy(np.int64)
    return Texts.of(training, climbs, max(ids.values()) + 1, encoder)


def load_prepared(folder: Path, accelerator: str = "auto", trust: bool = False) -> Prepared:
    """Read the artifacts that `prepare` wrote and transform the sends again.

    Parameters
    ----------
    folder:
        The run's folder, its manifest checked.
    accelerator:
        "cpu" for pandas even where there is a GPU with cudf.
    trust:
        Load NVTabular's pickle where the workflow has no description; it can run any code.
    """
    workflow = load_workflow(folder, trust)
    sends = pd.read_parquet(folder / run_files.SENDS)
    sends[c.ROW] = np.arange(len(sends))  # runs that forgot somebody before this was so kept the old numbers
    sequences = Sequences.from_tables(workflow_of.pieces(workflow, sends, accelerator))
    if c.DAY_INDEX in sends:
        sequences = replace(sequences, indices=sends[c.DAY_INDEX].to_numpy()[sequences.rows])
    texts = Texts.load(folder / run_files.WORKFLOW)
    if texts is not None:
        sequences = sequences.reading(texts, sends[c.DAY].to_numpy()[sequences.rows])
    return Prepared(
        sends=sends,
        sequences=sequences,
        parts=sends[PART].to_numpy()[sequences.rows],
        climbs=pd.read_parquet(folder / run_files.CLIMBS),
        schema=workflow_of.read_schema(folder / run_files.SCHEMA),
        workflow=workflow,
    )


def load_workflow(folder: Path, trust: bool = False) -> Workflow:
    """The fitted workflow of a run, from its description (see `workflows.sends.description`)."""
    return workflow_of.load(folder / run_files.WORKFLOW, trust)


def reduced(frame: pd.DataFrame) -> pd.DataFrame:
    """The workflow's columns; of the texts only whether there was one."""
    kept = frame[[name for name in (*workflow_of.INPUTS, c.DAY_INDEX) if name in frame]].copy()
    for name in (c.COMMENT, c.BETA):
        if name in kept:
            kept[name] = has_text(kept[name]).map({True: "yes", False: None})
    return kept


def catalogue_table(training: pd.DataFrame, vocabulary: list[str]) -> pd.DataFrame:
    """One row a climb, in the order of the category ids, with what most of its sends say of it."""
    ids = pd.Index(vocabulary[c.FIRST_VALUE_ID :], name=c.CLIMB_ID)
    table: dict[str, Any] = {"sends": training[c.CLIMB_ID].value_counts()}
    for name in (c.CLIMB_NAME, c.GRADE, c.REGION, c.AREA, c.STYLE):
        if name in training and training[name].notna().any():
            table[name] = _usual(training, name)
    return pd.DataFrame(table).reindex(ids).reset_index()


def _usual(training: pd.DataFrame, name: str) -> pd.Series:
    """The most frequent value of a column for each climb; of equals, the first in order."""
    counts = training.groupby([c.CLIMB_ID, name], sort=True).size().rename("n").reset_index()
    best = counts.sort_values("n", ascending=False, kind="stable").drop_duplicates(c.CLIMB_ID)
    return best.set_index(c.CLIMB_ID)[name]
