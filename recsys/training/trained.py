"""The backend of a trained run: its method, with the features from the run's own NVTabular workflow."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from recsys import columns as c
from recsys import run_files
from recsys.arrays import Array
from recsys.baselines.embeddings import climb_embeddings
from recsys.columns import ATTRIBUTES, ELAPSED_DAYS, UNKNOWN_ID
from recsys.model.climbers import climber_vectors
from recsys.model.filling import MASKINGS, fill_scores
from recsys.model.prompted_transformer import PromptedTransformer
from recsys.recommending.catalogue import SENDS, STARS, Catalogue
from recsys.recommending.climber_vectors import ClimberVectors, Stored
from recsys.recommending.encoding import encoded, read_part
from recsys.recommending.features import ArrayBatch
from recsys.recommending.hardness import load_skill
from recsys.recommending.logbook import Logbook, numbers_of_days
from recsys.recommending.questions import Question, encode
from recsys.runs import Run
from recsys.sequences.prepare import load_workflow
from recsys.sequences.run_tables import PART, StoredSends, fitting, read_climbs_table, read_sends_table
from recsys.sequences.split import TRAIN
from recsys.sequences.store import Sequences
from recsys.sequences.texts import Texts
from recsys.training.kept import open_method
from workflows import sends as workflow_of

if TYPE_CHECKING:
    from nvtabular import Workflow

_NOBODY = "\0"  # a climber with one send whose every text is unknown


class TrainedRun:
    """A finished run (see `recsys.recommending.backend.Backend`).

    Parameters
    ----------
    run:
        As returned by `Run.open`, which has checked the manifest.
    trust:
        Load NVTabular's pickle where the workflow has no description; it can run any code.
    """

    def __init__(self, run: Run, trust: bool = False) -> None:
        self.run = run
        with fitting(run.folder):
            self._read(run, trust)
            self._try()

    def _read(self, run: Run, trust: bool) -> None:
        """Read every file, of which each may be whole and none fit the others."""
        self.window = run.config.model.length
        self.day: str = run.config.day
        self.facts: object = run.config.facts
        self.attributes: Sequence[str] = ATTRIBUTES
        self.workflow = load_workflow(run.folder, trust)
        self.schema = workflow_of.read_schema(run.folder / run_files.SCHEMA)
        self.texts = Texts.load(run.folder / run_files.WORKFLOW)
        self.has_time = ELAPSED_DAYS in self.schema.column_names
        self.stored = StoredSends(run.folder)
        self.catalogue = catalogue_of(read_climbs_table(run.folder), self.stored.parts())
        self.network, kept = open_method(run, self.schema, len(self.catalogue))
        self.method = kept if self.network is None else replace(kept, network=self._scores)
        self.reads_prompt, self.length = self.method.reads_prompt, self.method.length(self.window)
        self.embeddings = climb_embeddings(self.network, kept.counted)
        self.skill = load_skill(run.folder, len(self.catalogue))
        ids = (part[c.CLIMBER_ID].unique() for part in self.stored.parts([c.CLIMBER_ID]))
        self.climbers: Sequence[str] = [str(each) for each in dict.fromkeys(itertools.chain(*ids))]
        known = workflow_of.vocabulary(run.folder / run_files.WORKFLOW, c.CLIMBER_ID)
        self._codes = {each: index for index, each in enumerate(known)}
        network = self.network
        self.climber_vectors = climber_vectors(network) if isinstance(network, PromptedTransformer) else None
        self._known = frozenset(self.climbers)
        self._people: ClimberVectors | None = None
        if self.climber_vectors is not None:
            self._people = ClimberVectors(
                self.climber_vectors, self.embeddings, self.catalogue, self._known, self._everybody
            )
        self._busy = threading.Lock()  # the model's masking keeps the last batch's padding

    def _try(self) -> None:
        """Score once, so that what the files lack is said when they are read."""
        for sends in itertools.islice(self.stored.parts(), 1 if self.climbers else 0):
            climber = self.climbers[0]
            rows = sends[sends[c.CLIMBER_ID] == climber]
            logbook = logbook_of(rows if self.has_time else rows.drop(columns=c.DAY))
            self.logits(encode([Question(logbook, climber, frozenset())], self))

    def logbook(self, climber: str) -> Logbook | None:
        """A stored logbook, or None."""
        rows = self._rows.get(climber)
        return None if rows is None else self._sends.take(rows)

    @cached_property
    def sends(self) -> pd.DataFrame:
        """Everybody's sends, read when the first is asked for."""
        return read_sends_table(self.run.folder)

    @cached_property
    def _rows(self) -> dict[str, Array]:
        """Indices of each climber's sends, in order."""
        found: dict[str, Array] = self.sends.groupby(c.CLIMBER_ID, sort=False).indices
        return found

    @cached_property
    def _sends(self) -> Logbook:
        """Everybody's sends, of which a climber's logbook is taken: a search in each call took longer."""
        return logbook_of(self.sends if self.has_time else self.sends.drop(columns=c.DAY))  # order is no day

    def reads(self, climber: str | None) -> int:
        """Sends of a climber's logbook that are read (see `Backend`)."""
        if self._people is None or climber in self._known:
            return self.length
        return self._people.reads(int(self._ids([climber])[0]), climber, self.length)

    def encode(self, logbooks: Sequence[Logbook], climbers: Sequence[str | None]) -> ArrayBatch:
        """Windows that end at each logbook's last send (see `Backend`)."""
        ids = self._ids(climbers)
        vectors = None if self._people is None else self._people.of(ids, climbers, logbooks)
        read = read_part(logbooks, self.length)
        return encoded(self.method, self._features(read), read, ids, vectors, self.window)

    def _ids(self, climbers: Sequence[str | None]) -> Array:
        """Ids of climbers, int64 [n]."""
        return np.array([self._codes.get(each or "", UNKNOWN_ID) for each in climbers], dtype=np.int64)

    def _everybody(self) -> Stored:
        """Everybody's logbooks, for whom a newcomer is like."""
        lengths = self.sends.groupby(c.CLIMBER_ID, sort=False).size()
        climbs = pd.Index(self.catalogue.ids).get_indexer(self.sends[c.CLIMB_ID])
        return Stored(self._ids(list(lengths.index)), lengths.to_numpy(), climbs)

    def _features(self, logbooks: Sequence[Logbook]) -> ArrayBatch:
        """Every feature of all the sends, the logbooks end to end, [n_sends] each."""
        frames = [
            pd.DataFrame({**each.columns, c.CLIMBER_ID: f"{index:08d}"}).drop(columns=c.DAY_NUMBER)
            for index, each in enumerate(logbooks)
        ]
        found = features_of(self.workflow, frames, self.run.config.training.accelerator)
        features = {name: _wide(values) for name, values in found.items()}
        if self.texts is not None:
            days = np.concatenate([each.columns[c.DAY] for each in logbooks])
            features[c.TEXT] = self.texts.states.ids(features[c.CLIMB], days)
        return features

    def logits(self, batch: ArrayBatch) -> Array:
        """Scores of every climb whose softmax is its probability, float32 [batch, n_items]."""
        return self.method.logits(batch)

    @torch.inference_mode()
    def _scores(self, batch: ArrayBatch) -> Array:
        """The network's own scores, float32 [batch, n_items]."""
        assert self.network is not None
        tensors = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in batch.items()}
        with self._busy:
            return np.asarray(self.network.next_scores(tensors).float())

    @property
    def fills(self) -> bool:
        """Whether the model was trained to see both sides of a gap (`recsys.recommending.ahead.Filling`)."""
        config = self.run.config
        return config.trains_transformer and config.ensemble is None and config.model.masking in MASKINGS

    def fill(self, batch: ArrayBatch) -> Array:
        """Scores of every climb for the first position of ``hole``, float32 [batch, n_items]."""
        tensors = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in batch.items()}
        model: Any = self.network
        with self._busy:
            return np.asarray(fill_scores(model, tensors).float())


def logbook_of(rows: pd.DataFrame) -> Logbook:
    """Rows of sends.parquet as a logbook."""
    plain = rows.astype(object).where(rows.notna(), None)
    numbers = {name: rows[name].to_numpy(np.float64) for name in (c.RATING, c.DAY) if name in rows}
    if c.DAY_INDEX in rows:  # runs of earlier versions lack it
        numbers[c.DAY_NUMBER] = numbers_of_days(rows[c.DAY_INDEX].to_numpy())
    texts = {n: plain[n].tolist() for n in (c.CLIMB_ID, c.REGION, c.GRADE, c.COMMENT, c.BETA) if n in rows}
    return Logbook.of({**texts, **numbers})


def catalogue_of(climbs: pd.DataFrame, sends: Iterable[pd.DataFrame]) -> Catalogue:
    """The light catalogue of climbs.parquet, with each climb's mean rating in training.

    `sends` are the parts of sends.parquet.
    """
    plain = climbs.astype(object).where(climbs.notna(), None)
    columns = {name: plain[name].tolist() for name in plain.columns}
    columns[SENDS] = climbs["sends"].fillna(0).tolist()
    stars = _mean_rating(climbs[c.CLIMB_ID], sends)
    if stars is not None:
        columns[STARS] = stars.tolist()
    if STARS in climbs:  # of climbs that were added later, as their list has them
        told = climbs[STARS].to_numpy(np.float64)
        columns[STARS] = np.where(np.isnan(told), np.array(columns[STARS], np.float64), told).tolist()
    return Catalogue.from_columns(columns)


def _mean_rating(climbs: pd.Series, parts: Iterable[pd.DataFrame]) -> Array | None:
    """Of each climb, NaN where nobody rated it, float64 [n_climbs]; None where nothing has ratings."""
    found = None
    for sends in parts:
        if c.RATING not in sends:
            continue
        rated = sends[sends[PART] == TRAIN].groupby(c.CLIMB_ID)[c.RATING].agg(["sum", "count"])
        rated = rated.reindex(climbs, fill_value=0).to_numpy(np.float64)  # [n_climbs, 2]
        found = rated if found is None else found + rated
    with np.errstate(invalid="ignore"):
        return None if found is None else np.asarray(found[:, 0] / found[:, 1])


def features_of(workflow: Workflow, frames: Sequence[pd.DataFrame], accelerator: str) -> dict[str, Array]:
    """What a run's workflow makes of sends, in the order given: feature to values, [n_sends].

    Nobody's send stands among them meanwhile: NVTabular fails on columns of nulls alone.
    """
    nobody = pd.DataFrame({c.CLIMB_ID: [_NOBODY], c.REGION: _NOBODY, c.CLIMBER_ID: _NOBODY})
    frame = pd.concat([*frames, nobody], ignore_index=True)
    frame[c.ROW] = np.arange(len(frame))
    sequences = Sequences.from_table(workflow_of.transform(workflow, frame, accelerator))
    index = np.argsort(sequences.rows)[:-1]
    return {name: values[index] for name, values in sequences.features.items()}


def _wide(values: Array) -> Array:
    return values.astype(np.float32 if values.dtype.kind == "f" else np.int64)
