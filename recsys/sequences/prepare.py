"""From validated sends to everything a model needs, kept in the run's folder so that it can be had again.

workflow/        the fitted NVTabular workflow: its description with the category files, and its pickle; where
                 texts are read, their pooled vectors (`recsys.sequences.texts`)
schema.pbtxt     the Merlin schema that the model is built from
sends.parquet    the sends, with the part (0 train, 1 validation, 2 test) of each; comments and beta are
                 reduced to whether there were any
climbs.parquet   the catalogue in the order of the model's outputs: id, name, usual grade, region, sends
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys import run_files
from recsys.arrays import Array
from recsys.atomic import atomic_folder, atomic_path
from recsys.errors import DataError
from recsys.sequences.catalogue import catalogue_table, reduced
from recsys.sequences.run_tables import (
    PART,
    StoredSends,
    fitting,
    read_climbs_table,
    read_sends_table,
    whole_climbers,
)
from recsys.sequences.shards import Held, Shards, shard_folder, write_shard
from recsys.sequences.split import TRAIN
from recsys.sequences.store import Sequences
from recsys.sequences.texts import Texts
from workflows import sends as workflow_of

if TYPE_CHECKING:
    from merlin.schema import Schema
    from nvtabular import Workflow

    from recsys.sequences.encoders import Encoder


@dataclass(frozen=True, eq=False)
class Prepared:
    """Sequences, the part of each send in their order (int8 [n_sends]), the catalogue and the workflow.

    Where a training streams, `shards` are what is trained on; sequences, parts and sends (their days alone)
    are of the cases that are asked for (`Shards.asked`), of each part so many at the most as `asked` says.
    """

    sends: pd.DataFrame
    sequences: Sequences
    parts: Array
    climbs: pd.DataFrame
    schema: Schema
    workflow: Workflow
    shards: Shards | None = None
    asked: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_items(self) -> int:
        """Climbs in the catalogue."""
        return len(self.climbs)

    @property
    def popularity(self) -> Array:
        """Training sends of each climb of the catalogue, int64 [n_items]."""
        ids = self.n_items + c.FIRST_VALUE_ID
        if self.shards is not None:
            return self.shards.counts.by_id(ids)[c.FIRST_VALUE_ID :]
        training = self.sequences.features[c.CLIMB][self.parts == TRAIN]
        return np.bincount(training, minlength=ids)[c.FIRST_VALUE_ID :]


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

    Raises
    ------
    RunError
        A file cannot be used, or not with the others.
    """
    with fitting(folder):
        return _read(folder, accelerator, trust)


def _read(folder: Path, accelerator: str, trust: bool) -> Prepared:
    workflow = load_workflow(folder, trust)
    sends = read_sends_table(folder)
    sends[c.ROW] = np.arange(len(sends))  # runs that forgot somebody before this was so kept the old numbers
    held = _held(workflow, sends, Texts.load(folder / run_files.WORKFLOW), accelerator)
    return Prepared(
        sends=sends,
        sequences=held.sequences,
        parts=held.parts,
        climbs=read_climbs_table(folder),
        schema=workflow_of.read_schema(folder / run_files.SCHEMA),
        workflow=workflow,
    )


def load_streamed(
    folder: Path, most: Mapping[str, int], accelerator: str = "auto", scratch: Path | None = None
) -> Prepared:
    """The same for a training that streams: in memory are the cases that are asked for, and their histories.

    Parameters
    ----------
    folder, accelerator:
        As of `load_prepared`; each group of rows of its sends.parquet becomes a part, and where it is no
        whole climbers (`recsys.sequences.ranges`), what lacks of the last one comes from the next.
    most:
        Name of a part to the cases that are asked of it, at the most.
    scratch:
        A folder for the parts on the disk; None: the run's, where a training finds them again.
    """
    with fitting(folder):
        workflow, texts = load_workflow(folder), Texts.load(folder / run_files.WORKFLOW)
        schema = workflow_of.read_schema(folder / run_files.SCHEMA)
    place = scratch or folder
    if not (place / run_files.SHARDS).is_dir():
        with shard_folder(place) as fresh:
            for number, sends in enumerate(whole_climbers(StoredSends(folder).parts())):
                own = sends.reset_index(drop=True).assign(**{c.ROW: np.arange(len(sends))})
                write_shard(_held(workflow, own, texts, accelerator), fresh, number)
    shards = Shards.of(place)
    held = shards.asked(most)
    return Prepared(
        sends=pd.DataFrame({c.DAY: held.days}),
        sequences=replace(held.sequences, texts=texts),
        parts=held.parts,
        climbs=read_climbs_table(folder),
        schema=schema,
        workflow=workflow,
        shards=shards,
        asked=most,
    )


def _held(workflow: Workflow, sends: pd.DataFrame, texts: Texts | None, accelerator: str) -> Held:
    """Sequences of sends whose rows count from 0."""
    sequences = Sequences.from_tables(workflow_of.pieces(workflow, sends, accelerator))
    days = sends[c.DAY].to_numpy(np.float64)[sequences.rows]
    if c.DAY_INDEX in sends:
        sequences = replace(sequences, indices=sends[c.DAY_INDEX].to_numpy()[sequences.rows])
    if texts is not None:
        sequences = sequences.reading(texts, days)
    return Held(sequences, sends[PART].to_numpy()[sequences.rows], days)


def load_workflow(folder: Path, trust: bool = False) -> Workflow:
    """The fitted workflow of a run, from its description (see `workflows.sends.description`)."""
    return workflow_of.load(folder / run_files.WORKFLOW, trust)
